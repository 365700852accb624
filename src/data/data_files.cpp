#include "data/data_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/nearest.h"
#include "base/text.h"
#include "data/folder_contents.h"
#include "data/raw_file.h"
#include "data/unreadable.h"

namespace mnist_bench {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kFileNames{
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte"};
constexpr std::array<std::string_view, 4> kRoleWords{"training images", "training labels",
                                                     "test images", "test labels"};
constexpr std::string_view kFolderRemedy =
    "name a folder with the four IDX files of a data set, raw or .gz (in a config: data.directory)";

struct NamedRole {
  std::string prefix;  ///< lower case; empty, or with '-' at its end
  std::size_t role = 0;
  bool compressed = false;
};

/// The role of a file with this name.
std::optional<NamedRole> role_of(std::string name) {
  name = lower_case(std::move(name));
  NamedRole named;
  named.compressed = name.ends_with(".gz");
  if (named.compressed) name.resize(name.size() - 3);
  std::replace(name.begin(), name.end(), '.', '-');
  for (named.role = 0; named.role < kFileNames.size(); ++named.role) {
    std::string_view expected = kFileNames.at(named.role);
    const std::string other_spelling = fmt::format("test{}", expected.substr(4));
    if (expected.starts_with("t10k") && name.ends_with(other_spelling)) expected = other_spelling;
    if (!name.ends_with(expected)) continue;
    named.prefix = name.substr(0, name.size() - expected.size());
    if (named.prefix.empty() || named.prefix.ends_with('-')) return named;
  }
  return std::nullopt;
}

/// The files of the same role in a folder that has a file's name, as some archives unpack to.
std::vector<fs::path> files_within(const fs::path& folder, const NamedRole& named) {
  std::vector<fs::path> files;
  for (const FolderEntry& entry : list_folder(folder)) {
    const auto inner = role_of(entry.name);
    if (!entry.is_folder && inner && inner->role == named.role && inner->prefix == named.prefix) {
      files.push_back(folder / entry.name);
    }
  }
  return files;
}

/// By prefix, the files of each role: raw files first, then those in folders of their names. A
/// folder without such a file counts for a role that has no other file, and then fails to be read.
std::map<std::string, DataFiles> files_by_prefix(const fs::path& folder,
                                                 const std::vector<FolderEntry>& entries) {
  std::map<std::string, DataFiles> found;
  std::map<std::string, DataFiles> within;
  std::map<std::string, DataFiles> unusable;
  for (const bool compressed : {false, true}) {
    for (const FolderEntry& entry : entries) {
      const auto named = role_of(entry.name);
      if (!named || named->compressed != compressed) continue;
      if (entry.is_folder) {
        auto& files = within[named->prefix].at(named->role);
        const auto more = files_within(folder / entry.name, *named);
        files.insert(files.end(), more.begin(), more.end());
        if (more.empty()) unusable[named->prefix].at(named->role).push_back(folder / entry.name);
      } else {
        found[named->prefix].at(named->role).push_back(folder / entry.name);
      }
    }
  }
  for (const auto& [prefix, files] : within) {
    for (std::size_t role = 0; role < files.size(); ++role) {
      auto& candidates = found[prefix].at(role);
      candidates.insert(candidates.end(), files.at(role).begin(), files.at(role).end());
    }
  }
  for (const auto& [prefix, folders] : unusable) {
    for (std::size_t role = 0; role < folders.size(); ++role) {
      if (found[prefix].at(role).empty()) found[prefix].at(role) = folders.at(role);
    }
  }
  return found;
}

/// Whether `folder` holds all four files of some data set.
bool is_data_folder(const fs::path& folder) {
  const auto found = files_by_prefix(folder, list_folder(folder));
  return std::any_of(found.begin(), found.end(), [](const auto& each) {
    return std::none_of(each.second.begin(), each.second.end(),
                        [](const auto& files) { return files.empty(); });
  });
}

/// The file name that `name` was most likely meant to be: mistyped, or without its ending.
std::optional<std::string> close_to(const std::string& name) {
  constexpr std::string_view kShortest = "train-images";
  for (const std::string_view file_name : kFileNames) {
    if (name.size() < kShortest.size() || !file_name.starts_with(name)) continue;
    return std::string(file_name);
  }
  return nearest(name, {kFileNames.begin(), kFileNames.end()});
}

/// What to do, depending on what the folder holds instead of the missing files.
std::string remedy_for(const fs::path& folder, const std::vector<FolderEntry>& entries) {
  const std::vector<fs::path> below = subfolders_where(folder, is_data_folder);
  if (!below.empty()) {
    return fmt::format("there are four such files in {}: name that folder", below.front().string());
  }
  for (const FolderEntry& entry : entries) {
    if (entry.is_folder || role_of(entry.name)) continue;
    const std::string name = lower_case(entry.name);
    if (name.find("idx2-int") != std::string::npos) {
      return fmt::format(
          "{} holds several numbers for each image (QMNIST); write the first of each, the label, "
          "into an idx1-ubyte file",
          entry.name);
    }
    const std::string stem = fs::path(entry.name).stem().string();
    if (!role_of(stem)) continue;
    const std::string ending = entry.name.substr(stem.size());
    return fmt::format(
        "{} has one of these names but for its ending: if it is an IDX file, rename "
        "it to {}; if it is an archive, unpack it",
        entry.name, stem);
  }
  for (const FolderEntry& entry : entries) {
    if (entry.is_folder || role_of(entry.name)) continue;
    if (const auto close = close_to(lower_case(entry.name))) {
      return fmt::format("{} is nearly {}: if it is that file, rename it", entry.name, *close);
    }
  }
  return std::string(kFolderRemedy);
}

[[noreturn]] void fail_missing(const fs::path& folder, const std::vector<FolderEntry>& entries,
                               const std::string& missing) {
  throw Error(ExitCode::data,
              fmt::format("{} lacks {} (raw or .gz); {}", shown_folder(folder), missing,
                          contents_text(entries,
                                        [](const FolderEntry& entry) {
                                          const std::string name = lower_case(entry.name);
                                          return name.find("idx") != std::string::npos ||
                                                 name.find("ubyte") != std::string::npos ||
                                                 name.find("images") != std::string::npos ||
                                                 name.find("labels") != std::string::npos;
                                        })),
              remedy_for(folder, entries));
}

[[noreturn]] void fail_several(const fs::path& folder,
                               const std::map<std::string, DataFiles>& found) {
  std::string names;
  for (const auto& [prefix, files] : found) {
    const auto* const first =
        std::find_if(files.begin(), files.end(), [](const auto& each) { return !each.empty(); });
    names += fmt::format("{}{}", names.empty() ? "" : ", ", first->front().filename().string());
  }
  throw Error(ExitCode::data,
              fmt::format("{} holds files of several data sets ({})", shown_folder(folder), names),
              "put the four files of one data set into a folder of their own");
}

/// Compares the uncompressed bytes, as far as they are equal.
bool same_bytes(const fs::path& first, const fs::path& second) {
  constexpr std::size_t kBlock = std::size_t{1} << 20U;
  RawFile one(first);
  RawFile other(second);
  std::vector<std::uint8_t> bytes(kBlock);
  std::vector<std::uint8_t> others(kBlock);
  while (true) {
    const std::size_t count = one.read(bytes.data(), kBlock);
    if (other.read(others.data(), kBlock) != count) return false;
    if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count),
                    others.begin())) {
      return false;
    }
    if (count < kBlock) return true;
  }
}

}  // namespace

