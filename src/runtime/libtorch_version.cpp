#include "runtime/libtorch_version.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "runtime/build_info.h"

namespace mnist_bench {
namespace {

using BuildOptions = std::map<std::string, std::string>;

}  // namespace

std::optional<LoadedLibtorch> loaded_libtorch() {
  // `const std::map<std::string, std::string>& caffe2::GetBuildOptions()`, in libtorch_cpu.so since
  // before 2.6. Looked up by name, since calling a missing function would end the process. Not
  // at::show_config(), which asks about CUDA devices too early.
  void* found = dlsym(RTLD_DEFAULT, "_ZN6caffe215GetBuildOptionsB5cxx11Ev");
  if (found == nullptr) return std::nullopt;
  const BuildOptions& options = reinterpret_cast<const BuildOptions& (*)()>(found)();
  const auto version = options.find("TORCH_VERSION");
  if (version == options.end()) return std::nullopt;
  Dl_info owner{};
  const bool known = dladdr(found, &owner) != 0 && owner.dli_fname != nullptr;
  return LoadedLibtorch{.version = version->second,
                        .file = known ? owner.dli_fname : "an unknown library"};
}

void require_libtorch_of_the_build() {
  const std::string wanted = build_info().libtorch;
  const std::optional<LoadedLibtorch> loaded = loaded_libtorch();
  if (loaded && loaded->version == wanted) return;
  throw Error(ExitCode::usage,
              fmt::format("built with LibTorch {} and started with {}", wanted,
                          loaded ? fmt::format("LibTorch {} ({})", loaded->version, loaded->file)
                                 : "a LibTorch that does not say its version"),
              fmt::format("start it with LibTorch {} (is LD_LIBRARY_PATH or LD_PRELOAD set?), or "
                          "build it with the other: MNIST_BENCH_LIBTORCH=FOLDER scripts/setup, "
                          "cmake --preset release -DCMAKE_PREFIX_PATH=FOLDER",
                          wanted));
}

}  // namespace mnist_bench
