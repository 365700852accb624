#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

namespace mnist_bench {

struct FolderEntry {
  std::string name;
  bool is_folder = false;  ///< a link to a folder is one
};

/// Sorted by name. Without `error`, what cannot be read counts as empty.
std::vector<FolderEntry> list_folder(const std::filesystem::path& folder, std::error_code& error);
std::vector<FolderEntry> list_folder(const std::filesystem::path& folder);

/// The folders for which `is_wanted` holds, up to two levels below `folder` and within its first
/// thousand folders.
std::vector<std::filesystem::path> subfolders_where(
    const std::filesystem::path& folder,
    const std::function<bool(const std::filesystem::path&)>& is_wanted);

/// "it holds a, b/ and 3 more": those for which `is_first` holds before the others.
std::string contents_text(std::vector<FolderEntry> entries,
                          const std::function<bool(const FolderEntry&)>& is_first);

/// The path; of a relative one also the folder that it starts from.
std::string shown_folder(const std::filesystem::path& folder);

}  // namespace mnist_bench
