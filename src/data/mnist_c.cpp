#include "data/mnist_c.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/escape.h"
#include "base/sha256.h"
#include "data/folder_contents.h"
#include "data/npy.h"
#include "data/npy_header.h"
#include "data/unreadable.h"

namespace mnist_bench {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTestImages = "test_images.npy";
constexpr const char* kTestLabels = "test_labels.npy";
constexpr std::int64_t kMaxCorruptedSide = 65536;  // as in IDX files
constexpr std::size_t kMaxCorruptionName = 64;

bool is_corruption_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !name.empty() && name.size() <= kMaxCorruptionName && name.front() != '.' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

void check_corruption_name(const fs::path& folder, std::string_view name) {
  if (is_corruption_name(name)) return;
  throw Error(ExitCode::data,
              fmt::format("{}: '{}' is no name of a corruption", folder.string(), escaped(name)),
              fmt::format("rename that folder: up to {} letters, digits, '_', '-' and '.'",
                          kMaxCorruptionName));
}

/// Rows and columns of an array of images, with a channel of 1 or without.
ImageShape image_shape(const std::vector<std::int64_t>& shape, const fs::path& path) {
  const bool has_channel = shape.size() == 4 && shape[3] == 1;
  if (shape.size() != 3 && !has_channel) {
    fail_npy(path,
             fmt::format("its shape is ({}); images have the shape (n, rows, columns, 1)",
                         fmt::join(shape, ", ")),
             "use a file of the published MNIST-C");
  }
  for (const std::int64_t side : {shape[1], shape[2]}) {
    if (side < 1 || side > kMaxCorruptedSide) {
      fail_npy(path, fmt::format("images of {} × {} pixels; a side has 1 … {}", shape[1], shape[2],
                                 kMaxCorruptedSide));
    }
  }
  if (shape[0] == 0) fail_npy(path, "it holds no images");
  return {.rows = shape[1], .columns = shape[2]};
}

}  // namespace

std::vector<std::string> mnist_c_corruptions(const fs::path& folder) {
  std::error_code error;
  const std::vector<FolderEntry> entries = list_folder(folder, error);
  if (error) {
    fail_unreadable(folder, shown_folder(folder), error.value(),
                    "name the folder that holds MNIST-C's folders");
  }
  std::vector<std::string> corruptions;
  for (const FolderEntry& entry : entries) {
    std::error_code unknown;
    if (!entry.is_folder) continue;
    // One of the two alone is an error, once it is read.
    if (!fs::exists(folder / entry.name / kTestImages, unknown) &&
        !fs::exists(folder / entry.name / kTestLabels, unknown)) {
      continue;
    }
    check_corruption_name(folder, entry.name);
    corruptions.push_back(entry.name);
  }
  if (corruptions.empty()) {
    throw Error(
        ExitCode::data,
        fmt::format(
            "no MNIST-C in {}: no folder in it holds {}; {}", shown_folder(folder), kTestImages,
            contents_text(entries, [](const FolderEntry& entry) { return entry.is_folder; })),
        "name the folder that holds a folder for each corruption, as unpacked from "
        "mnist_c.zip");
  }
  return corruptions;
}

ImageSet read_mnist_c(const fs::path& folder, std::string_view corruption, std::int64_t classes) {
  check_corruption_name(folder, corruption);
  const fs::path images_path = folder / corruption / kTestImages;
  const fs::path labels_path = folder / corruption / kTestLabels;
  NpyArray labels = read_npy_integers(labels_path, classes);
  if (labels.shape.size() != 1) {
    fail_npy(labels_path, fmt::format("its shape is ({}); labels have the shape (n,)",
                                      fmt::join(labels.shape, ", ")));
  }
  NpyArray images = read_npy_bytes(images_path);
  const ImageShape shape = image_shape(images.shape, images_path);
  if (images.shape[0] != labels.shape[0]) {
    fail_npy(images_path,
             fmt::format("{} images, but {} labels in {}", images.shape[0], labels.shape[0],
                         labels_path.string()),
             "use the two files that belong together");
  }
  Sha256 hash;
  hash.update(images.values.data(), images.values.size());
  hash.update(labels.values.data(), labels.values.size());
  return {.rows = shape.rows,
          .columns = shape.columns,
          .pixels = std::move(images.values),
          .labels = std::move(labels.values),
          .sha256 = hash.hex()};
}

}  // namespace mnist_bench
