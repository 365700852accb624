#pragma once

#include <optional>
#include <string>

namespace mnist_bench {

/// The LibTorch that this process has loaded.
struct LoadedLibtorch {
  std::string version;  ///< as "2.15.0"
  std::string file;     ///< the library that says so
};

/// Asks LibTorch itself; nothing if the loaded library does not export its version, which every
/// LibTorch that this program can be built with does.
std::optional<LoadedLibtorch> loaded_libtorch();

/// Throws Error(usage), naming both, unless the LibTorch that is loaded has the version that this
/// program was compiled for. Its C++ interface changes with every version, and functions are bound
/// when they are first called: another one would end the process somewhere in the middle. Call it
/// before anything else of LibTorch.
void require_libtorch_of_the_build();

}  // namespace mnist_bench
