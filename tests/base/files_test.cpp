#include "base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/error_of.h"
#include "base/temporary_folder.h"

namespace mnist_bench {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::TemporaryFolder;
using ::testing::HasSubstr;

fs::path write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
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

TEST(ReadInput, ReadsARegularFileAsReadFileDoes) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_input(write(folder / "f", "1234"), 4, ExitCode::usage), "1234");
  EXPECT_EQ(error_of([&] { read_input(folder.path(), 10, ExitCode::usage); })->code(),
            ExitCode::usage);
}

/// What `read_input` gives for a pipe into which another process writes `parts`, each after the one
/// before was taken.
std::string read_from_pipe(const std::vector<std::string>& parts, std::size_t max_bytes) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    for (const std::string& part : parts) {
      int unread = 1;
      while (unread > 0 && ::ioctl(ends[1], FIONREAD, &unread) == 0) ::sched_yield();
      if (::write(ends[1], part.data(), part.size()) < 0) ::_exit(1);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  const fs::path path = "/dev/fd/" + std::to_string(ends[0]);
  EXPECT_TRUE(is_stream(path));
  std::string bytes;
  try {
    bytes = read_input(path, max_bytes, ExitCode::usage);
  } catch (const Error& error) {
    bytes = error.what();
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return bytes;
}

TEST(ReadInput, ReadsAPipeToItsEndHoweverItsBytesCome) {
  EXPECT_EQ(read_from_pipe({"ab", "cd", "e"}, 5), "abcde");
  EXPECT_THAT(read_from_pipe({"ab", "cd", "e"}, 4), HasSubstr("larger than the 4 bytes"));
}

TEST(ReadInput, RefusesAPipeThatNobodyWritesTo) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const auto error = error_of([&] { read_input(folder / "pipe", 10, ExitCode::usage); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::usage);
  EXPECT_THAT(error->what(), HasSubstr("nothing was written"));
}

TEST(ReadInput, EndsWithAnEndlessDevice) {
  EXPECT_THAT(error_of([] { read_input("/dev/zero", 10, ExitCode::usage); })->what(),
              HasSubstr("larger"));
}

TEST(WriteFileAtomically, WritesExactlyTheBytesAndNoOtherFile) {
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  write_file_atomically(folder / "f", bytes);
  EXPECT_EQ(read_file(folder / "f", 10, ExitCode::io), bytes);
  EXPECT_EQ(folder.entries(), 1);
}

TEST(WriteFileAtomically, ReplacesWhatWasThere) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "a long first version");
  write_file_atomically(folder / "f", "second");
  EXPECT_EQ(read_file(folder / "f", 100, ExitCode::io), "second");
}

fs::perms permissions_under(mode_t mask, const fs::path& file) {
  const mode_t before = ::umask(mask);
  write_file_atomically(file, "x");
  ::umask(before);
  return fs::status(file).permissions();
}

TEST(WriteFileAtomically, MakesAFileLikeAnyOtherOfTheUser) {
  const TemporaryFolder folder;
  EXPECT_EQ(permissions_under(022, folder / "a"), static_cast<fs::perms>(0644));
  EXPECT_EQ(permissions_under(077, folder / "b"), static_cast<fs::perms>(0600));
  EXPECT_EQ(permissions_under(002, folder / "c"), static_cast<fs::perms>(0664));
}

TEST(WriteFileAtomically, KeepsTheModeOfAFileThatItReplaces) {
  const TemporaryFolder folder;
  for (const auto mode : {0600, 0640, 0666, 0444}) {
    write(folder / "f", "old");
    fs::permissions(folder / "f", static_cast<fs::perms>(mode));
    EXPECT_EQ(permissions_under(022, folder / "f"), static_cast<fs::perms>(mode));
    fs::remove(folder / "f");
  }
}

TEST(WriteFileAtomically, ReplacesALinkAndNotWhatItPointsTo) {
  const TemporaryFolder folder;
  write(folder / "theirs", "theirs");
  fs::create_symlink("theirs", folder / "f");
  EXPECT_EQ(permissions_under(022, folder / "f"), static_cast<fs::perms>(0644));
  EXPECT_FALSE(fs::is_symlink(folder / "f"));
  EXPECT_EQ(read_file(folder / "theirs", 100, ExitCode::io), "theirs");
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

TEST(ReplaceFiles, DeletesNothingBeforeAllAreWritten) {
  const TemporaryFolder folder;
  write(folder / "a", "old");
  write(folder / "b", "old");
  EXPECT_THROW(replace_files({{.path = folder / "a", .bytes = "new"},
                              {.path = folder / "none/b", .bytes = "new"}},
                             {folder / "a"}),
               Error);
  EXPECT_EQ(read_file(folder / "a", 100, ExitCode::io), "old");
  EXPECT_EQ(folder.entries(), 2);
  replace_files({{.path = folder / "a", .bytes = "new"}, {.path = folder / "c", .bytes = "newer"}},
                {folder / "a", folder / "b"});
  EXPECT_EQ(read_file(folder / "a", 100, ExitCode::io), "new");
  EXPECT_EQ(read_file(folder / "c", 100, ExitCode::io), "newer");
  EXPECT_EQ(folder.entries(), 2);
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
  EXPECT_THAT(error->remedy(), HasSubstr("use another"));
}

TEST(WriteFileAtomically, LeavesNothingBehindWhenTheRenameFails) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "f/in the way");
  const auto error = error_of([&] { write_file_atomically(folder / "f", "x"); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("renaming failed"));
  EXPECT_EQ(folder.entries(), 1);
}