std::string_view usual_name(FileRole role) { return kFileNames.at(static_cast<std::size_t>(role)); }

DataFiles find_data_files(const fs::path& folder) {
  std::error_code error;
  const std::vector<FolderEntry> entries = list_folder(folder, error);
  if (error) {
    fail_unreadable(folder, "the data folder " + shown_folder(folder), error.value(),
                    std::string(kFolderRemedy));
  }
  const std::map<std::string, DataFiles> found = files_by_prefix(folder, entries);
  if (found.size() > 1) fail_several(folder, found);
  const DataFiles files = found.empty() ? DataFiles{} : found.begin()->second;
  const std::string prefix = found.empty() ? "" : found.begin()->first;
  std::string missing;
  for (std::size_t role = 0; role < files.size(); ++role) {
    if (!files.at(role).empty()) continue;
    missing += fmt::format("{}{}{}", missing.empty() ? "" : ", ", prefix, kFileNames.at(role));
  }
  if (!missing.empty()) fail_missing(folder, entries, missing);
  return files;
}

FourPaths choose_files(const DataFiles& files) {
  FourPaths chosen;
  for (std::size_t role = 0; role < files.size(); ++role) {
    const std::vector<fs::path>& candidates = files.at(role);
    chosen.at(role) = candidates.front();
    for (std::size_t i = 1; i < candidates.size(); ++i) {
      if (same_bytes(candidates.front(), candidates[i])) continue;
      throw Error(
          ExitCode::data,
          fmt::format("two files could be the {}, and they differ: {} and {}", kRoleWords.at(role),
                      candidates.front().string(), candidates[i].string()),
          "put the four files of one data set into a folder of their own; where one of the "
          "two is not wanted, move it away");
    }
  }
  return chosen;
}

}  // namespace mnist_bench
