#include "app/output_file.h"

#include <filesystem>

#include "base/files.h"

namespace mnist_bench {

void write_output_file(const std::string& file, std::string_view bytes) {
  constexpr int kMostLinks = 40;  // as the kernel follows; a link to itself is an error below
  std::filesystem::path path = file;
  for (int links = 0; links < kMostLinks && std::filesystem::is_symlink(path); ++links) {
    // An absolute target replaces the folder.
    path = path.parent_path() / std::filesystem::read_symlink(path);
  }
  write_file_atomically(path, bytes);
}

}  // namespace mnist_bench
