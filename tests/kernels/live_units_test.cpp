#include "kernels/live_units.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

struct Collected {
  std::vector<std::uint32_t> index;
  std::vector<float> value;
  std::vector<std::uint32_t> window;
  std::vector<std::uint32_t> ends;
};

Collected collect(const Conv2& conv, const PooledMap& pooled, const PooledMap& blank,
                  const std::vector<std::uint8_t>& ink, const std::vector<float>& factors) {
  Collected live{std::vector<std::uint32_t>(live_units_capacity(conv)),
                 std::vector<float>(live_units_capacity(conv)),
                 std::vector<std::uint32_t>(live_units_capacity(conv)),
                 std::vector<std::uint32_t>(4 * conv.tiles())};
  collect_live_units(conv, pooled, blank, ink.data(), factors.data(),
                     {live.index.data(), live.value.data(), live.window.data(), live.ends.data()});
  live.index.resize(live.ends.back());
  live.value.resize(live.ends.back());
  live.window.resize(live.ends.back());
  return live;
}

TEST(LiveUnits, AreThePositiveUnitsOfKeptChannelsInTheOrderOfPositions) {
  const Conv2 conv{{4, 6, kLine}, 3 * kLine};
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  std::vector<float> values(conv.units());
  std::vector<float> blank_values(conv.units());
  std::vector<std::uint32_t> positions(conv.units());
  std::vector<std::uint32_t> blank_positions(conv.units());
  for (std::size_t i = 0; i < conv.units(); ++i) {
    values[i] = normal(random);
    blank_values[i] = normal(random);
    positions[i] = random() % 4;
    blank_positions[i] = random() % 4;
  }
  values[5] = 0;
  std::vector<std::uint8_t> ink = {1, 1, 0, 1, 0, 0};
  std::vector<float> factors(conv.out_channels);
  for (float& factor : factors) factor = random() % 4 == 0 ? 0.0F : 4.0F / 3;

  Collected expected;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    for (std::uint32_t q = 0; q < 4; ++q) {
      for (std::size_t o = 0; o < conv.out_channels; ++o) {
        const std::size_t unit = tile * conv.out_channels + o;
        const float value = (ink[tile] != 0 ? values : blank_values)[unit] * factors[o];
        if ((ink[tile] != 0 ? positions : blank_positions)[unit] != q || value <= 0) continue;
        expected.index.push_back(static_cast<std::uint32_t>(unit));
        expected.value.push_back(value);
        expected.window.push_back(
            static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2)));
      }
      expected.ends.push_back(static_cast<std::uint32_t>(expected.index.size()));
    }
  }
  on_every_target([&] {
    const Collected live = collect(conv, {values.data(), positions.data()},
                                   {blank_values.data(), blank_positions.data()}, ink, factors);
    EXPECT_EQ(live.index, expected.index);
    EXPECT_EQ(live.value, expected.value);
    EXPECT_EQ(live.window, expected.window);
    EXPECT_EQ(live.ends, expected.ends);
  });
}

TEST(LiveUnits, NotANumberIsLive) {
  const Conv2 conv{{2, 2, kLine}, kLine};
  const std::vector<float> values(kLine, std::nanf(""));
  const std::vector<std::uint32_t> positions(kLine);
  const PooledMap map{values.data(), positions.data()};
  on_every_target([&] {
    EXPECT_EQ(collect(conv, map, map, {1}, std::vector<float>(kLine, 1)).index.size(), kLine);
  });
}

}  // namespace
}  // namespace mnist_bench::kernels
