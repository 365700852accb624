#include "app/output_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/strict_json.h"
#include "record/run_files.h"

namespace mnist_bench {
namespace {

/// The file that is written for `file`: what a link leads to, there or not.
std::filesystem::path target_of(const std::string& file) {
  constexpr int kMostLinks = 40;  // as the kernel follows; a link to itself cannot be written
  std::filesystem::path path = file;
  for (int links = 0; links < kMostLinks && std::filesystem::is_symlink(path); ++links) {
    // An absolute target replaces the folder.
    path = path.parent_path() / std::filesystem::read_symlink(path);
  }
  return path;
}

void refuse_file_of_run(const std::string& file) {
  const std::filesystem::path target = target_of(file);
  for (const std::filesystem::path& path : {std::filesystem::path(file), target}) {
    const auto run = run_that_owns(path);
    if (!run) continue;
    throw Error(ExitCode::usage,
                fmt::format("cannot write {}: {} belongs to the run in {}", file,
                            path == file ? "it" : path.string(), run->string()),
                "name another file with -o");
  }
}

/// A config or a sweep is JSON, too, and its name is quickly typed in place of a report's. What the
/// program writes says by its schema what it is.
void refuse_foreign_json(const std::filesystem::path& file) {
  constexpr std::size_t kMostBytes = 1 << 20;  // no config is larger
  if (file.extension() != ".json" || !std::filesystem::is_regular_file(file)) return;
  try {
    const nlohmann::json json =
        parse_strict_json(read_file(file, kMostBytes, ExitCode::io), file.string());
    if (!json.is_object() || json.empty() || json.contains("schema")) return;
  } catch (const Error&) {
    return;  // no JSON, or too long
  }
  throw Error(
      ExitCode::usage,
      fmt::format("cannot write {}: it is there, and no output of mnist-bench, as it has no "
                  "key schema",
                  file.string()),
      "name another file with -o, or remove it first");
}

}  // namespace

void check_output_files(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    if (std::count(files.begin(), files.end(), file) > 1) {
      throw Error(ExitCode::usage, fmt::format("{} is named twice with -o", file));
    }
    refuse_file_of_run(file);
    const std::filesystem::path path = file;
    if (std::filesystem::is_directory(path)) {
      throw Error(ExitCode::io, fmt::format("cannot write {}: it is a folder", file));
    }
    if (std::filesystem::exists(path) && !std::filesystem::is_regular_file(path)) {
      throw Error(ExitCode::io, fmt::format("cannot write {}: it is a special file", file),
                  "name a regular file with -o");
    }
    refuse_foreign_json(path);
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
  write_file_atomically(target_of(file), bytes);
}

}  // namespace mnist_bench
