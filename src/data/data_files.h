#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/known_datasets.h"

namespace mnist_bench {

/// Index: FileRole.
using FourPaths = std::array<std::filesystem::path, 4>;
/// Index: FileRole; the file to read first, and others of the same role.
using DataFiles = std::array<std::vector<std::filesystem::path>, 4>;

/// The usual name of the file of a role: "train-images-idx3-ubyte".
std::string_view usual_name(FileRole role);

/// The files of the data set in `folder`, at least one for each role. Their names are
/// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte, in upper or lower case, with or without .gz, with '.' for any '-',
/// "test" for "t10k", and after a prefix that ends with '-' ("emnist-letters-"). A folder with such
/// a name is searched. Throws Error(data), saying what is there instead, where files are missing or
/// are of several data sets.
DataFiles find_data_files(const std::filesystem::path& folder);

/// One file for each role. Throws Error(data) naming two of the same role whose uncompressed bytes
/// differ.
FourPaths choose_files(const DataFiles& files);

}  // namespace mnist_bench
