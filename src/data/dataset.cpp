#include "data/dataset.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>
#include <system_error>

#include "base/error.h"
#include "base/sha256.h"
#include "data/idx.h"
#include "data/known_datasets.h"

namespace mnist_bench {
namespace {

/// Index: FileRole.
using FourPaths = std::array<std::filesystem::path, 4>;
constexpr std::array<std::string_view, 4> kFileNames{
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte"};
constexpr std::string_view kFolderRemedy =
    "set data.directory to a folder with the four IDX files of a data set, raw or .gz";

/// Paths of the four files in `folder`, by the prefix that precedes their names ("" for MNIST,
/// "emnist-letters-" for a part of EMNIST). An empty path stands for a file that is not there.
std::map<std::string, FourPaths> find_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error) {
    throw Error(ExitCode::data,
                fmt::format("cannot read the data folder {}: {}", folder.string(), error.message()),
                std::string(kFolderRemedy));
  }
  std::map<std::string, FourPaths> found;
  for (const auto& entry : entries) {
    std::string name = entry.path().filename().string();
    const bool compressed = name.ends_with(".gz");
    if (compressed) name.resize(name.size() - 3);
    std::replace(name.begin(), name.end(), '.', '-');
    for (std::size_t role = 0; role < kFileNames.size(); ++role) {
      std::string_view expected = kFileNames.at(role);
      const std::string other_spelling = fmt::format("test{}", expected.substr(4));
      if (expected.starts_with("t10k") && name.ends_with(other_spelling)) expected = other_spelling;
      if (!name.ends_with(expected)) continue;
      const std::string prefix = name.substr(0, name.size() - expected.size());
      if (!prefix.empty() && !prefix.ends_with('-')) continue;
      std::filesystem::path& path = found[prefix].at(role);
      if (path.empty() || !compressed) path = entry.path();
    }
  }
  return found;
}

FourPaths the_four_files(const std::filesystem::path& folder) {
  std::map<std::string, FourPaths> found = find_files(folder);
  if (found.size() > 1) {
    std::string names;
    for (const auto& [prefix, paths] : found) {
      const std::filesystem::path& path =
          *std::find_if(paths.begin(), paths.end(), [](const auto& each) { return !each.empty(); });
      names += fmt::format("{}{}", names.empty() ? "" : ", ", path.filename().string());
    }
    throw Error(ExitCode::data,
                fmt::format("{} holds files of several data sets ({})", folder.string(), names),
                "put the four files of one data set into a folder of their own");
  }
  FourPaths paths = found.empty() ? FourPaths{} : found.begin()->second;
  std::string missing;
  for (std::size_t role = 0; role < paths.size(); ++role) {
    if (!paths.at(role).empty()) continue;
    missing += fmt::format("{}{}{}", missing.empty() ? "" : ", ",
                           found.empty() ? "" : found.begin()->first, kFileNames.at(role));
  }
  if (!missing.empty()) {
    throw Error(ExitCode::data, fmt::format("{} lacks {} (raw or .gz)", folder.string(), missing),
                std::string(kFolderRemedy));
  }
  return paths;
}

SourceFile describe(const IdxFile& file, FileRole role) {
  const std::string sha256 = file.hash.hex();
  return {file.path, file.raw_bytes(), sha256, known_dataset(role, sha256)};
}

ImageSet join(IdxFile images, IdxFile labels) {
  Sha256 hash = images.hash;
  hash.update(labels.header.data(), labels.header.size());
  hash.update(labels.values.data(), labels.values.size());
  ImageSet set;
  set.rows = images.dimensions[1];
  set.columns = images.dimensions[2];
  set.pixels = std::move(images.values);
  set.labels = std::move(labels.values);
  set.sha256 = hash.hex();
  return set;
}

void check_test_labels(const ImageSet& test, std::int64_t classes,
                       const std::filesystem::path& path) {
  const auto beyond = std::find_if(test.labels.begin(), test.labels.end(),
                                   [&](std::uint8_t label) { return label >= classes; });
  if (beyond == test.labels.end()) return;
  throw Error(ExitCode::data,
              fmt::format("{}: label {} at index {}, but the training set has the classes 0 to {}",
                          path.string(), *beyond, beyond - test.labels.begin(), classes - 1),
              "use the training and test files of the same data set");
}

std::optional<std::string> common_name(const std::array<SourceFile, 4>& files) {
  const bool same = std::all_of(files.begin(), files.end(), [&](const SourceFile& file) {
    return file.known_as == files.front().known_as;
  });
  return same ? files.front().known_as : std::nullopt;
}

}  // namespace

std::filesystem::path shipped_mnist() { return MNIST_BENCH_SHIPPED_MNIST; }

