#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// Where the shipped folders `configs` and `mnist` are searched, in this order:
/// ../share/mnist-bench from the executable (installed), share/mnist-bench (in a build folder), and
/// the folder that the environment variable MNIST_BENCH_DATA names. Throws Error(usage) where that
/// is set and empty.
std::vector<std::filesystem::path> shipped_folders();

/// The shipped folder `name`, symbolic links resolved; absent where no shipped folder has it.
std::optional<std::filesystem::path> find_shipped(std::string_view name);

}  // namespace mnist_bench
