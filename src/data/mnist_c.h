#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace mnist_bench {

/// MNIST-C (Mu and Gilmer 2019) as it is published: DIR/CORRUPTION/test_images.npy, unsigned bytes
/// [n, rows, columns, 1] or [n, rows, columns], and DIR/CORRUPTION/test_labels.npy, integers [n].

/// The folders in `folder` that hold test_images.npy, by name: "brightness", "canny_edges" …
/// Throws Error(data) where there is none, and for a name that could not be a part of a file's
/// name: other characters than letters, digits, '_', '-' and '.', a '.' at its beginning, or more
/// than 64 characters.
std::vector<std::string> mnist_c_corruptions(const std::filesystem::path& folder);

/// The test images of one corruption; labels 0 … classes − 1 (classes: 1 … 256). Its `sha256` is
/// that of the pixels followed by the labels, a byte each. Throws Error(data), naming the file, for
/// what npy.h refuses, no images, sides of 0 or more than 65,536, and images and labels of
/// different number.
ImageSet read_mnist_c(const std::filesystem::path& folder, std::string_view corruption,
                      std::int64_t classes);

}  // namespace mnist_bench
