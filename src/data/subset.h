#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace mnist_bench {

/// All indices of `labels` in an order that starts with one image of each class that occurs (the
/// larger classes first) and whose every longer prefix has the classes in their overall
/// proportions, within one image per class. Where classes are so unequal that the first round alone
/// breaks the proportions, the order makes up for it as fast as it can. Fixed: it depends on the
/// labels alone, not on a run's seed, so that runs of several seeds see the same subset. Within a
/// class the order is a fixed shuffle, since the file order of MNIST's test set is not random (its
/// first half is the easier one).
std::vector<std::int64_t> stratified_order(const std::vector<std::uint8_t>& labels);

/// Images of a training file, by their index in it.
struct TrainingSplit {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> validation;
};

/// Holds the last images of the stratified order back for validation, so that they are the same
/// whatever the limit is, and trains on its first `config.train_limit` ones, or on all others in
/// the file's order. Throws, naming the keys, where there are fewer images: Error(usage) where some
/// are held back, else Error(data), as 0.1.0 did.
TrainingSplit training_split(const std::vector<std::uint8_t>& labels, const DataConfig& config);

/// How many images `training_split` leaves for training, of `images` in the file. Throws as it.
std::int64_t training_images(std::int64_t images, const DataConfig& config);

/// How many test images `config` uses, of `images` in the file. Throws as `limit_images`.
std::int64_t test_images(std::int64_t images, const DataConfig& config);

/// Cuts `set` to its first `limit` images of the stratified order, if there is a limit; returns the
/// indices kept. Throws Error(data), naming the config's `key`, where there are fewer images.
std::vector<std::int64_t> limit_images(ImageSet& set, std::optional<std::int64_t> limit,
                                       const std::string& key);

/// 0 … n − 1.
std::vector<std::int64_t> all_indices(const ImageSet& set);

}  // namespace mnist_bench
