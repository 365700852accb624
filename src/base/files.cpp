#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace mnist_bench {
namespace {

constexpr std::string_view kTemporaryMark = ".tmp-";

std::string system_message(int error) { return std::generic_category().message(error); }

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }
  /// Closes now; false (with errno set) when the kernel reports a late write error.
  bool close() { return ::close(std::exchange(value_, -1)) == 0; }

 private:
  int value_;
};

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

[[noreturn]] void throw_write_error(const std::filesystem::path& path, std::string_view step,
                                    int error) {
  throw Error(
      ExitCode::io,
      fmt::format("cannot write {}: {} failed: {}", path.string(), step, system_message(error)),
      "check free space and permissions of the folder, or choose another with --output DIR");
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes, ExitCode code) {
  // O_NONBLOCK: opening a FIFO without a writer must not hang.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    throw Error(code, fmt::format("cannot read {}: {}", path.string(), system_message(errno)),
                "check the path and its permissions");
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    throw Error(code, fmt::format("cannot read {}: it is {}, not a regular file", path.string(),
                                  S_ISDIR(status.st_mode) ? "a folder" : "a special file"));
  }
  std::string bytes;
  char block[65536];
  while (true) {
    const ssize_t count = ::read(file.get(), block, sizeof block);
    if (count < 0) {
      if (errno == EINTR) continue;
      throw Error(code, fmt::format("cannot read {}: {}", path.string(), system_message(errno)));
    }
    if (count == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(count) > max_bytes) {
      throw Error(code, fmt::format("cannot read {}: it is larger than the {} bytes allowed",
                                    path.string(), max_bytes));
    }
    bytes.append(block, static_cast<std::size_t>(count));
  }
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes) {
  const std::filesystem::path folder = folder_of(path);
  std::string temporary =
      (folder / fmt::format(".{}{}XXXXXX", path.filename().string(), kTemporaryMark)).string();
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) throw_write_error(path, "creating a temporary file beside it", errno);

  const auto fail = [&](std::string_view step) {
    const int error = errno;
    ::unlink(temporary.c_str());
    throw_write_error(path, step, error);
  };
  // mkostemp creates 0600; a result is meant to be read like any other file the user writes.
  if (::fchmod(file.get(), 0644) != 0) fail("setting permissions");
  if (!write_all(file.get(), bytes)) fail("writing");
  if (::fsync(file.get()) != 0) fail("fsync");
  if (!file.close()) fail("closing");
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail("renaming");

  // The rename itself is on disk only once its folder is. Some file systems cannot sync a folder
  // (EINVAL); there the rename is as durable as it gets.
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || (::fsync(directory.get()) != 0 && errno != EINVAL)) {
    throw_write_error(path, "syncing its folder", errno);
  }
}

void remove_temporary_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') && name.find(kTemporaryMark) != std::string::npos) {
      std::error_code ignored;
      std::filesystem::remove(entry->path(), ignored);
    }
  }
  if (error) {
    throw Error(ExitCode::io,
                fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  }
}

void create_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder)) {
    throw Error(ExitCode::io,
                fmt::format("cannot create the folder {}: {}", folder.string(),
                            error ? error.message() : "a file of that name is in the way"),
                "choose another with --output DIR");
  }
}

bool is_locked(const std::filesystem::path& folder) {
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return false;
  // A shared lock is refused only while another holds the exclusive one; closing lets go of it.
  return ::flock(directory.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FolderLock::FolderLock(const std::filesystem::path& folder)
    : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (descriptor_ < 0) {
    throw Error(ExitCode::io, fmt::format("cannot open the folder {}: {}", folder.string(),
                                          system_message(errno)));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(descriptor_);
    if (error == EWOULDBLOCK) {
      throw Error(ExitCode::io,
                  fmt::format("{} is in use by another mnist-bench process", folder.string()),
                  "wait for it to end, or choose another folder with --output DIR");
    }
    throw Error(ExitCode::io,
                fmt::format("cannot lock {}: {}", folder.string(), system_message(error)));
  }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace mnist_bench
