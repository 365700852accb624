#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>
#include <system_error>

#include "base/error.h"
#include "record/read_result.h"

namespace mnist_bench {

namespace {

/// As it is shown: without "." and "..", nor a slash at its end.
std::filesystem::path plain(const std::filesystem::path& path) {
  const std::filesystem::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

/// Folders still to be read; those behind links come last.
struct Waiting {
  std::deque<std::filesystem::path> folders = {};
  std::deque<std::filesystem::path> links = {};

  [[nodiscard]] bool empty() const { return folders.empty() && links.empty(); }
  std::filesystem::path take() {
    auto& queue = folders.empty() ? links : folders;
    std::filesystem::path path = std::move(queue.front());
    queue.pop_front();
    return path;
  }
};

/// Adds the folders in `folder`. Returns why it cannot be read; empty where it can.
std::string list(const std::filesystem::path& folder, Waiting& waiting) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unknown;  // a link to itself, say
    if (!entry->is_directory(unknown)) continue;
    const bool is_link = entry->is_symlink(unknown);
    (is_link ? waiting.links : waiting.folders).push_back(plain(entry->path()));
  }
  const bool is_gone = error == std::errc::no_such_file_or_directory;  // since it was found
  return error && !is_gone ? error.message() : std::string();
}

}  // namespace

void require_folder(const std::filesystem::path& path, const std::string& remedy) {
  if (std::filesystem::is_directory(path)) return;
  throw Error(ExitCode::io,
              std::filesystem::exists(path)
                  ? fmt::format("{} is a file, where a folder is expected", path.string())
                  : fmt::format("there is no folder {}", path.string()),
              remedy);
}

std::vector<FoundFolder> folders_below(const std::vector<std::filesystem::path>& paths) {
  Waiting waiting;
  for (const std::filesystem::path& path : paths) {
    require_folder(path);
    waiting.folders.push_back(plain(path));
  }
  std::set<std::filesystem::path> known;
  std::vector<FoundFolder> found;
  while (!waiting.empty()) {
    std::filesystem::path path = waiting.take();
    std::error_code error;
    const std::filesystem::path canonical = std::filesystem::canonical(path, error);
    if (!known.insert(error ? path : canonical).second) continue;
    std::string problem = list(path, waiting);
    found.push_back({.path = std::move(path), .problem = std::move(problem)});
  }
  std::sort(found.begin(), found.end(),
            [](const FoundFolder& a, const FoundFolder& b) { return a.path < b.path; });
  return found;
}

RunPresence run_presence(const std::filesystem::path& folder) {
  // What cannot be looked at (for want of permission, say) counts as there: reading it tells why.
  const auto has = [&](const char* name) {
    std::error_code error;
    return std::filesystem::exists(folder / name, error) || error;
  };
  if (has("result.json")) return RunPresence::recorded;
  return has("config.json") && has("log.txt") ? RunPresence::unfinished : RunPresence::none;
}

StoredRun read_recorded_run(const std::filesystem::path& folder) {
  switch (run_presence(folder)) {
    case RunPresence::recorded:
      return {.folder = folder, .result = read_result(folder)};
    case RunPresence::unfinished:
      throw Error(ExitCode::io, fmt::format("the run in {} is unfinished", folder.string()),
                  "finish it with --resume");
    case RunPresence::none:
      break;
  }
  throw Error(ExitCode::io, fmt::format("{} is not the folder of a run", folder.string()),
              "name one run's folder, such as runs/cnn/seed-1");
}

StoredRuns read_runs(const std::vector<std::filesystem::path>& paths) {
  StoredRuns stored;
  for (const auto& [folder, problem] : folders_below(paths)) {
    if (!problem.empty()) {
      stored.unreadable.push_back(
          fmt::format("cannot read the folder {}: {}", folder.string(), problem));
      continue;
    }
    switch (run_presence(folder)) {
      case RunPresence::none:
        break;
      case RunPresence::unfinished:
        stored.unfinished.push_back(folder);
        break;
      case RunPresence::recorded:
        try {
          stored.runs.push_back({.folder = folder, .result = read_result(folder)});
        } catch (const Error& error) {
          stored.unreadable.emplace_back(error.what());
        }
    }
  }
  return stored;
}

}  // namespace mnist_bench
