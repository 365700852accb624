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
  for (unsigned seed = 0; seed < 40; ++seed) {
    const std::size_t rows = 16 + seed / 20;
    const std::size_t columns = 20 + seed / 10 % 2;
    const MapShape map{rows / 2, columns / 2, kLine};
    std::mt19937 random(seed);
    std::vector<std::uint8_t> image(rows * columns);
    for (unsigned i = 0; i < seed % 5; ++i) image[random() % image.size()] = 200;
    std::vector<std::uint8_t> scratch(columns + 2);
    std::vector<std::uint8_t> mask(map.mask_size(), 9);
    make_nonzero_mask(image.data(), rows, columns, scratch.data(), mask.data());
    std::vector<std::uint8_t> expected(map.mask_size());  // 0 in the border
    for (std::size_t row = 0; row < map.rows; ++row) {
      for (std::size_t column = 0; column < map.columns; ++column) {
        expected[map.mask_index(row, column)] =
            any(image, rows, columns, static_cast<int>(row) * 2 - 1,
                static_cast<int>(column) * 2 - 1, 4);
      }
    }
    EXPECT_EQ(mask, expected);
  }
}

}  // namespace
}  // namespace mnist_bench::kernels
