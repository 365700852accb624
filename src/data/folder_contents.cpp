#include "data/folder_contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace mnist_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostNamed = 6;
constexpr std::size_t kMostFolders = 1000;
constexpr int kLevelsBelow = 2;

}  // namespace

std::vector<FolderEntry> list_folder(const fs::path& folder, std::error_code& error) {
  std::vector<FolderEntry> entries;
  fs::directory_iterator each(folder, error);
  while (!error && each != fs::directory_iterator()) {
    std::error_code unknown;
    entries.push_back({each->path().filename().string(), each->is_directory(unknown)});
    each.increment(error);
  }
  std::sort(entries.begin(), entries.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return entries;
}

std::vector<FolderEntry> list_folder(const fs::path& folder) {
  std::error_code ignored;
  return list_folder(folder, ignored);
}

std::vector<fs::path> subfolders_where(const fs::path& folder,
                                       const std::function<bool(const fs::path&)>& is_wanted) {
  std::vector<fs::path> wanted;
  std::vector<fs::path> level = {folder};
  std::size_t seen = 0;
  for (int depth = 0; depth < kLevelsBelow; ++depth) {
    std::vector<fs::path> next;
    for (const fs::path& parent : level) {
      for (const FolderEntry& entry : list_folder(parent)) {
        if (!entry.is_folder || ++seen > kMostFolders) continue;
        next.push_back(parent / entry.name);
        if (is_wanted(next.back())) wanted.push_back(next.back());
      }
    }
    level = std::move(next);
  }
  return wanted;
}

std::string contents_text(std::vector<FolderEntry> entries,
                          const std::function<bool(const FolderEntry&)>& is_first) {
  if (entries.empty()) return "it is empty";
  std::stable_partition(entries.begin(), entries.end(), is_first);
  std::vector<std::string> names;
  for (const FolderEntry& entry : entries) {
    names.push_back(entry.name + (entry.is_folder ? "/" : ""));
  }
  if (names.size() > 1 && names.size() <= kMostNamed) {
    const std::string last = std::move(names.back());
    names.pop_back();
    names.back() += " and " + last;
  }
  return "it holds " + listed(names, kMostNamed);
}

std::string shown_folder(const fs::path& folder) {
  if (folder.is_absolute()) return folder.string();
  std::error_code error;
  const fs::path current = fs::current_path(error);
  return fmt::format("{} ({})", folder.string(),
                     error ? "relative to a current folder that no longer exists"
                           : "relative to " + current.string());
}

}  // namespace mnist_bench
