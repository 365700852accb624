#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "data/dataset.h"
#include "transform/augmentation.h"

namespace mnist_bench {

/// A training set as each epoch sees it: augmented, with the labels of the set. While one epoch
/// trains, a thread makes the images of the next. They are the same for any number of threads.
/// Takes the memory of two sets.
class AugmentedSet {
 public:
  /// `set` must outlive it. `indices`: [n], of its images in the training file. `map`: how an image
  /// is made. `last_epoch`: none is made ahead of time after it. `threads`: those that make the
  /// images that training waits for.
  AugmentedSet(const ImageSet& set, std::vector<std::int64_t> indices, EpochMap map,
               std::int64_t last_epoch, std::int64_t threads);
  ~AugmentedSet();
  AugmentedSet(const AugmentedSet&) = delete;
  AugmentedSet& operator=(const AugmentedSet&) = delete;

  /// The set as `epoch` sees it, until the next call. Waits for the images that are still missing,
  /// and helps to make them.
  const ImageSet& of(std::int64_t epoch);

  [[nodiscard]] std::int64_t threads() const { return threads_; }

 private:
  /// Images of `next_` are made from now on, of `epoch`.
  void begin(std::int64_t epoch);
  /// As `begin`, in a thread.
  void make_ahead(std::int64_t epoch);
  /// Makes images until all are made, or are being made by another thread.
  void make_images();
  /// Ends `maker_`.
  void join();

  const ImageSet& set_;
  std::vector<std::int64_t> indices_;
  EpochMap map_;
  std::int64_t last_epoch_;
  std::int64_t threads_;
  ImageSet current_;
  ImageSet next_;
  std::int64_t next_epoch_ = 0;        ///< of `next_`; 0: none
  std::atomic<std::size_t> taken_{0};  ///< images of `next_` that are made, or being made
  std::exception_ptr failure_;         ///< of `maker_`
  std::thread maker_;
};

}  // namespace mnist_bench
