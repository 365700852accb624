#include "kernels/active_units.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
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

Collected collect(const Conv2& conv, const PooledMap& pooled) {
  Collected active{std::vector<std::uint32_t>(active_units_capacity(conv)),
                   std::vector<float>(active_units_capacity(conv)),
                   std::vector<std::uint32_t>(active_units_capacity(conv)),
                   std::vector<std::uint32_t>(4 * conv.tiles())};
  collect_active_units(
      conv, pooled,
      {active.index.data(), active.value.data(), active.window.data(), active.ends.data()});
  active.index.resize(active.ends.back());
  active.value.resize(active.ends.back());
  active.window.resize(active.ends.back());
  return active;
}

TEST(ActiveUnits, AreListedInTheOrderOfPositions) {
  const Conv2 conv{{4, 6, kLine}, 3 * kLine};
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  PooledMap map(conv);
  map.width = 2 * kLine;
  for (std::size_t i = 0; i < conv.tiles() * map.width; ++i) {
    map.values[i] = normal(random);
    map.positions[i] = static_cast<std::uint32_t>(random()) % (kInactive + 1);
  }
  std::iota(map.channels.begin(), map.channels.end(), 0U);
  std::shuffle(map.channels.begin(), map.channels.end(), random);

  Collected expected;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    for (std::uint32_t q = 0; q < 4; ++q) {
      for (std::size_t slot = 0; slot < map.width; ++slot) {
        const std::size_t at = tile * map.width + slot;
        if (map.positions[at] != q) continue;
        expected.index.push_back(
            static_cast<std::uint32_t>(tile * conv.out_channels + map.channels[slot]));
        expected.value.push_back(map.values[at]);
        expected.window.push_back(
            static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2)));
      }
      expected.ends.push_back(static_cast<std::uint32_t>(expected.index.size()));
    }
  }
  on_every_target([&] {
    const Collected active = collect(conv, map);
    EXPECT_EQ(active.index, expected.index);
    EXPECT_EQ(active.value, expected.value);
    EXPECT_EQ(active.window, expected.window);
    EXPECT_EQ(active.ends, expected.ends);
  });
}

TEST(ActiveUnits, NotANumberIsActive) {
  const Conv2 conv{{2, 2, kLine}, kLine};
  PooledMap map(conv);
  map.width = kLine;
  for (std::size_t slot = 0; slot < kLine; ++slot) map.values[slot] = std::nanf("");
  on_every_target([&] { EXPECT_EQ(collect(conv, map).index.size(), kLine); });
}

}  // namespace
}  // namespace mnist_bench::kernels