TEST(WriteFileAtomically, LeavesNothingBehindWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", "old");
  // A limit on the size of a file simulates a full disk: the write comes back short, then fails.
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
  EXPECT_EQ(folder.entries(), 1);
}

constexpr const char* kNames[] = {"result.json", "log.txt"};

TEST(RemoveTemporaryFiles, DeletesOnlyWhatAnInterruptedWriteOfTheseFilesLeaves) {
  const TemporaryFolder folder;
  write(folder / ".result.json.tmp-a1b2c3", "half");
  write(folder / ".log.txt.tmp-ABCxyz", "half");
  const char* others[] = {"result.json",
                          ".hidden",
                          "notes.tmp-1",
                          ".notes.txt.tmp-a1b2c3",
                          ".result.json.tmp-a1",
                          ".result.json.tmp-a1b2c3d",
                          ".result.json.tmp-a1b2c.",
                          "result.json.tmp-a1b2c3",
                          ".result.json.tmp-",
                          ".tmp-a1b2c3"};
  for (const char* name : others) write(folder / name, "the user's");
  fs::create_directory(folder / ".result.json.tmp-folder");
  remove_temporary_files(folder.path(), kNames);
  EXPECT_FALSE(fs::exists(folder / ".result.json.tmp-a1b2c3"));
  EXPECT_FALSE(fs::exists(folder / ".log.txt.tmp-ABCxyz"));
  for (const char* name : others) EXPECT_TRUE(fs::exists(folder / name)) << name;
  EXPECT_TRUE(fs::exists(folder / ".result.json.tmp-folder"));
}

TEST(RemoveTemporaryFiles, DeletesWhatAKilledWriteReallyLeaves) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_DFL);  // which kills it in the middle of its write
    const rlimit limit{1000, 1000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    write_file_atomically(folder / "result.json", std::string(2000, 'x'));
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(folder.entries(), 1);
  remove_temporary_files(folder.path(), kNames);
  EXPECT_EQ(folder.entries(), 0);
}

TEST(RemoveTemporaryFiles, NamesAFolderThatItCannotRead) {
  const TemporaryFolder folder;
  const auto error = error_of([&] { remove_temporary_files(folder / "missing", kNames); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::io);
  EXPECT_THAT(error->what(), HasSubstr((folder / "missing").string()));
}

TEST(CreateFolders, CreatesParentsAndAcceptsWhatIsThere) {
  const TemporaryFolder folder;
  create_folders(folder / "a/b/c");
  create_folders(folder / "a/b/c");
  EXPECT_TRUE(fs::is_directory(folder / "a/b/c"));
  create_folders(folder / "d/./e//f/");
  EXPECT_TRUE(fs::is_directory(folder / "d/e/f"));
}

TEST(CreateFolders, TakesRelativePathsAndLinksToFolders) {
  const TemporaryFolder folder;
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  create_folders("real/../b");
  fs::create_directory_symlink("real", "link");
  create_folders("link/c");
  create_folders(".");
  fs::current_path(before);
  EXPECT_TRUE(fs::is_directory(folder / "b"));
  EXPECT_TRUE(fs::is_directory(folder / "real/c"));
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

TEST(OpenOwnFile, CreatesAFileAndKeepsWhatIsInOne) {
  const TemporaryFolder folder;
  {
    const Descriptor file = open_own_file(folder / "f", O_WRONLY | O_APPEND);
    EXPECT_TRUE(write_all(file.get(), "one"));
  }
  const Descriptor again = open_own_file(folder / "f", O_WRONLY | O_APPEND);
  EXPECT_TRUE(write_all(again.get(), "two"));
  EXPECT_EQ(read_file(folder / "f", 10, ExitCode::io), "onetwo");
}

TEST(OpenOwnFile, RefusesALinkAFolderAndAPipe) {
  const TemporaryFolder folder;
  write(folder / "theirs", "theirs");
  fs::create_symlink("theirs", folder / "link");
  fs::create_symlink("nothing", folder / "dangling");
  fs::create_directory(folder / "folder");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  for (const char* name : {"link", "dangling", "folder", "pipe"}) {
    const auto error = error_of([&] { open_own_file(folder / name, O_RDWR); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::io);
    EXPECT_THAT(error->what(), HasSubstr((folder / name).string()));
  }
  EXPECT_FALSE(fs::exists(folder / "nothing"));
}

}  // namespace
}  // namespace mnist_bench
