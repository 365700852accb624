#pragma once

#include <filesystem>

#include "base/descriptor.h"

namespace mnist_bench {

/// Whether some process, this one included, holds a FolderLock on `folder` with the lock file
/// `file`. What cannot be opened is not locked.
bool is_locked(const std::filesystem::path& folder, const char* file);

/// Exclusive use of a folder for as long as the object lives. The lock is the kernel's (flock) and
/// ends with the process, however that ends. It lies on a regular file in the folder, opened for
/// reading and writing: NFS, and FUSE file systems that forward locks, pass that on to other
/// machines and mounts. It lies on the folder itself as well, which holds within one mount only:
/// this is what version 0.1.0 locks, and it outlives a deletion of the file.
class FolderLock {
 public:
  /// Creates `file`, empty, in `folder` where it is missing. It stays afterwards: a file that is
  /// deleted could be locked by one process while another locks its successor. Throws Error(io)
  /// with Cause::folder_in_use if another process holds the folder, and with none for a file that
  /// is not a regular one or cannot be locked.
  FolderLock(const std::filesystem::path& folder, const char* file);

 private:
  Descriptor folder_;
  Descriptor file_;
};

}  // namespace mnist_bench