Dataset load_dataset(const std::filesystem::path& folder) {
  const FourPaths paths = the_four_files(folder);
  Dataset dataset;
  const auto read_split = [&](FileRole images_role, FileRole labels_role) {
    const auto images_index = static_cast<std::size_t>(images_role);
    const auto labels_index = static_cast<std::size_t>(labels_role);
    // The small file first: its size is what the images file has to answer to.
    IdxFile labels = read_idx_labels(paths.at(labels_index));
    IdxFile images = read_idx_images(paths.at(images_index), labels);
    dataset.files.at(labels_index) = describe(labels, labels_role);
    dataset.files.at(images_index) = describe(images, images_role);
    return join(std::move(images), std::move(labels));
  };
  dataset.train = read_split(FileRole::train_images, FileRole::train_labels);
  dataset.test = read_split(FileRole::test_images, FileRole::test_labels);

  const std::uint8_t largest =
      *std::max_element(dataset.train.labels.begin(), dataset.train.labels.end());
  dataset.classes = std::max<std::int64_t>(largest + 1, 2);
  check_test_labels(dataset.test, dataset.classes, paths.at(3));
  if (dataset.train.rows != dataset.test.rows || dataset.train.columns != dataset.test.columns) {
    throw Error(ExitCode::data,
                fmt::format("{}: images of {} × {} pixels, but those of {} have {} × {}",
                            paths.at(2).string(), dataset.test.rows, dataset.test.columns,
                            paths.at(0).string(), dataset.train.rows, dataset.train.columns),
                "use the training and test files of the same data set");
  }
  dataset.identified = common_name(dataset.files);
  return dataset;
}

std::array<FileStamp, 4> file_stamps(const std::filesystem::path& folder) {
  std::array<FileStamp, 4> stamps;
  const FourPaths paths = the_four_files(folder);
  for (std::size_t role = 0; role < stamps.size(); ++role) {
    const std::filesystem::path& path = paths.at(role);
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      throw Error(
          ExitCode::data,
          fmt::format("cannot read {}: {}", path.string(), std::generic_category().message(errno)),
          std::string(kFolderRemedy));
    }
    stamps.at(role) = {.path = path,
                       .device = status.st_dev,
                       .inode = status.st_ino,
                       .bytes = status.st_size,
                       .ctime_seconds = status.st_ctim.tv_sec,
                       .ctime_nanoseconds = status.st_ctim.tv_nsec};
  }
  return stamps;
}

std::string verdict(const Dataset& dataset) {
  if (dataset.identified) return *dataset.identified;
  const bool any_known =
      std::any_of(dataset.files.begin(), dataset.files.end(),
                  [](const SourceFile& file) { return file.known_as.has_value(); });
  return any_known ? "mixed" : "unknown";
}

ImageSet select(const ImageSet& set, const std::vector<std::int64_t>& indices) {
  ImageSet chosen;
  chosen.rows = set.rows;
  chosen.columns = set.columns;
  chosen.sha256 = set.sha256;
  const std::int64_t image_bytes = set.rows * set.columns;
  chosen.pixels.reserve(indices.size() * static_cast<std::size_t>(image_bytes));
  chosen.labels.reserve(indices.size());
  for (const std::int64_t index : indices) {
    chosen.labels.push_back(set.labels.at(static_cast<std::size_t>(index)));
    const auto image = set.pixels.begin() + index * image_bytes;
    chosen.pixels.insert(chosen.pixels.end(), image, image + image_bytes);
  }
  return chosen;
}

std::vector<std::int64_t> class_counts(const ImageSet& set, std::int64_t classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(classes), 0);
  for (const std::uint8_t label : set.labels) ++counts.at(label);
  return counts;
}

std::vector<std::string> doubts_about(const Dataset& dataset, std::string_view label) {
  std::vector<std::string> doubts;
  const std::vector<std::int64_t> counts = class_counts(dataset.train, dataset.classes);
  std::vector<std::size_t> absent;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] == 0) absent.push_back(k);
  }
  if (!absent.empty()) {
    doubts.push_back(fmt::format(
        "the training labels go up to {}, but {} of the {} classes have no training image "
        "(the first: {}); 'mnist-bench data info DIR' counts them",
        dataset.classes - 1, absent.size(), dataset.classes, absent.front()));
  }
  if (!dataset.identified && is_known_dataset(label)) {
    doubts.push_back(fmt::format(
        "data.dataset says '{}', but by their checksums not all of the files are that data set's",
        label));
  }
  return doubts;
}

PixelStatistics pixel_statistics(const ImageSet& set) {
  if (set.pixels.empty()) return {};
  std::array<std::int64_t, 256> histogram{};
  for (const std::uint8_t pixel : set.pixels) ++histogram[pixel];
  const auto count = static_cast<double>(set.pixels.size());
  const auto mean_of = [&](const auto& function) {
    double sum = 0.0;
    for (std::size_t value = 0; value < histogram.size(); ++value) {
      sum += static_cast<double>(histogram[value]) * function(static_cast<double>(value) / 255.0);
    }
    return sum / count;
  };
  const double mean = mean_of([](double x) { return x; });
  const double variance = mean_of([&](double x) { return (x - mean) * (x - mean); });
  return {mean, std::sqrt(variance)};
}

PixelStatistics normalization_constants(Normalization normalization) {
  if (normalization == Normalization::unit) return {.mean = 0.0, .sd = 1.0};
  return {.mean = 0.1307, .sd = 0.3081};  // paper, sec. 3.6
}

}  // namespace mnist_bench
