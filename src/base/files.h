#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/error.h"

namespace mnist_bench {

/// The bytes of a regular file of at most `max_bytes`. Anything else (missing, a folder, a FIFO,
/// larger) is an Error with `code`; opening never blocks.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes, ExitCode code);

/// The beginning of a file, and the size of the whole.
struct FileStart {
  std::string bytes;
  std::uint64_t size = 0;
};

/// The first `max_bytes` bytes of a regular file; otherwise like `read_file`.
FileStart read_start(const std::filesystem::path& path, std::size_t max_bytes, ExitCode code);

/// Reads the input that a user names: like `read_file`, but "-" is stdin, and a pipe or a character
/// device ("/dev/fd/63" of a shell's <(..)) is read to its end. Opening never blocks: a pipe
/// without a writer is an Error.
std::string read_input(const std::filesystem::path& path, std::size_t max_bytes, ExitCode code);

/// Whether `path` names input without a file name of its own: "-", a pipe, a device.
bool is_stream(const std::filesystem::path& path);

/// Writes `bytes` to a temporary file in the same folder, syncs it to disk and renames it to
/// `path`, so that a reader sees the old file or the new one, never a part. A file that is replaced
/// keeps its permissions; a new one gets `permissions` or, without these, 0666 & ~umask. Throws
/// Error(io) and leaves nothing behind when any step fails.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes,
                           std::optional<mode_t> permissions = std::nullopt);

struct FileBytes {
  std::filesystem::path path;
  std::string bytes;
};

/// Writes files that belong together in place of `earlier` ones: all are written, then `earlier`
/// are deleted, then all are put in place. A process that is killed meanwhile leaves the earlier
/// files, or a part of either, never files of both that seem complete. If putting one in place
/// fails, the earlier files are gone.
void replace_files(const std::vector<FileBytes>& files,
                   const std::vector<std::filesystem::path>& earlier);

/// The permissions (0777 at most) of the regular file at `path`; absent where there is none.
std::optional<mode_t> permissions_of(const std::filesystem::path& path);

/// Deletes what an interrupted `write_file_atomically` of the files `names` left in `folder`:
/// ".NAME.tmp-XXXXXX". Throws Error(io) when the folder cannot be read.
void remove_temporary_files(const std::filesystem::path& folder,
                            std::span<const char* const> names);

/// Deletes a file, if there is one. Throws Error(io).
void remove_file(const std::filesystem::path& path);

/// Creates `folder` and its parents, and syncs the parent of each new one. Throws
/// Error(io) if that is impossible.
void create_folders(const std::filesystem::path& folder);

/// Opens the regular file at `path` with `flags` (O_RDWR, O_WRONLY | O_APPEND), creating it where
/// it is missing. A symbolic link is not followed. Throws Error(io).
Descriptor open_own_file(const std::filesystem::path& path, int flags);

}  // namespace mnist_bench
