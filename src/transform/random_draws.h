#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"

namespace mnist_bench {

/// The random numbers of one image: draw j of SplitMix64 with this state, any j at any time.
class ImageStream {
 public:
  explicit ImageStream(std::uint64_t state) : state_(state) {}

  [[nodiscard]] std::uint64_t draw(std::uint64_t j) const {
    return split_mix(state_ + j * 0x9e3779b97f4a7c15U);
  }

 private:
  std::uint64_t state_;
};

/// The stream of image `index` (of its file) for the transform `type`.
inline ImageStream image_stream(std::int64_t seed, std::string_view stream, std::int64_t index) {
  return ImageStream(
      derive_seed(static_cast<std::uint64_t>(seed), stream, static_cast<std::uint64_t>(index)));
}

/// The upper 32 and 16 bits of a draw.
inline std::uint64_t hi32(std::uint64_t draw) { return draw >> 32U; }
inline std::uint64_t hi16(std::uint64_t draw) { return draw >> 48U; }

}  // namespace mnist_bench
