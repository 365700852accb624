#pragma once

#include <cstdint>
#include <vector>

namespace mnist_bench {

/// All indices of `labels` in an order whose every prefix has the classes in their overall
/// proportions (within one image per class), and whose first `classes` entries show each class that
/// occurs once. Fixed: it depends on the labels alone, not on a run's seed, so that runs of several
/// seeds see the same subset. Within a class the order is a fixed shuffle, since the file order of
/// MNIST's test set is not random (its first half is the easier one).
std::vector<std::int64_t> stratified_order(const std::vector<std::uint8_t>& labels);

}  // namespace mnist_bench
