#include "kernels/sparse.h"

#include <gtest/gtest.h>

#include "kernels/matrices.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

using Lists = std::vector<std::vector<std::pair<std::size_t, float>>>;

/// The entries of rows `begin` … `end` − 1, without those that are 0.
Lists contents(const SparseRow* rows, Range range) {
  Lists lists;
  for (std::size_t r = range.begin; r < range.end; ++r) {
    auto& list = lists.emplace_back();
    for (std::size_t e = 0; e < rows[r].size; ++e) {
      list.emplace_back(rows[r].index[e], rows[r].value[e]);
    }
  }
  return lists;
}

TEST(SparseRows, ListTheEntriesThatAreNotZeroInOrder) {
  on_every_target([] {
    std::mt19937 generator(1);
    for (const std::size_t width : {1U, 10U, 16U, 37U, 300U}) {
      Owned dense = random_matrix(9, width, generator, 0.4);
      Lists rows(9);
      Lists columns(width);
      Lists whole_columns(width);
      for (std::size_t r = 0; r < 9; ++r) {
        for (std::size_t c = 0; c < width; ++c) {
          whole_columns[c].emplace_back(r, dense.at(r, c));
          if (dense.at(r, c) == 0) continue;
          rows[r].emplace_back(c, dense.at(r, c));
          columns[c].emplace_back(r, dense.at(r, c));
        }
      }
      SparseRows by_row(std::vector<std::size_t>(9, width));
      by_row.set_rows(dense.view(), {0, 4}, {0, width});
      by_row.set_rows(dense.view(), {4, 9}, {0, width});
      EXPECT_EQ(contents(by_row.rows(), {0, 9}), rows);
      SparseRows by_column(std::vector<std::size_t>(width, 9));
      const std::size_t middle = width / 2 / kLine * kLine;
      by_column.set_columns(dense.view(), {0, 9}, {0, middle});
      by_column.set_columns(dense.view(), {0, 9}, {middle, width});
      EXPECT_EQ(contents(by_column.rows(), {0, width}), columns);
      by_column.set_whole_columns(dense.view(), {0, 9}, {0, middle});
      by_column.set_whole_columns(dense.view(), {0, 9}, {middle, width});
      EXPECT_EQ(contents(by_column.rows(), {0, width}), whole_columns);
    }
  });
}

TEST(SparseRows, KeepWhatIsNotANumber) {
  on_every_target([] {
    Owned dense(1, 3);
    dense.at(0, 1) = std::numeric_limits<float>::quiet_NaN();
    SparseRows rows({3});
    rows.set_rows(dense.view(), {0, 1}, {0, 3});
    ASSERT_EQ(rows.rows()[0].size, 1U);
    EXPECT_EQ(rows.rows()[0].index[0], 1U);
  });
}

TEST(PixelColumns, ListForEachPixelTheImagesThatShowIt) {
  const std::vector<std::vector<std::uint32_t>> entries = {
      {0 * 256 + 7, 2 * 256 + 255}, {}, {2 * 256 + 1}};
  std::vector<PixelRow> images;
  for (const auto& list : entries) images.push_back({list.data(), list.size()});
  PixelColumns columns({1, 1, 3});
  for (const std::size_t middle : {0U, 1U, 3U}) {
    columns.set(images, {0, middle});
    columns.set(images, {middle, 3});
    ASSERT_EQ(columns.columns()[0].size, 1U);
    EXPECT_EQ(columns.columns()[0].entries[0], 0 * 256U + 7U);
    EXPECT_EQ(columns.columns()[1].size, 0U);
    ASSERT_EQ(columns.columns()[2].size, 2U);
    EXPECT_EQ(columns.columns()[2].entries[0], 0 * 256U + 255U);
    EXPECT_EQ(columns.columns()[2].entries[1], 2 * 256U + 1U);
  }
}

}  // namespace
}  // namespace mnist_bench::kernels
