#include "transform/smoothing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "transform/images.h"

namespace mnist_bench::test {
namespace {

using ::testing::ElementsAre;

TEST(GaussianKernel, SumsTo65536) {
  EXPECT_THAT(gaussian_kernel(0.5), ElementsAre(51'550, 6'976, 17));
  EXPECT_THAT(gaussian_kernel(1.0), ElementsAre(26'152, 15'862, 3'539, 291));
  EXPECT_THAT(gaussian_kernel(1.5), ElementsAre(17'434, 13'960, 7'167, 2'359, 498, 67));
  EXPECT_THAT(gaussian_kernel(2.0), ElementsAre(13'088, 11'548, 7'937, 4'248, 1'771, 575, 145));
  EXPECT_EQ(gaussian_kernel(0.1).size(), 2U);
  for (const double sigma : {0.1, 0.3, 4.0, 10.0}) {
    const std::vector<double> kernel = gaussian_kernel(sigma);
    EXPECT_EQ(kernel[0] + 2 * std::accumulate(kernel.begin() + 1, kernel.end(), 0.0), 65'536)
        << sigma;
  }
}

TEST(Blur, SpreadsAPixel) {
  const Image pixel = {{0, 0, 0}, {0, 255, 0}, {0, 0, 0}};
  EXPECT_EQ(transformed_image("blur:sigma=1", pixel),
            (Image{{15, 25, 15}, {25, 41, 25}, {15, 25, 15}}));
  EXPECT_EQ(transformed_image("blur:sigma=0.5", pixel),
            (Image{{3, 21, 3}, {21, 158, 21}, {3, 21, 3}}));
}

TEST(Elastic, SmoothsRowsBeforeColumns) {
  Image image = constant(5, 7, 0);
  image[2].assign(7, 255);
  for (std::vector<int>& row : image) row[3] = 200;
  EXPECT_EQ(transformed_image("elastic:alpha=16,sigma=2", image),
            (Image{{191, 202, 163, 170, 71, 53, 3},
                   {37, 37, 129, 197, 219, 223, 57},
                   {0, 0, 17, 192, 29, 22, 7},
                   {0, 0, 0, 158, 26, 0, 0},
                   {0, 0, 0, 43, 40, 0, 0}}));
}

TEST(Elastic, MovesPixels) {
  Image image = constant(5, 5, 0);
  image[2].assign(5, 255);
  EXPECT_EQ(transformed_image("elastic:alpha=8,sigma=1", image), (Image{{129, 54, 189, 121, 0},
                                                                        {0, 0, 48, 187, 166},
                                                                        {20, 246, 245, 88, 97},
                                                                        {33, 245, 77, 0, 0},
                                                                        {0, 0, 0, 0, 0}}));
  EXPECT_EQ(transformed_image("elastic:alpha=0", nine()), nine());
}

}  // namespace
}  // namespace mnist_bench::test
