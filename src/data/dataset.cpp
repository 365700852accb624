#include "data/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/sha256.h"
#include "base/shipped_files.h"
#include "data/data_files.h"
#include "data/idx.h"
#include "data/known_datasets.h"
#include "data/unreadable.h"

namespace mnist_bench {
namespace {

SourceFile describe(const IdxFile& file, FileRole role) {
  const std::string sha256 = file.hash.hex();
  return {file.path, file.raw_bytes(), sha256, known_dataset(role, sha256)};
}

ImageSet join(IdxFile images, IdxFile labels) {
  Sha256 hash = images.hash;
  hash.update(labels.header.data(), labels.header.size());
  hash.update(labels.stored().data(), labels.stored().size());
  ImageSet set;
  set.rows = images.dimensions[1];
  set.columns = images.dimensions[2];
  set.pixels = std::move(images.values);
  set.labels = std::move(labels.values);
  set.sha256 = hash.hex();
  return set;
}

void check_test_labels(const ImageSet& test, std::int64_t classes, std::uint8_t largest,
                       const std::filesystem::path& path) {
  const auto beyond = std::find_if(test.labels.begin(), test.labels.end(),
                                   [&](std::uint8_t label) { return label >= classes; });
  if (beyond == test.labels.end()) return;
  throw Error(ExitCode::data,
              fmt::format("{}: label {} at index {}, but the training labels go up to {}",
                          path.string(), *beyond, beyond - test.labels.begin(), largest),
              "use the training and test files of the same data set");
}

std::optional<std::string> common_name(const std::array<SourceFile, 4>& files) {
  const bool same = std::all_of(files.begin(), files.end(), [&](const SourceFile& file) {
    return file.known_as == files.front().known_as;
  });
  return same ? files.front().known_as : std::nullopt;
}

}  // namespace

std::filesystem::path shipped_mnist() {
  if (const auto found = find_shipped("mnist")) return *found;
  std::vector<std::string> folders;
  for (const std::filesystem::path& folder : shipped_folders()) {
    folders.push_back((folder / "mnist").string());
  }
  throw Error(ExitCode::data,
              fmt::format("the MNIST that ships with mnist-bench was not found in {}",
                          fmt::join(folders, ", ")),
              "name a folder of the four IDX files (data.directory), or with MNIST_BENCH_DATA the "
              "share/mnist-bench of an installation");
}

std::filesystem::path data_folder(const DataConfig& config) {
  return config.directory ? std::filesystem::path(*config.directory) : shipped_mnist();
}

Dataset load_dataset(const std::filesystem::path& folder) {
  const FourPaths paths = choose_files(find_data_files(folder));
  Dataset dataset;
  const auto read_split = [&](FileRole images_role, FileRole labels_role) {
    const auto images_index = static_cast<std::size_t>(images_role);
    const auto labels_index = static_cast<std::size_t>(labels_role);
    // The small file first: the images file has to match its size.
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
  check_test_labels(dataset.test, dataset.classes, largest, paths.at(3));
  if (dataset.train.rows != dataset.test.rows || dataset.train.columns != dataset.test.columns) {
    throw Error(ExitCode::data,
                fmt::format("{}: images of {} × {} pixels, but those of {} have {} × {}",
                            paths.at(2).string(), dataset.test.rows, dataset.test.columns,
                            paths.at(0).string(), dataset.train.rows, dataset.train.columns),
                "use the training and test files of the same data set");
  }
  dataset.identified = common_name(dataset.files);
  dataset.train_pixels = summarize_pixels(dataset.train);
  dataset.test_pixels = summarize_pixels(dataset.test);
  return dataset;
}

std::vector<FileStamp> file_stamps(const std::filesystem::path& folder) {
  std::vector<FileStamp> stamps;
  for (const auto& of_role : find_data_files(folder)) {
    for (const std::filesystem::path& path : of_role) {
      struct stat status {};
      if (::stat(path.c_str(), &status) != 0) {
        fail_unreadable(path, path.string(), errno, "put the file back");
      }
      stamps.push_back({.path = path,
                        .device = status.st_dev,
                        .inode = status.st_ino,
                        .bytes = status.st_size,
                        .ctime_seconds = status.st_ctim.tv_sec,
                        .ctime_nanoseconds = status.st_ctim.tv_nsec});
    }
  }
  return stamps;
}

std::string to_string(ChecksumStatus status) {
  switch (status) {
    case ChecksumStatus::known:
      return "known";
    case ChecksumStatus::mixed:
      return "mixed";
    case ChecksumStatus::unknown:
      break;
  }
  return "unknown";
}

ChecksumStatus checksum_status(const Dataset& dataset) {
  if (dataset.identified) return ChecksumStatus::known;
  const bool any_known =
      std::any_of(dataset.files.begin(), dataset.files.end(),
                  [](const SourceFile& file) { return file.known_as.has_value(); });
  return any_known ? ChecksumStatus::mixed : ChecksumStatus::unknown;
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

}  // namespace mnist_bench
