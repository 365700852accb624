#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mnist_bench {

/// The bytes of a regular file of at most `max_bytes`. Anything else (missing, a folder, a FIFO,
/// larger) is an Error with `code`; opening never blocks.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes, ExitCode code);

/// Writes `bytes` to a temporary file beside `path`, syncs it to disk and renames it into place, so
/// that a reader sees the old file or the new one and never a part. Throws Error(io) and leaves
/// nothing behind when any step fails.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Deletes what an interrupted `write_file_atomically` left in `folder`. Throws Error(io) when that
/// cannot be read.
void remove_temporary_files(const std::filesystem::path& folder);

/// Creates `folder` and its parents; Error(io) if that is impossible.
void create_folders(const std::filesystem::path& folder);

/// Whether some process, this one included, holds a FolderLock on `folder`.
bool is_locked(const std::filesystem::path& folder);

/// Exclusive use of a folder for as long as the object lives. The lock is the kernel's (flock on
/// the folder itself): it leaves no file and ends with the process, however that ends.
class FolderLock {
 public:
  /// Throws Error(io) at once if another process holds the folder.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace mnist_bench
