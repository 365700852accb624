#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <random>
#include <system_error>
#include <utility>

namespace mnist_bench {
namespace {

constexpr std::string_view kTemporaryMark = ".tmp-";
constexpr std::size_t kRandomLetters = 6;
constexpr std::string_view kLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr mode_t kNewFile = 0666;  // less the umask, which the kernel takes off
constexpr mode_t kPermissions = 0777;

[[noreturn]] void throw_write_error(const std::filesystem::path& path, std::string_view step,
                                    int error) {
  throw Error(
      ExitCode::io,
      fmt::format("cannot write {}: {} failed: {}", path.string(), step, errno_message(error)),
      "check free space and permissions of the folder, or use another");
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// The name in messages: the path, also of a pipe or a device; stdin has none.
std::string name_of(const std::filesystem::path& path) {
  return path == "-" ? "stdin" : path.string();
}

/// The bytes that `descriptor` gives until its end, or until they are more than `max_bytes`.
std::string read_up_to(int descriptor, const std::filesystem::path& path, std::size_t max_bytes,
                       ExitCode code) {
  std::string bytes;
  char block[65536];
  while (bytes.size() <= max_bytes) {
    const ssize_t count = ::read(descriptor, block, sizeof block);
    if (count < 0) {
      if (errno == EINTR) continue;
      throw Error(code, fmt::format("cannot read {}: {}", name_of(path), errno_message(errno)));
    }
    if (count == 0) break;
    bytes.append(block, static_cast<std::size_t>(count));
  }
  return bytes;
}

/// All bytes that `descriptor` gives until its end.
std::string read_all(int descriptor, const std::filesystem::path& path, std::size_t max_bytes,
                     ExitCode code) {
  std::string bytes = read_up_to(descriptor, path, max_bytes, code);
  if (bytes.size() <= max_bytes) return bytes;
  throw Error(code,
              fmt::format("cannot read {}: it is larger than the {} bytes allowed", name_of(path),
                          max_bytes),
              "check that it is the file that was meant");
}

Descriptor open_for_reading(const std::filesystem::path& path, ExitCode code) {
  Descriptor file = open_without_blocking(path);
  if (file.get() < 0) {
    throw Error(code, fmt::format("cannot read {}: {}", path.string(), errno_message(errno)),
                "check the path and its permissions");
  }
  return file;
}

[[noreturn]] void refuse_kind(const std::filesystem::path& path, mode_t mode, ExitCode code) {
  throw Error(code,
              fmt::format("cannot read {}: it is {}, not a regular file", path.string(),
                          S_ISDIR(mode) ? "a folder" : "a special file"),
              S_ISDIR(mode) ? "name a file in it" : "name a regular file");
}

mode_t mode_of(const Descriptor& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 ? status.st_mode : 0;
}

Descriptor open_regular(const std::filesystem::path& path, ExitCode code) {
  Descriptor file = open_for_reading(path, code);
  if (!S_ISREG(mode_of(file))) refuse_kind(path, mode_of(file), code);
  return file;
}

/// A new file ".NAME.tmp-XXXXXX" in the folder of `path`; its own path is returned in `temporary`.
/// Unlike mkostemp's file, it has the mode of any new file: 0666 less the umask, or what the
/// folder's default ACL says.
Descriptor open_temporary(const std::filesystem::path& path, std::string& temporary) {
  constexpr int kTries = 100;
  std::random_device random;
  std::uniform_int_distribution<std::size_t> letter(0, kLetters.size() - 1);
  for (int i = 0;; ++i) {
    std::string name = fmt::format(".{}{}", path.filename().string(), kTemporaryMark);
    for (std::size_t k = 0; k < kRandomLetters; ++k) name += kLetters[letter(random)];
    temporary = (folder_of(path) / name).string();
    Descriptor file(::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kNewFile));
    if (file.get() >= 0) return file;
    if (errno != EEXIST || i == kTries) {
      throw_write_error(path, "creating a temporary file in its folder", errno);
    }
  }
}

/// False (with errno set) where that fails.
bool set_permissions(const Descriptor& file, mode_t permissions) {
  return (mode_of(file) & kPermissions) == permissions || ::fchmod(file.get(), permissions) == 0;
}

/// The file that is to be at `path`, under a temporary name in its folder until it is put in place.
/// Deleted if that never happens. All throw Error(io).
class NewFile {
 public:
  explicit NewFile(std::filesystem::path path)
      : path_(std::move(path)), file_(open_temporary(path_, temporary_)) {}
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;
  ~NewFile() {
    if (!in_place_) ::unlink(temporary_.c_str());
  }

  /// All its bytes, synced to disk.
  void write(std::string_view bytes, std::optional<mode_t> permissions) {
    if (const auto replaced = permissions_of(path_)) permissions = replaced;
    if (permissions && !set_permissions(file_, *permissions)) fail("setting permissions");
    if (!write_all(file_.get(), bytes)) fail("writing");
    if (::fsync(file_.get()) != 0) fail("fsync");
    if (!file_.close()) fail("closing");
  }

  void put_in_place() {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("renaming");
    in_place_ = true;
    // The rename is durable only once its folder is synced. Some file systems cannot sync a folder
    // (EINVAL); there the rename is as durable as it gets.
    const Descriptor directory(
        ::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || (::fsync(directory.get()) != 0 && errno != EINVAL)) {
      fail("syncing its folder");
    }
  }

 private:
  [[noreturn]] void fail(std::string_view step) const { throw_write_error(path_, step, errno); }

