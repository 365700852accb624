#pragma once

#include <chrono>
#include <filesystem>

#include "base/descriptor.h"

namespace mnist_bench {

/// Whether some process, this one included, holds a FolderLock on `folder` with the lock file
/// `file`. What cannot be opened is not locked.
bool is_locked(const std::filesystem::path& folder, const char* file);

/// Exclusive use of a folder for as long as the object lives. The lock is the kernel's (flock) and
/// ends with the process, however that ends. It is on the folder itself, within one mount only:
/// version 0.1.0 locks the folder, and this lock survives a deletion of the file. Where a file is
/// named, it is on that as well, opened for reading and writing: NFS, and FUSE file systems that
/// forward locks, pass it on to other machines and mounts.
class FolderLock {
 public:
  static constexpr std::chrono::milliseconds kPatience{200};

  /// Of a folder that holds no lock file. Throws as below.
  explicit FolderLock(const std::filesystem::path& folder,
                      std::chrono::milliseconds patience = kPatience);
  /// Creates `file`, empty, in `folder` where it is missing. It stays afterwards: a file that is
  /// deleted could be locked by one process while another locks its successor. Throws Error(io)
  /// with Cause::folder_in_use if another process holds the folder for longer than `patience`, and
  /// with none for a file that is not a regular one or cannot be locked.
  FolderLock(const std::filesystem::path& folder, const char* file,
             std::chrono::milliseconds patience = kPatience);

 private:
  Descriptor folder_;
  Descriptor file_;
};

}  // namespace mnist_bench
