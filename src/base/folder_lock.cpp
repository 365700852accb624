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

/// A shared lock is refused only while another holds the exclusive one; closing lets go of it.
bool is_held(const Descriptor& file) {
  return file.get() >= 0 && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

/// Locks what is open, a part of `folder`. The shared lock of a process that only looks (is_locked)
/// is over in a moment: a refusal counts once it has lasted.
void lock(const Descriptor& file, const std::filesystem::path& folder) {
  constexpr int kTries = 20;
  constexpr std::chrono::milliseconds kPause(10);
  for (int i = 1; ::flock(file.get(), LOCK_EX | LOCK_NB) != 0; ++i) {
    if (errno != EWOULDBLOCK) {
      throw Error(ExitCode::io,
                  fmt::format("cannot lock {}: {}", folder.string(), errno_message(errno)));
    }
    if (i == kTries) {
      throw Error(
          ExitCode::io, fmt::format("{} is in use by another mnist-bench process", folder.string()),
          "wait for it to end, or choose another folder with --output DIR", Cause::folder_in_use);
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

FolderLock::FolderLock(const std::filesystem::path& folder, const char* file)
    : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (folder_.get() < 0) {
    throw Error(ExitCode::io, fmt::format("cannot open the folder {}: {}", folder.string(),
                                          errno_message(errno)));
  }
  lock(folder_, folder);
  // After the folder: version 0.1.0, while it holds that, may delete the file.
  file_ = open_own_file(folder / file, O_RDWR);
  lock(file_, folder);
}

}  // namespace mnist_bench
