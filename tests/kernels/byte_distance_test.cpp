#include "kernels/byte_distance.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

WideRows widened(const std::vector<std::uint8_t>& bytes, std::size_t width) {
  WideRows rows;
  widen(bytes.data(), bytes.size() / width, width, rows);
  return rows;
}

TEST(ByteDistance, IsTheSumOfSquaredDifferencesForAnyNumberOfRowsAndBytes) {
  on_every_target([] {
    std::mt19937 random(3);
    for (const std::size_t width : {1U, 31U, 32U, 33U, 784U}) {
      for (const std::size_t count : {1U, 3U, 4U, 9U}) {
        std::vector<std::uint8_t> left((count + 1) * width);
        std::vector<std::uint8_t> right(count * width);
        for (auto& byte : left) byte = static_cast<std::uint8_t>(random());
        for (auto& byte : right) byte = static_cast<std::uint8_t>(random());
        std::vector<std::uint32_t> distances((count + 1) * count);
        squared_distances(widened(left, width), widened(right, width), distances.data());
        for (std::size_t q = 0; q <= count; ++q) {
          for (std::size_t r = 0; r < count; ++r) {
            std::uint32_t sum = 0;
            for (std::size_t i = 0; i < width; ++i) {
              const int difference = left[q * width + i] - right[r * width + i];
              sum += static_cast<std::uint32_t>(difference * difference);
            }
            ASSERT_EQ(distances[q * count + r], sum) << width << " " << q << " " << r;
          }
        }
      }
    }
  });
}

TEST(ByteDistance, IsExactForTheLargestImages) {
  on_every_target([] {
    const std::vector<std::uint8_t> white(kMostDistanceBytes, 255);
    const std::vector<std::uint8_t> black(kMostDistanceBytes, 0);
    std::uint32_t distance = 1;
    squared_distances(widened(white, white.size()), widened(white, white.size()), &distance);
    EXPECT_EQ(distance, 0U);
    squared_distances(widened(white, white.size()), widened(black, black.size()), &distance);
    EXPECT_EQ(distance, 33'025U * 65'025U);
  });
}

}  // namespace
}  // namespace mnist_bench::kernels
