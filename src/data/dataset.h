#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/experiment.h"

namespace mnist_bench {

/// Greyscale images of rows × columns pixels.
struct ImageShape {
  std::int64_t rows = 28;
  std::int64_t columns = 28;
};

/// One split: n greyscale images as bytes, with their labels.
struct ImageSet {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  /// [n, rows, columns], row-major, 0 = background, 255 = ink.
  std::vector<std::uint8_t> pixels;
  /// [n], 0 … classes − 1.
  std::vector<std::uint8_t> labels;
  /// SHA-256 over the raw (uncompressed) images file followed by the raw labels file.
  std::string sha256;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
};

/// One of the four files a data set was read from.
struct SourceFile {
  std::filesystem::path path;
  /// Size and SHA-256 of the uncompressed file.
  std::int64_t raw_bytes = 0;
  std::string sha256;
  /// The known data set ("mnist", "fashion-mnist") whose file of this role it is.
  std::optional<std::string> known_as;
};

struct Dataset {
  ImageSet train;
  ImageSet test;
  /// Largest label of the training set + 1; at least 2.
  std::int64_t classes = 0;
  /// "mnist" or "fashion-mnist" when all four raw files have that data set's published checksums.
  std::optional<std::string> identified;
  /// Training images, training labels, test images, test labels (index: FileRole).
  std::array<SourceFile, 4> files;
};

/// What tells a file that has changed without reading it. Any change, a replacement included, moves
/// the ctime, which no program can set back.
struct FileStamp {
  std::filesystem::path path;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t bytes = 0;
  std::int64_t ctime_seconds = 0;
  std::int64_t ctime_nanoseconds = 0;
  bool operator==(const FileStamp&) const = default;
};

/// Folder of the MNIST that ships with the project.
std::filesystem::path shipped_mnist();

/// Reads train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte from `folder`; where there is a raw file and a .gz, the raw one. Other
/// spellings in use count as well: '.' for the last '-', "test" for "t10k", and EMNIST's prefixes
/// ("emnist-letters-train-images-idx3-ubyte.gz"), of which a folder may hold one only.
/// Throws Error(data) naming file and cause for anything that is not a sound data set.
Dataset load_dataset(const std::filesystem::path& folder);

/// Of the four files that load_dataset(folder) would read now (index: FileRole). Throws Error(data)
/// where there are no such files.
std::array<FileStamp, 4> file_stamps(const std::filesystem::path& folder);

/// What the checksums say: the name of the known data set, "mixed" when only some of the files are
/// of a known one (or of different ones), else "unknown".
std::string verdict(const Dataset& dataset);

/// The images of `set` at `indices` (each 0 … n − 1), in that order; `sha256` stays that of the
/// whole files.
ImageSet select(const ImageSet& set, const std::vector<std::int64_t>& indices);

/// How many images each class has, index = class; `classes` exceeds every label.
std::vector<std::int64_t> class_counts(const ImageSet& set, std::int64_t classes);

/// What makes one doubt that `dataset` is what its user takes it for, a line each: classes that no
/// training image shows (a damaged label can be all that names them), and `label`, where that is
/// the name of a known data set whose checksums these files do not have.
std::vector<std::string> doubts_about(const Dataset& dataset, std::string_view label);

/// Mean and standard deviation (population) of the pixels scaled to [0, 1]; 0 for an empty set.
struct PixelStatistics {
  double mean = 0.0;
  double sd = 0.0;
};
PixelStatistics pixel_statistics(const ImageSet& set);

/// Mean and deviation that `normalization` subtracts and divides by: x ↦ (x/255 − mean)/sd.
PixelStatistics normalization_constants(Normalization normalization);

}  // namespace mnist_bench
