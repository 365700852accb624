#include <fmt/format.h>

#include <system_error>

#include "base/error.h"
#include "record/read_result.h"

namespace mnist_bench {

std::set<std::filesystem::path> folders_below(const std::vector<std::filesystem::path>& paths) {
  std::set<std::filesystem::path> folders;
  for (const std::filesystem::path& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      throw Error(ExitCode::io, fmt::format("there is no folder {}", path.string()),
                  "name a run folder, or a folder that holds run folders");
    }
    folders.insert(path.lexically_normal());
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator
             entry(path, std::filesystem::directory_options::skip_permission_denied, error),
         end;
         !error && entry != end; entry.increment(error)) {
      std::error_code unknown;  // a link to itself, say
      if (entry->is_directory(unknown)) folders.insert(entry->path().lexically_normal());
    }
  }
  return folders;
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

StoredRuns read_runs(const std::vector<std::filesystem::path>& paths) {
  StoredRuns stored;
  for (const std::filesystem::path& folder : folders_below(paths)) {
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
