#pragma once

#include <string>
#include <string_view>

namespace mnist_bench {

/// Throws Error(io) where no file can be written: a folder, a special file, or one in a folder that
/// does not exist. For the file that a user named with -o, before anything is computed.
void require_writable_file(const std::string& file);

/// Writes the file that a user named with -o, atomically. A symbolic link stays one: the file that
/// it leads to is written, as by a shell's `>`. Throws Error(io).
void write_output_file(const std::string& file, std::string_view bytes);

}  // namespace mnist_bench
