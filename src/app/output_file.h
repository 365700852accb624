#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// Throws Error for a file named twice with -o, for one that cannot be written since it, or the
/// folder that it would be in, is no file or folder, for one that a run has written itself, also
/// where a link leads to it, and for JSON that is no output of the program, such as a config:
/// before there is anything to write.
void check_output_files(const std::vector<std::string>& files);

/// Writes the file that a user named with -o, atomically. A symbolic link stays one: the file that
/// it leads to is written, as by a shell's `>`. Throws Error(io).
void write_output_file(const std::string& file, std::string_view bytes);

}  // namespace mnist_bench
