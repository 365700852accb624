#include "kernels/ink.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

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

TEST(Ink, MarksEveryValueThatSeesAByteOfInkAndNoOther) {
  constexpr std::size_t kRows = 16;
  constexpr std::size_t kColumns = 20;
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::uint8_t> image(kRows * kColumns);
    for (unsigned i = 0; i < seed % 5; ++i) image[random() % image.size()] = 200;
    std::vector<std::uint8_t> scratch(kColumns + 2);
    std::vector<std::uint8_t> pooled(kRows / 2 * (kColumns / 2));
    std::vector<std::uint8_t> tiles(kRows / 4 * (kColumns / 4));
    find_ink(image.data(), kRows, kColumns, scratch.data(), pooled.data(), tiles.data());
    for (int i = 0; i < static_cast<int>(pooled.size()); ++i) {
      EXPECT_EQ(pooled[static_cast<std::size_t>(i)] == 1,
                any(image, kRows, kColumns, i / 10 * 2 - 1, i % 10 * 2 - 1, 4));
    }
    for (int i = 0; i < static_cast<int>(tiles.size()); ++i) {
      EXPECT_EQ(tiles[static_cast<std::size_t>(i)] == 1,
                any(image, kRows, kColumns, i / 5 * 4 - 3, i % 5 * 4 - 3, 10));
    }
  }
}

}  // namespace
}  // namespace mnist_bench::kernels
