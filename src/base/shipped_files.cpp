#include "base/shipped_files.h"

#include <cstdlib>
#include <system_error>

#include "base/error.h"

namespace mnist_bench {
namespace {

constexpr const char* kVariable = "MNIST_BENCH_DATA";

}  // namespace

std::vector<std::filesystem::path> shipped_folders() {
  std::vector<std::filesystem::path> folders;
  std::error_code error;
  const std::filesystem::path executable = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const std::filesystem::path folder = executable.parent_path();
    folders.push_back(folder.parent_path() / "share" / "mnist-bench");
    folders.push_back(folder / "share" / "mnist-bench");
  }
  if (const char* named = std::getenv(kVariable); named != nullptr) {
    if (*named == '\0') {
      throw Error(ExitCode::usage, std::string(kVariable) + " is empty",
                  "name a folder that holds configs/ and mnist/, or unset it");
    }
    folders.emplace_back(named);
  }
  return folders;
}

std::optional<std::filesystem::path> find_shipped(std::string_view name) {
  for (const std::filesystem::path& folder : shipped_folders()) {
    std::error_code error;
    std::filesystem::path found = std::filesystem::canonical(folder / name, error);
    if (!error && std::filesystem::is_directory(found, error)) return found;
  }
  return std::nullopt;
}

}  // namespace mnist_bench
