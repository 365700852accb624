#include "base/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/files.h"

namespace mnist_bench {
namespace {

/// A shared lock is refused only while another holds the exclusive one; closing releases it.
bool is_held(const Descriptor& file) {
  return file.get() >= 0 && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/// Whether the file system does not lock files at all.
bool has_no_file_locks(const Descriptor& file) {
  return ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 &&
         (errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOLCK);
}

/// Locks `folder` or a file in it, which is open. The shared lock of is_locked lasts a moment only,
/// so a refusal counts once it has lasted.
void lock(const Descriptor& file, const std::filesystem::path& folder,
          std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kPause(10);
  const auto tries = patience / kPause;
  for (int i = 1; ::flock(file.get(), LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) {
      throw Error(ExitCode::io,
                  fmt::format("cannot lock {}: {}", folder.string(), errno_message(errno)));
    }
    if (i >= tries) {
      throw Error(ExitCode::io,
                  fmt::format("{} is in use by another mnist-bench process", folder.string()),
                  "wait for it to end, or use another folder", Cause::folder_in_use);
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

bool is_locked(const std::filesystem::path& folder, const char* file) {
  return is_held(Descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))) ||
         is_held(Descriptor(
             ::open((folder / file).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)));
}

FolderLock::FolderLock(const std::filesystem::path& folder, std::chrono::milliseconds patience)
    : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (folder_.get() < 0) {
    throw Error(ExitCode::io, fmt::format("cannot open the folder {}: {}", folder.string(),
                                          errno_message(errno)));
  }
  lock(folder_, folder, patience);
}

FolderLock::FolderLock(const std::filesystem::path& folder, const char* file,
                       std::chrono::milliseconds patience)
    : FolderLock(folder, patience) {
  // After the folder: version 0.1.0 may delete the file while it holds the folder's lock.
  try {
    file_ = open_own_file(folder / file, O_RDWR);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("cannot lock {}: {}", folder.string(), error.what()),
                error.remedy());
  }
  try {
    lock(file_, folder, patience);
  } catch (const Error& error) {
    // Some file systems lock folders, within one mount, but no files; 0.1.0 runs there, too.
    if (error.cause() == Cause::folder_in_use || !has_no_file_locks(file_)) throw;
  }
}

}  // namespace mnist_bench
