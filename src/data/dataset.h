#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "data/pixels.h"
#include "transform/image_shape.h"

namespace mnist_bench {

/// One split: n greyscale images as bytes, with their labels.
struct ImageSet {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  /// [n, rows, columns], row-major, 0 = background, 255 = foreground.
  std::vector<std::uint8_t> pixels;
  /// [n], 0 … classes − 1.
  std::vector<std::uint8_t> labels;
  /// SHA-256 over the raw (uncompressed) images file followed by the raw labels file.
  std::string sha256;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  [[nodiscard]] ImageShape shape() const { return {.rows = rows, .columns = columns}; }
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
  /// Images of the training file that are held back from `train`; may be empty.
  ImageSet validation;
  /// Largest label of the training set + 1; at least 2.
  std::int64_t classes = 0;
  /// Summaries of all images of the files, even where `train` and `test` are cut to a part of them.
  PixelSummary train_pixels;
  PixelSummary test_pixels;
  /// "mnist" or "fashion-mnist" when all four raw files have that data set's published checksums.
  std::optional<std::string> identified;
  /// Training images, training labels, test images, test labels (index: FileRole).
  std::array<SourceFile, 4> files;
};

/// Detects a changed file without reading it. Any change, a replacement included, moves
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

/// The folder that `config` names: its `directory`, or shipped_mnist().
std::filesystem::path data_folder(const DataConfig& config);

/// Reads the four files that `find_data_files(folder)` finds.
/// Throws Error(data) naming file and cause for anything that is not a sound data set, and for two
/// files of the same role that differ.
Dataset load_dataset(const std::filesystem::path& folder);

/// Stamps of the files that load_dataset(folder) would read now, including those that it would
/// compare with others. Throws Error(data) where there are no such files.
std::vector<FileStamp> file_stamps(const std::filesystem::path& folder);

/// What the checksums of the files say.
enum class ChecksumStatus {
  known,    ///< all are those of one known data set
  mixed,    ///< only some are of a known one, or they are of different ones
  unknown,  ///< none is
};

/// "known", "mixed" or "unknown".
std::string to_string(ChecksumStatus status);

ChecksumStatus checksum_status(const Dataset& dataset);

/// The images of `set` at `indices` (each 0 … n − 1), in that order; `sha256` stays that of the
/// whole files.
ImageSet select(const ImageSet& set, const std::vector<std::int64_t>& indices);

/// How many images each class has, index = class; `classes` exceeds every label.
std::vector<std::int64_t> class_counts(const ImageSet& set, std::int64_t classes);

}  // namespace mnist_bench
