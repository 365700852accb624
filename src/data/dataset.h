#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mnist_bench {

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

struct Dataset {
  ImageSet train;
  ImageSet test;
  /// Largest label of the training set + 1; at least 2.
  std::int64_t classes = 0;
  /// "mnist" or "fashion-mnist" when all four raw files have that data set's published checksums.
  std::optional<std::string> identified;
};

/// Folder of the MNIST that ships with the project.
std::filesystem::path shipped_mnist();

/// Reads train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
/// t10k-labels-idx1-ubyte (raw or .gz; EMNIST's and other '-'/'.' spellings included) from `folder`.
/// Throws Error(data) naming file and cause for anything that is not a sound data set.
Dataset load_dataset(const std::filesystem::path& folder);

/// The images of `set` at `indices`, in that order; `sha256` stays that of the whole files.
ImageSet select(const ImageSet& set, const std::vector<std::int64_t>& indices);

/// How many images each class has, index = class.
std::vector<std::int64_t> class_counts(const ImageSet& set, std::int64_t classes);

/// Mean and standard deviation (population) of the pixels scaled to [0, 1].
struct PixelStatistics {
  double mean = 0.0;
  double sd = 0.0;
};
PixelStatistics pixel_statistics(const ImageSet& set);

}  // namespace mnist_bench
