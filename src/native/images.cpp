#include "native/images.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace mnist_bench::native {

Images::Images(const ImageSet& set)
    : set_(set), pixels_(static_cast<std::size_t>(set.rows * set.columns)) {
  if (pixels_ > kernels::kMaxPixelIndex) {
    throw Error(ExitCode::usage,
                fmt::format("the native engine takes images of up to {} pixels; these are {} × {}",
                            kernels::kMaxPixelIndex, set.rows, set.columns),
                "use training.engine=libtorch");
  }
  const auto ink = set.pixels.size() -
                   static_cast<std::size_t>(std::count(set.pixels.begin(), set.pixels.end(), 0));
  entries_.reserve(ink);
  offsets_.reserve(static_cast<std::size_t>(set.size()) + 1);
  offsets_.push_back(0);
  for (const std::uint8_t* image = set.pixels.data();
       offsets_.size() <= static_cast<std::size_t>(set.size()); image += pixels_) {
    for (std::size_t p = 0; p < pixels_; ++p) {
      if (image[p] != 0) {
        entries_.push_back(static_cast<std::uint32_t>(p * kernels::kByteValues + image[p]));
      }
    }
    offsets_.push_back(entries_.size());
  }
}

std::vector<std::size_t> Images::ink_counts() const {
  std::vector<std::size_t> counts(pixels_, 0);
  for (const std::uint32_t entry : entries_) ++counts[entry / kernels::kByteValues];
  return counts;
}

}  // namespace mnist_bench::native