  std::filesystem::path path_;
  std::string temporary_;
  Descriptor file_;
  bool in_place_ = false;
};

/// Whether `name` is ".NAME.tmp-XXXXXX" for a NAME in `names`.
bool is_temporary(std::string_view name, std::span<const char* const> names) {
  if (name.size() <= kRandomLetters || !name.starts_with('.')) return false;
  const std::string_view random = name.substr(name.size() - kRandomLetters);
  if (random.find_first_not_of(kLetters) != std::string_view::npos) return false;
  name.remove_suffix(kRandomLetters);
  if (!name.ends_with(kTemporaryMark)) return false;
  name.remove_suffix(kTemporaryMark.size());
  name.remove_prefix(1);
  return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void throw_no_folder(const std::filesystem::path& folder, std::string_view reason,
                                  const std::string& remedy = "use another folder") {
  throw Error(ExitCode::io, fmt::format("cannot create the folder {}: {}", folder.string(), reason),
              remedy);
}

/// Syncs `parent`, so that the name of a new folder in it is durable. Does nothing where this
/// process may not read `parent` or the file system cannot sync folders.
void sync_entries(const std::filesystem::path& parent, const std::filesystem::path& folder) {
  const Descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 && errno == EACCES) return;
  if (directory.get() < 0 || (::fsync(directory.get()) != 0 && errno != EINVAL)) {
    throw_no_folder(folder,
                    fmt::format("syncing {} failed: {}", parent.string(), errno_message(errno)));
  }
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::size_t max_bytes, ExitCode code) {
  const Descriptor file = open_regular(path, code);
  return read_all(file.get(), path, max_bytes, code);
}

FileStart read_start(const std::filesystem::path& path, std::size_t max_bytes, ExitCode code) {
  const Descriptor file = open_regular(path, code);
  struct stat status {};
  FileStart start;
  if (::fstat(file.get(), &status) == 0) start.size = static_cast<std::uint64_t>(status.st_size);
  start.bytes = read_up_to(file.get(), path, max_bytes, code);
  if (start.bytes.size() > max_bytes) start.bytes.resize(max_bytes);
  return start;
}

bool is_stream(const std::filesystem::path& path) {
  if (path == "-") return true;
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  return type == std::filesystem::file_type::fifo || type == std::filesystem::file_type::character;
}

std::string read_input(const std::filesystem::path& path, std::size_t max_bytes, ExitCode code) {
  if (!is_stream(path)) return read_file(path, max_bytes, code);
  std::string bytes;
  if (path == "-") {
    bytes = read_all(STDIN_FILENO, path, max_bytes, code);
  } else {
    const Descriptor file = open_for_reading(path, code);
    // Its writer takes the time that it takes.
    if (::fcntl(file.get(), F_SETFL, 0) != 0) refuse_kind(path, mode_of(file), code);
    bytes = read_all(file.get(), path, max_bytes, code);
  }
  if (bytes.empty()) {
    throw Error(code, fmt::format("cannot read {}: nothing was written to it", name_of(path)),
                "check the command that writes to it, or name a file");
  }
  return bytes;
}

std::optional<mode_t> permissions_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return status.st_mode & kPermissions;
}

void write_file_atomically(const std::filesystem::path& path, std::string_view bytes,
                           std::optional<mode_t> permissions) {
  NewFile file(path);
  file.write(bytes, permissions);
  file.put_in_place();
}

void replace_files(const std::vector<FileBytes>& files,
                   const std::vector<std::filesystem::path>& earlier) {
  std::deque<NewFile> written;
  for (const FileBytes& file : files) {
    written.emplace_back(file.path).write(file.bytes, std::nullopt);
  }
  for (const std::filesystem::path& file : earlier) remove_file(file);
  for (NewFile& file : written) file.put_in_place();
}

void remove_temporary_files(const std::filesystem::path& folder,
                            std::span<const char* const> names) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    // unlink, not remove: a folder with such a name is not ours.
    if (is_temporary(entry->path().filename().string(), names)) ::unlink(entry->path().c_str());
  }
  if (error) {
    throw Error(ExitCode::io,
                fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  }
}

void remove_file(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (!error) return;
  throw Error(ExitCode::io, fmt::format("cannot delete {}: {}", path.string(), error.message()),
              "check the disk and the folder's permissions, then start again");
}

void create_folders(const std::filesystem::path& folder) {
  const auto is_folder = [](const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored);
  };
  std::filesystem::path made;
  for (const std::filesystem::path& name : folder) {
    const std::filesystem::path parent = made.empty() ? std::filesystem::path(".") : made;
    made /= name;
    if (name.empty() || is_folder(made)) continue;
    if (::mkdir(made.c_str(), kPermissions) == 0) {
      sync_entries(parent, folder);
    } else if (errno != EEXIST) {
      throw_no_folder(folder, errno_message(errno));
    } else if (!is_folder(made)) {  // and not just made by another process
      throw_no_folder(folder, "a file of that name is in the way",
                      fmt::format("move the file {} away, or use another folder", made.string()));
    }
  }
}

Descriptor open_own_file(const std::filesystem::path& path, int flags) {
  // O_NONBLOCK: a FIFO or a device in the way must not hang.
  Descriptor file(
      ::open(path.c_str(), flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kNewFile));
  const int error = errno;
  const char* remedy = "move it away, or use another folder";
  if (file.get() < 0) {
    if (error == EACCES || error == EROFS) remedy = "make it writable, or use another folder";
    throw Error(ExitCode::io,
                fmt::format("cannot write {}: {}", path.string(),
                            error == ELOOP ? "it is a symbolic link" : errno_message(error)),
                remedy);
  }
  if (!S_ISREG(mode_of(file))) {
    throw Error(ExitCode::io,
                fmt::format("cannot write {}: it is not a regular file", path.string()), remedy);
  }
  return file;
}

}  // namespace mnist_bench
