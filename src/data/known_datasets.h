#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace mnist_bench {

/// The four files of a data set, in the order in which they are listed everywhere.
enum class FileRole { train_images, train_labels, test_images, test_labels };

inline constexpr std::array kFileRoles = {FileRole::train_images, FileRole::train_labels,
                                          FileRole::test_images, FileRole::test_labels};

/// "train_images", "train_labels", "test_images", "test_labels".
std::string_view to_string(FileRole role);

/// "mnist" or "fashion-mnist" when that data set's file for `role` has this SHA-256, which is that
/// of the uncompressed file, so that recompressing changes nothing. The values of MNIST are those
/// of the shipped files; those of Fashion-MNIST are the ones that several independent projects
/// publish for what the gzip files with the authors' MD5 checksums decompress to.
std::optional<std::string> known_dataset(FileRole role, std::string_view sha256);

/// Whether `name` is that of a data set whose checksums are known.
bool is_known_dataset(std::string_view name);

}  // namespace mnist_bench
