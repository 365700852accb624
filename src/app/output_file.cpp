#include "app/output_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"

namespace mnist_bench {

void check_output_files(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (std::count(files.begin(), files.end(), file) > 1) {
      throw Error(ExitCode::usage, fmt::format("{} is named twice with -o", file));
    }
    const std::filesystem::path path = file;
    if (std::filesystem::is_directory(path)) {
      throw Error(ExitCode::io, fmt::format("cannot write {}: it is a folder", file));
    }
    if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path)) {
      throw Error(ExitCode::io, fmt::format("cannot write {}: it is a special file", file),
                  "name a regular file with -o");
    }
    const std::filesystem::path folder = path.parent_path();
    if (folder.empty() || std::filesystem::is_directory(folder)) continue;
    if (std::filesystem::exists(folder)) {
      throw Error(ExitCode::io,
                  fmt::format("cannot write {}: {} is not a folder", file, folder.string()));
    }
    throw Error(ExitCode::io,
                fmt::format("cannot write {}: there is no folder {}", file, folder.string()),
                fmt::format("mkdir -p {}", folder.string()));
  }
}

void write_output_file(const std::string& file, std::string_view bytes) {
  constexpr int kMostLinks = 40;  // as the kernel follows; a link to itself is an error below
  std::filesystem::path path = file;
  for (int links = 0; links < kMostLinks && std::filesystem::is_symlink(path); ++links) {
    // An absolute target replaces the folder.
    path = path.parent_path() / std::filesystem::read_symlink(path);
  }
  write_file_atomically(path, bytes);
}

}  // namespace mnist_bench
