#include "kernels/max_pool.h"

#include <cmath>
#include <limits>

#include "kernels/channels_last_maps.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

TEST(MaxPool, TakesTheFirstOfTheLargestAndNaNBeforeNumbers) {
  on_every_target([] {
    std::mt19937 generator(3);
    for (const WindowCase& of : window_cases()) {
      const ChannelsLast out = of.out();
      AlignedVector<float> x = random_map(of.in, generator);
      for (float& value : x) value = std::round(value);  // equals
      x[of.in.offset(3, 4)] = std::numeric_limits<float>::quiet_NaN();
      AlignedVector<float> y(out.size());
      std::vector<std::uint32_t> argmax(out.size());
      max_pool(of.in, x.data(), of.window, out, y.data(), argmax.data());
      for (std::size_t p = 0; p < out.positions(); ++p) {
        for (std::size_t channel = 0; channel < out.channels; ++channel) {
          std::optional<std::size_t> best;
          for (std::size_t r = 0; r < of.window.size; ++r) {
            for (std::size_t c = 0; c < of.window.size; ++c) {
              auto offset = of.offset(p / out.columns, p % out.columns, r, c);
              if (!offset) continue;
              *offset += channel;
              if (!best || x[*offset] > x[*best] || std::isnan(x[*offset])) best = offset;
            }
          }
          ASSERT_EQ(argmax[p * out.stride + channel], *best);
          const float value = y[p * out.stride + channel];
          ASSERT_TRUE(value == x[*best] || (std::isnan(value) && std::isnan(x[*best])));
        }
      }
    }
  });
}

TEST(MaxPool, GivesItsGradientToTheMaxima) {
  const ChannelsLast out{2, 1, 2, 16};
  AlignedVector<float> dy(out.size());
  std::vector<std::uint32_t> argmax(out.size());
  AlignedVector<float> dx(80, 1.0F);
  dy[0] = 2.0F;
  dy[1] = 3.0F;
  dy[16] = 4.0F;
  argmax[0] = argmax[16] = 32;
  argmax[1] = 17;
  argmax[17] = 1;
  max_pool_backward(out, dy.data(), argmax.data(), dx.data());
  EXPECT_EQ(dx[32], 7.0F);
  EXPECT_EQ(dx[17], 4.0F);
  EXPECT_EQ(dx[0], 1.0F);
}

}  // namespace
}  // namespace mnist_bench::kernels
