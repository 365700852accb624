#include "base/folder_lock.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/error_of.h"
#include "base/files.h"
#include "base/temporary_folder.h"

namespace mnist_bench {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::TemporaryFolder;
using ::testing::HasSubstr;

constexpr const char* kFile = "lock";

/// Whether another process could lock `folder` now.
bool another_process_can_lock(const fs::path& folder) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      const FolderLock lock(folder, kFile);
      ::_exit(0);
    } catch (const Error& error) {
      ::_exit(error.cause() == Cause::folder_in_use && error.code() == ExitCode::io ? 1 : 2);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 2) << status;
  return WEXITSTATUS(status) == 0;
}

TEST(FolderLock, KeepsOthersOutForAsLongAsItLives) {
  const TemporaryFolder folder;
  {
    const FolderLock lock(folder.path(), kFile);
    EXPECT_FALSE(another_process_can_lock(folder.path()));
  }
  EXPECT_TRUE(another_process_can_lock(folder.path()));
}

TEST(FolderLock, NamesTheFolderThatIsInUse) {
  const TemporaryFolder folder;
  const FolderLock lock(folder.path(), kFile);
  const auto error = error_of([&] { const FolderLock second(folder.path(), kFile); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::io);
  EXPECT_THAT(error->what(), HasSubstr(folder.path().string()));
  EXPECT_THAT(error->what(), HasSubstr("in use"));
}

TEST(FolderLock, LeavesOneEmptyFileOrTheFileAsItWas) {
  const TemporaryFolder folder;
  { const FolderLock lock(folder.path(), kFile); }
  EXPECT_EQ(folder.entries(), 1);
  EXPECT_TRUE(fs::is_empty(folder / kFile));
  std::ofstream(folder / kFile) << "kept";
  { const FolderLock lock(folder.path(), kFile); }
  EXPECT_EQ(read_file(folder / kFile, 10, ExitCode::io), "kept");
}

/// What keeps `FolderLock` out while a lock of `kind` is on `held` alone.
bool is_free_while_locked(const fs::path& folder, const fs::path& held, int flags, int kind) {
  const Descriptor other(::open(held.c_str(), flags | O_CLOEXEC));
  EXPECT_EQ(::flock(other.get(), kind | LOCK_NB), 0);
  EXPECT_EQ(is_locked(folder, kFile), kind == LOCK_EX);
  return another_process_can_lock(folder);
}

TEST(FolderLock, HeedsALockOnTheFileAndOneOnTheFolder) {
  const TemporaryFolder folder;
  std::ofstream(folder / kFile) << "";
  // As it arrives from another mount, and that of version 0.1.0.
  EXPECT_FALSE(is_free_while_locked(folder.path(), folder / kFile, O_RDWR, LOCK_EX));
  EXPECT_FALSE(is_free_while_locked(folder.path(), folder.path(), O_RDONLY, LOCK_EX));
  EXPECT_TRUE(another_process_can_lock(folder.path()));
}

TEST(FolderLock, IsSeenFromOutsideWithoutATrace) {
  const TemporaryFolder folder;
  EXPECT_FALSE(is_locked(folder.path(), kFile));
  EXPECT_FALSE(is_locked(folder / "missing", kFile));
  EXPECT_TRUE(fs::is_empty(folder.path()));
  const FolderLock lock(folder.path(), kFile);
  EXPECT_TRUE(is_locked(folder.path(), kFile));
}

TEST(FolderLock, IsNotRefusedWhileOthersCheckIt) {
  const TemporaryFolder folder;
  int checked[2];
  ASSERT_EQ(::pipe(checked), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) {
      is_locked(folder.path(), kFile);
      if (::write(checked[1], "x", 1) != 1) ::_exit(1);
    }
  }
  char checks[64];
  for (int i = 0; i < 500; ++i) {
    ASSERT_GT(::read(checked[0], checks, sizeof checks), 0);
    EXPECT_NO_THROW(FolderLock(folder.path(), kFile));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(checked[0]);
  ::close(checked[1]);
}

TEST(FolderLock, WaitsAsPatientlyAsItIsTold) {
  const TemporaryFolder folder;
  std::ofstream(folder / kFile) << "";
  auto other = std::make_optional<FolderLock>(folder.path(), kFile);
  std::thread waiting(
      [&] { EXPECT_NO_THROW(FolderLock(folder.path(), kFile, std::chrono::minutes(5))); });
  EXPECT_TRUE(
      error_of([&] { const FolderLock lock(folder.path(), kFile, std::chrono::milliseconds(1)); }));
  other.reset();
  waiting.join();
}

TEST(FolderLock, FollowsNoLink) {
  const TemporaryFolder folder;
  fs::create_symlink("elsewhere", folder / kFile);
  const auto error = error_of([&] { const FolderLock lock(folder.path(), kFile); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("symbolic link"));
  EXPECT_FALSE(fs::exists(folder / "elsewhere"));
}

TEST(FolderLock, EndsWithAProcessThatIsKilled) {
  const TemporaryFolder folder;
  int locked[2];
  ASSERT_EQ(::pipe(locked), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder.path(), kFile);
    if (::write(locked[1], "x", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(locked[0], &byte, 1), 1);
  EXPECT_FALSE(another_process_can_lock(folder.path()));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(another_process_can_lock(folder.path()));
  ::close(locked[0]);
  ::close(locked[1]);
}

TEST(FolderLock, RefusesAMissingFolderAndAFile) {
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "";
  for (const char* name : {"missing", "file"}) {
    const auto error = error_of([&] { const FolderLock lock(folder / name, kFile); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::io);
    EXPECT_EQ(error->cause(), Cause::other);
    EXPECT_THAT(error->what(), HasSubstr((folder / name).string()));
  }
}

}  // namespace
}  // namespace mnist_bench
