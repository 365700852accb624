#include "data/subset.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/random.h"

namespace mnist_bench {
namespace {

struct ClassImages {
  /// The class's images in the order in which they are handed out.
  std::vector<std::int64_t> indices;
  std::size_t taken = 0;

  [[nodiscard]] std::int64_t size() const { return std::ssize(indices); }
  std::int64_t take() { return indices[taken++]; }
};

/// One entry per class that occurs, in the order of the labels.
std::vector<ClassImages> by_class(const std::vector<std::uint8_t>& labels) {
  std::array<std::vector<std::int64_t>, 256> file_order;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    file_order.at(labels[i]).push_back(static_cast<std::int64_t>(i));
  }
  std::vector<ClassImages> classes;
  for (std::size_t label = 0; label < file_order.size(); ++label) {
    const auto& images = file_order.at(label);
    if (images.empty()) continue;
    ClassImages shuffled;
    for (const std::int64_t index :
         permutation(std::ssize(images), derive_seed(/*seed=*/0, "stratified_order", label))) {
      shuffled.indices.push_back(images[static_cast<std::size_t>(index)]);
    }
    classes.push_back(std::move(shuffled));
  }
  return classes;
}

/// Whose turn it is at position `position` (1 … total): of the classes that are behind their share
/// by at least 1/(2k−2) of an image, the one that would be the first to fall a whole image behind.
/// With k classes no class then strays by more than 1 − 1/(2k−2) (Tijdeman 1980, "The chairman
/// assignment problem").
ClassImages& next_class(std::vector<ClassImages>& classes, std::int64_t position,
                        std::int64_t total) {
  const std::int64_t parts = std::max<std::int64_t>(2 * std::ssize(classes) - 2, 1);
  ClassImages* next = nullptr;
  double earliest = 0.0;
  for (ClassImages& candidate : classes) {
    // How far behind, in images times total.
    const std::int64_t behind =
        candidate.size() * position - total * static_cast<std::int64_t>(candidate.taken);
    if (behind * parts < total) continue;
    const double deadline = static_cast<double>((parts - 1) * total - parts * behind) /
                            static_cast<double>(candidate.size());
    if (next == nullptr || deadline < earliest) {
      next = &candidate;
      earliest = deadline;
    }
  }
  return *next;  // the classes are behind by one image in all, so that one is by at least 1/k
}

std::vector<std::int64_t> first_indices(std::int64_t size) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(size));
  std::iota(indices.begin(), indices.end(), std::int64_t{0});
  return indices;
}

void require_images(std::int64_t limit, std::int64_t images, const std::string& key) {
  if (limit <= images) return;
  throw Error(ExitCode::data,
              fmt::format("{} is {}, but there are only {} images", key, limit, images),
              fmt::format("set {}=null for all of them", key));
}

}  // namespace

std::vector<std::int64_t> stratified_order(const std::vector<std::uint8_t>& labels) {
  std::vector<ClassImages> classes = by_class(labels);
  // Larger classes first: no class waits for its first image longer than its share allows.
  std::stable_sort(classes.begin(), classes.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  std::vector<std::int64_t> order;
  order.reserve(labels.size());
  for (ClassImages& each : classes) order.push_back(each.take());
  while (order.size() < labels.size()) {
    order.push_back(next_class(classes, std::ssize(order) + 1, std::ssize(labels)).take());
  }
  return order;
}

TrainingSplit training_split(const std::vector<std::uint8_t>& labels, const DataConfig& config) {
  const std::int64_t size = training_images(std::ssize(labels), config);
  TrainingSplit split;
  if (config.train_limit || config.validation) split.train = stratified_order(labels);
  if (config.validation) {
    const auto held_back = split.train.end() - *config.validation;
    split.validation.assign(held_back, split.train.end());
    split.train.erase(held_back, split.train.end());
    std::sort(split.validation.begin(), split.validation.end());
  }
  if (config.train_limit) {
    split.train.resize(static_cast<std::size_t>(size));
  } else if (config.validation) {
    std::sort(split.train.begin(), split.train.end());
  } else {
    split.train = first_indices(size);
  }
  return split;
}

std::int64_t training_images(std::int64_t images, const DataConfig& config) {
  if (!config.validation) {
    if (config.train_limit) require_images(*config.train_limit, images, "data.train_limit");
    return config.train_limit.value_or(images);
  }
  const std::int64_t left = images - *config.validation;
  if (left >= config.train_limit.value_or(1)) return config.train_limit.value_or(left);
  throw Error(
      ExitCode::usage,
      config.train_limit
          ? fmt::format("data.train_limit is {} and data.validation {}, but there are only {} "
                        "training images",
                        *config.train_limit, *config.validation, images)
          : fmt::format("data.validation is {} of {} training images; none is left to train on",
                        *config.validation, images),
      "make data.validation smaller");
}

std::int64_t test_images(std::int64_t images, const DataConfig& config) {
  if (config.test_limit) require_images(*config.test_limit, images, "data.test_limit");
  return config.test_limit.value_or(images);
}

std::vector<std::int64_t> limit_images(ImageSet& set, std::optional<std::int64_t> limit,
                                       const std::string& key) {
  if (!limit) return all_indices(set);
  require_images(*limit, set.size(), key);
  std::vector<std::int64_t> indices = stratified_order(set.labels);
  indices.resize(static_cast<std::size_t>(*limit));
  set = select(set, indices);
  return indices;
}

std::vector<std::int64_t> all_indices(const ImageSet& set) { return first_indices(set.size()); }

}  // namespace mnist_bench
