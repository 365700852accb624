#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "kernels/sparse.h"

namespace mnist_bench::native {

/// A data set in the form that the networks of this engine read. `set` must outlive it.
class Images {
 public:
  /// On `threads` threads. Throws Error(usage) for images of more pixels than an entry can number.
  explicit Images(const ImageSet& set, std::int64_t threads = 1);

  [[nodiscard]] const ImageSet& set() const { return set_; }
  [[nodiscard]] std::int64_t size() const { return set_.size(); }
  [[nodiscard]] std::size_t pixels() const { return pixels_; }

  /// The pixels of an image that are not 0; index: row · columns + column.
  [[nodiscard]] kernels::PixelRow nonzero_pixels(std::int64_t image) const {
    const auto i = static_cast<std::size_t>(image);
    return {entries_.get() + offsets_[i], offsets_[i + 1] - offsets_[i]};
  }
  /// [rows, columns]
  [[nodiscard]] const std::uint8_t* bytes(std::int64_t image) const {
    return set_.pixels.data() + static_cast<std::size_t>(image) * pixels_;
  }
  [[nodiscard]] std::uint8_t label(std::int64_t image) const {
    return set_.labels[static_cast<std::size_t>(image)];
  }

  /// For each pixel, in how many images it is not 0.
  [[nodiscard]] const std::vector<std::size_t>& nonzero_counts() const { return nonzero_counts_; }

 private:
  const ImageSet& set_;
  std::size_t pixels_ = 0;
  std::unique_ptr<std::uint32_t[]> entries_;
  std::vector<std::size_t> offsets_;
  std::vector<std::size_t> nonzero_counts_;
};

}  // namespace mnist_bench::native
