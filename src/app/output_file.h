#pragma once

#include <string>
#include <string_view>

namespace mnist_bench {

/// Throws Error(io) where a file that a user named with -o cannot be: for a folder, a special file,
/// and in a folder that does not exist.
void check_output_file(const std::string& file);

/// Writes the file that a user named with -o, atomically. A symbolic link stays one: the file that
/// it leads to is written, as by a shell's `>`. Throws Error(io).
void write_output_file(const std::string& file, std::string_view bytes);

}  // namespace mnist_bench
