#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "base/temporary_folder.h"

namespace mnist_bench {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using ::testing::HasSubstr;

fs::path write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

/// The Error that `action` throws, with code and text; a failure of the test if there is none.
std::optional<Error> error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return std::nullopt;
}

auto entries_of(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(ReadFile, ReturnsEveryByte) {
  const TemporaryFolder folder;
  std::string bytes(200'000, '\0');  // several blocks, with every value of a byte
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 % 256);
  EXPECT_EQ(read_file(write(folder / "f", bytes), bytes.size(), ExitCode::data), bytes);
}

TEST(ReadFile, ReturnsNothingForAnEmptyFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_file(write(folder / "f", ""), 0, ExitCode::data), "");
}

TEST(ReadFile, AcceptsTheLargestSizeAndRefusesOneByteMore) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_file(write(folder / "f", "1234"), 4, ExitCode::data), "1234");
  const auto error = error_of([&] { read_file(write(folder / "f", "12345"), 4, ExitCode::data); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::data);
  EXPECT_THAT(error->what(), HasSubstr("larger than the 4 bytes"));
}

TEST(ReadFile, RefusesAMissingFileWithTheCallersCode) {
  const TemporaryFolder folder;
  const auto error = error_of([&] { read_file(folder / "missing", 10, ExitCode::usage); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::usage);
  EXPECT_THAT(error->what(), HasSubstr((folder / "missing").string()));
  EXPECT_THAT(error->what(), HasSubstr("No such file"));
}

TEST(ReadFile, RefusesAFolder) {
  const TemporaryFolder folder;
  const auto error = error_of([&] { read_file(folder.path(), 10, ExitCode::data); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("it is a folder"));
}

TEST(ReadFile, RefusesAFifoWithoutWaitingForAWriter) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto error = error_of([&] { read_file(folder / "pipe", 10, ExitCode::data); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("a special file"));
}

TEST(ReadFile, RefusesAnEndlessDevice) {
  const auto error = error_of([] { read_file("/dev/zero", 10, ExitCode::data); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("a special file"));
}

TEST(WriteFileAtomically, WritesExactlyTheBytesAndNothingBeside) {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  write_file_atomically(folder / "f", bytes);
  EXPECT_EQ(read_file(folder / "f", 10, ExitCode::io), bytes);
  EXPECT_EQ(entries_of(folder.path()), 1);
}

TEST(WriteFileAtomically, ReplacesWhatWasThere) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "a long first version");
  write_file_atomically(folder / "f", "second");
  EXPECT_EQ(read_file(folder / "f", 100, ExitCode::io), "second");
}

TEST(WriteFileAtomically, MakesAFileThatOthersCanRead) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "x");
  EXPECT_EQ(fs::status(folder / "f").permissions(), static_cast<fs::perms>(0644));
}

TEST(WriteFileAtomically, LeavesTheOldFileToAReaderThatHasItOpen) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "old");
  std::ifstream reader(folder / "f");
  write_file_atomically(folder / "f", "new");
  std::string seen;
  reader >> seen;
  EXPECT_EQ(seen, "old");
}

TEST(WriteFileAtomically, TakesANameInTheWorkingFolder) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  write_file_atomically("f", "x");
  fs::current_path(before);
  EXPECT_TRUE(fs::exists(folder / "f"));
}

TEST(WriteFileAtomically, RefusesAMissingFolderWithARemedy) {
  const TemporaryFolder folder;
  const auto error = error_of([&] { write_file_atomically(folder / "missing/f", "x"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::io);
  EXPECT_THAT(error->what(), HasSubstr((folder / "missing/f").string()));
  EXPECT_THAT(error->remedy(), HasSubstr("--output"));
}

TEST(WriteFileAtomically, LeavesNothingBehindWhenTheRenameFails) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "f/in the way");
  const auto error = error_of([&] { write_file_atomically(folder / "f", "x"); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("renaming failed"));
  EXPECT_EQ(entries_of(folder.path()), 1);
}

TEST(WriteFileAtomically, LeavesNothingBehindWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "old");
  // A limit on the size of a file stands for the full disk: the write comes back short, then fails.
  // In a process of its own, since the limit cannot be lifted again by an ordinary user.
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    try {
      write_file_atomically(folder / "f", std::string(2000, 'x'));
    } catch (const Error& error) {
      ::_exit(error.code() == ExitCode::io ? 0 : 3);
    }
    ::_exit(4);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_EQ(read_file(folder / "f", 10, ExitCode::io), "old");
  EXPECT_EQ(entries_of(folder.path()), 1);
}

TEST(RemoveTemporaryFiles, DeletesOnlyWhatAnInterruptedWriteLeaves) {
  const TemporaryFolder folder;
  write(folder / ".result.json.tmp-a1b2c3", "half");
  write(folder / "result.json", "whole");
  write(folder / "notes.tmp-1", "the user's");
  write(folder / ".hidden", "the user's");
  remove_temporary_files(folder.path());
  EXPECT_FALSE(fs::exists(folder / ".result.json.tmp-a1b2c3"));
  EXPECT_EQ(entries_of(folder.path()), 3);
}

TEST(RemoveTemporaryFiles, NamesAFolderThatItCannotRead) {
  const TemporaryFolder folder;
  try {
    remove_temporary_files(folder / "missing");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    EXPECT_THAT(error.what(), HasSubstr((folder / "missing").string()));
  }
}

TEST(CreateFolders, CreatesParentsAndAcceptsWhatIsThere) {
  const TemporaryFolder folder;
  create_folders(folder / "a/b/c");
  create_folders(folder / "a/b/c");
  EXPECT_TRUE(fs::is_directory(folder / "a/b/c"));
}

TEST(CreateFolders, RefusesAFileInTheWay) {
  const TemporaryFolder folder;
  write(folder / "a", "");
  for (const char* name : {"a", "a/b"}) {
    const auto error = error_of([&] { create_folders(folder / name); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::io);
    EXPECT_THAT(error->what(), HasSubstr((folder / name).string()));
  }
}

/// Whether another process could lock `folder` now.
bool another_process_can_lock(const fs::path& folder) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      const FolderLock lock(folder);
      ::_exit(0);
    } catch (const Error& error) {
      ::_exit(error.code() == ExitCode::io ? 1 : 2);
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
    const FolderLock lock(folder.path());
    EXPECT_FALSE(another_process_can_lock(folder.path()));
  }
  EXPECT_TRUE(another_process_can_lock(folder.path()));
}

TEST(FolderLock, NamesTheFolderThatIsInUse) {
  const TemporaryFolder folder;
  const FolderLock lock(folder.path());
  const auto error = error_of([&] { const FolderLock second(folder.path()); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::io);
  EXPECT_THAT(error->what(), HasSubstr(folder.path().string()));
  EXPECT_THAT(error->what(), HasSubstr("in use"));
}

TEST(FolderLock, LeavesNoFile) {
  const TemporaryFolder folder;
  const FolderLock lock(folder.path());
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(FolderLock, EndsWithAProcessThatIsKilled) {
  const TemporaryFolder folder;
  int locked[2];
  ASSERT_EQ(::pipe(locked), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder.path());
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
  write(folder / "file", "");
  for (const char* name : {"missing", "file"}) {
    const auto error = error_of([&] { const FolderLock lock(folder / name); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::io);
    EXPECT_THAT(error->what(), HasSubstr((folder / name).string()));
  }
}

}  // namespace
}  // namespace mnist_bench
