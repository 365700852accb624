#include "data/augmented_set.h"

#include <algorithm>
#include <exception>
#include <span>
#include <system_error>
#include <utility>

#include "kernels/thread_team.h"

namespace mnist_bench {
namespace {

/// Images that a thread makes at a time.
constexpr std::size_t kImagesAtATime = 64;

ImageSet empty_copy(const ImageSet& set) {
  return {.rows = set.rows,
          .columns = set.columns,
          .pixels = std::vector<std::uint8_t>(set.pixels.size()),
          .labels = set.labels,
          .sha256 = set.sha256};
}

}  // namespace

AugmentedSet::AugmentedSet(const ImageSet& set, std::vector<std::int64_t> indices, EpochMap map,
                           std::int64_t last_epoch, std::int64_t threads)
    : set_(set),
      indices_(std::move(indices)),
      map_(std::move(map)),
      last_epoch_(last_epoch),
      threads_(threads),
      current_(empty_copy(set)),
      next_(empty_copy(set)) {}

AugmentedSet::~AugmentedSet() {
  taken_ = indices_.size();
  join();
}

const ImageSet& AugmentedSet::of(std::int64_t epoch) {
  if (next_epoch_ != epoch) {
    join();
    begin(epoch);
  }
  kernels::ThreadTeam team(static_cast<std::size_t>(threads_));
  team.run_throwing([&](std::size_t /*thread*/) { make_images(); });
  join();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  std::swap(current_, next_);
  if (epoch < last_epoch_) make_ahead(epoch + 1);
  return current_;
}

void AugmentedSet::make_ahead(std::int64_t epoch) {
  begin(epoch);
  try {
    maker_ = std::thread([this] {
      try {
        make_images();
      } catch (...) {
        failure_ = std::current_exception();
      }
    });
  } catch (const std::system_error&) {
    // The system starts no more threads: the images are made when the epoch begins.
  }
}

void AugmentedSet::begin(std::int64_t epoch) {
  next_epoch_ = epoch;
  taken_ = 0;
}

void AugmentedSet::make_images() {
  const std::size_t pixels = set_.shape().pixels();
  while (true) {
    const std::size_t first = taken_.fetch_add(kImagesAtATime);
    if (first >= indices_.size()) return;
    const std::size_t end = std::min(first + kImagesAtATime, indices_.size());
    for (std::size_t i = first; i < end; ++i) {
      map_(next_epoch_, indices_[i], std::span(set_.pixels).subspan(i * pixels, pixels),
           std::span(next_.pixels).subspan(i * pixels, pixels));
    }
  }
}

void AugmentedSet::join() {
  if (maker_.joinable()) maker_.join();
}

}  // namespace mnist_bench
