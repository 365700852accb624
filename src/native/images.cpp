#include "native/images.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "kernels/matrix.h"
#include "kernels/thread_team.h"

namespace mnist_bench::native {
namespace {

/// Writes the entries of the nonzero ones of image[first .. end) to to[size ...], and anything to
/// one more. Returns the new size.
std::size_t write_entries(const std::uint8_t* image, std::size_t first, std::size_t end,
                          std::uint32_t* to, std::size_t size) {
  for (std::size_t p = first; p < end; ++p) {
    // Without a branch, which would be mispredicted at every edge of a stroke.
    to[size] = static_cast<std::uint32_t>(p * kernels::kByteValues + image[p]);
    size += image[p] != 0 ? 1 : 0;
  }
  return size;
}

/// The same for a whole image of `pixels`.
std::size_t write_entries(const std::uint8_t* image, std::size_t pixels, std::uint32_t* to) {
  // Eight pixels of background at a time: two thirds of MNIST.
  constexpr std::size_t kTogether = sizeof(std::uint64_t);
  std::size_t size = 0;
  std::size_t p = 0;
  for (; p + kTogether <= pixels; p += kTogether) {
    std::uint64_t together = 0;
    std::memcpy(&together, image + p, kTogether);
    if (together != 0) size = write_entries(image, p, p + kTogether, to, size);
  }
  return write_entries(image, p, pixels, to, size);
}

/// What a thread needs for its images.
struct Workspace {
  explicit Workspace(std::size_t pixels) : entries(pixels + 1), counts(pixels) {}
  std::vector<std::uint32_t> entries;  ///< of one image
  std::vector<std::size_t> counts;     ///< of its nonzero pixels
};

}  // namespace

Images::Images(const ImageSet& set, std::int64_t threads)
    : set_(set), pixels_(static_cast<std::size_t>(set.rows * set.columns)) {
  if (pixels_ > kernels::kMaxPixelIndex) {
    throw Error(ExitCode::usage,
                fmt::format("the native engine takes images of up to {} pixels; these are {} × {}",
                            kernels::kMaxPixelIndex, set.rows, set.columns),
                "use training.engine=libtorch");
  }
  const auto size = static_cast<std::size_t>(set.size());
  kernels::ThreadTeam team(static_cast<std::size_t>(threads));
  std::vector<Workspace> workspaces(team.size(), Workspace(pixels_));
  offsets_.resize(size + 1);
  team.run([&](std::size_t thread) {
    const kernels::Range images = kernels::partition(size, 1, thread, team.size());
    for (std::size_t i = images.begin; i < images.end; ++i) {
      const std::uint8_t* const image = bytes(static_cast<std::int64_t>(i));
      offsets_[i + 1] = pixels_ - static_cast<std::size_t>(std::count(image, image + pixels_, 0));
    }
  });
  std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
  // Not set to 0 first: the threads that fill it touch its pages.
  entries_ = std::make_unique_for_overwrite<std::uint32_t[]>(offsets_.back());
  team.run([&](std::size_t thread) {
    Workspace& work = workspaces[thread];
    const kernels::Range images = kernels::partition(size, 1, thread, team.size());
    for (std::size_t i = images.begin; i < images.end; ++i) {
      const std::size_t count =
          write_entries(bytes(static_cast<std::int64_t>(i)), pixels_, work.entries.data());
      std::copy_n(work.entries.data(), count, entries_.get() + offsets_[i]);
      for (std::size_t e = 0; e < count; ++e) ++work.counts[work.entries[e] / kernels::kByteValues];
    }
  });
  nonzero_counts_.resize(pixels_);
  for (const Workspace& work : workspaces) {
    std::transform(work.counts.begin(), work.counts.end(), nonzero_counts_.begin(),
                   nonzero_counts_.begin(), std::plus());
  }
}

}  // namespace mnist_bench::native
