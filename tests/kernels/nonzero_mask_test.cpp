#include "kernels/nonzero_mask.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "kernels/feature_map.h"

namespace mnist_bench::kernels {
namespace {

/// Whether any byte in the `size`×`size` ones that begin at (row, column) is not 0.
bool any(const std::vector<std::uint8_t>& image, std::size_t rows, std::size_t columns, int row,
         int column, int size) {
  for (int r = row; r < row + size; ++r) {
    for (int c = column; c < column + size; ++c) {
      if (r < 0 || c < 0 || r >= static_cast<int>(rows) || c >= static_cast<int>(columns)) continue;
      if (image[static_cast<std::size_t>(r) * columns + static_cast<std::size_t>(c)] != 0) {
        return true;
      }
    }
  }
  return false;
}

TEST(NonzeroMask, MarksEveryValueThatSeesANonzeroByteAndNoOther) {
  constexpr std::size_t kRows = 16;
  constexpr std::size_t kColumns = 20;
  const MapShape map{kRows / 2, kColumns / 2, kLine};
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::uint8_t> image(kRows * kColumns);
    for (unsigned i = 0; i < seed % 5; ++i) image[random() % image.size()] = 200;
    std::vector<std::uint8_t> scratch(kColumns + 2);
    std::vector<std::uint8_t> mask(map.mask_size(), 9);
    make_nonzero_mask(image.data(), kRows, kColumns, scratch.data(), mask.data());
    std::vector<std::uint8_t> expected(map.mask_size());  // 0 in the border
    for (std::size_t row = 0; row < map.rows; ++row) {
      for (std::size_t column = 0; column < map.columns; ++column) {
        expected[map.mask_index(row, column)] =
            any(image, kRows, kColumns, static_cast<int>(row) * 2 - 1,
                static_cast<int>(column) * 2 - 1, 4);
      }
    }
    EXPECT_EQ(mask, expected);
  }
}

}  // namespace
}  // namespace mnist_bench::kernels
