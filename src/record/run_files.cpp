#include "record/run_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string_view>
#include <system_error>

#include "base/files.h"
#include "record/evaluation.h"
#include "record/read_result.h"
#include "record/stored_files.h"

namespace mnist_bench {
namespace {

/// Whether there is a file of a run. An empty log does not count: locking a folder creates it.
bool holds_file(const std::filesystem::path& folder, const char* name) {
  const auto status = std::filesystem::symlink_status(folder / name);
  if (!std::filesystem::exists(status)) return false;
  return name != std::string_view(kLogFile) || !std::filesystem::is_regular_file(status) ||
         std::filesystem::file_size(folder / name) > 0;
}

/// Whether `file` begins as our logs do: "2026-01-31T12:00:00.000Z info    ". The level is padded
/// to seven letters, unlike in other programs' logs. A file that is shorter must agree as far as it
/// goes. So an empty one passes: another process may just have emptied its log.
bool is_log_of_ours(const std::filesystem::path& file) {
  constexpr std::string_view kPattern = "0000-00-00T00:00:00.000Z ";
  constexpr std::array<std::string_view, 4> kLevels = {"debug   ", "info    ", "warning ",
                                                       "error   "};
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(file))) return false;
  std::array<char, kPattern.size() + kLevels[0].size()> start{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(start.data(), start.size());
  const auto count = static_cast<std::size_t>(stream.gcount());
  for (std::size_t i = 0; i < std::min(count, kPattern.size()); ++i) {
    const bool is_digit = start[i] >= '0' && start[i] <= '9';
    if (kPattern[i] == '0' ? !is_digit : start[i] != kPattern[i]) return false;
  }
  const std::string_view level =
      std::string_view(start.data(), count).substr(std::min(count, kPattern.size()));
  return std::any_of(kLevels.begin(), kLevels.end(),
                     [&](std::string_view padded) { return padded.starts_with(level); });
}

bool holds_config_of_ours(const std::filesystem::path& folder) {
  try {
    read_config(folder);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool holds_result_of_ours(const std::filesystem::path& folder) {
  try {
    read_result(folder);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

bool holds_run(const std::filesystem::path& folder) {
  return std::any_of(kRunFiles.begin(), kRunFiles.end(),
                     [&](const char* name) { return holds_file(folder, name); });
}

std::optional<std::filesystem::path> run_that_owns(const std::filesystem::path& file) {
  // A report may be called result.json, too.
  const auto is_run = [](const std::filesystem::path& folder) {
    return holds_result_of_ours(folder) ||
           (holds_file(folder, kLogFile) && holds_config_of_ours(folder));
  };
  std::error_code error;  // a folder that cannot be looked at holds nothing to be overwritten
  const std::filesystem::path whole = std::filesystem::absolute(file);
  const std::filesystem::path resolved =
      std::filesystem::weakly_canonical(whole.parent_path(), error) / whole.filename();
  for (const std::filesystem::path& path : {whole.lexically_normal(), resolved}) {
    const std::filesystem::path folder = path.parent_path();
    const bool is_run_file =
        std::find(kRunFiles.begin(), kRunFiles.end(), path.filename()) != kRunFiles.end();
    if (is_run_file && is_run(folder)) return folder;
    for (std::filesystem::path above = folder; above.has_relative_path();
         above = above.parent_path()) {
      if (above.filename() == kEvaluationsFolder && is_run(above.parent_path())) {
        return above.parent_path();
      }
    }
  }
  return std::nullopt;
}

void refuse_foreign_files(const std::filesystem::path& folder) {
  const bool has_log = holds_file(folder, kLogFile);
  const bool is_our_log = has_log && is_log_of_ours(folder / kLogFile);
  const char* foreign = has_log && !is_our_log ? kLogFile : nullptr;
  if (foreign == nullptr && !is_our_log) {
    for (const char* name : kRunFiles) {
      if (holds_file(folder, name)) foreign = name;
    }
    if (foreign == nullptr || holds_config_of_ours(folder) || holds_result_of_ours(folder)) {
      return;
    }
  }
  if (foreign == nullptr) return;
  const bool is_link = std::filesystem::is_symlink(folder / foreign);
  throw Error(ExitCode::io,
              fmt::format("{} is not the folder of a run: its {} {}", folder.string(), foreign,
                          is_link ? "is a symbolic link" : "was not written by mnist-bench"),
              "nothing was changed; use --output DIR for another folder, or move that file away");
}

std::map<std::string, mode_t> remove_run_files(const std::filesystem::path& folder) {
  remove_evaluations(folder);
  std::map<std::string, mode_t> permissions;
  for (const char* name : kRunFiles) {
    if (const auto before = permissions_of(folder / name)) permissions[name] = *before;
    if (name != std::string_view(kLogFile)) {
      remove_file(folder / name);
      continue;
    }
    std::error_code error;
    std::filesystem::resize_file(folder / name, 0, error);  // and stays locked
    if (error) {
      throw Error(ExitCode::io,
                  fmt::format("cannot delete {}: {}", (folder / name).string(), error.message()));
    }
  }
  return permissions;
}

}  // namespace mnist_bench
