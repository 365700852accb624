#include "kernels/live_units.h"

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
  Collected live{std::vector<std::uint32_t>(live_units_capacity(conv)),
                 std::vector<float>(live_units_capacity(conv)),
                 std::vector<std::uint32_t>(live_units_capacity(conv)),
                 std::vector<std::uint32_t>(4 * conv.tiles())};
  collect_live_units(conv, pooled,
                     {live.index.data(), live.value.data(), live.window.data(), live.ends.data()});
  live.index.resize(live.ends.back());
  live.value.resize(live.ends.back());
  live.window.resize(live.ends.back());
  return live;
}

TEST(LiveUnits, AreThoseThatAreNotDeadInTheOrderOfPositions) {
  const Conv2 conv{{4, 6, kLine}, 3 * kLine};
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  PooledMap map(conv);
  map.width = 2 * kLine;
  for (std::size_t i = 0; i < conv.tiles() * map.width; ++i) {
    map.values[i] = normal(random);
    map.positions[i] = static_cast<std::uint32_t>(random()) % (kDead + 1);
  }
  std::iota(map.channels.begin(), map.channels.end(), 0U);
  std::shuffle(map.channels.begin(), map.channels.end(), random);

  Collected expected;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    for (std::uint32_t q = 0; q < 4; ++q) {
      for (std::size_t place = 0; place < map.width; ++place) {
        const std::size_t at = tile * map.width + place;
        if (map.positions[at] != q) continue;
        expected.index.push_back(
            static_cast<std::uint32_t>(tile * conv.out_channels + map.channels[place]));
        expected.value.push_back(map.values[at]);
        expected.window.push_back(
            static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2)));
      }
      expected.ends.push_back(static_cast<std::uint32_t>(expected.index.size()));
    }
  }
  on_every_target([&] {
    const Collected live = collect(conv, map);
    EXPECT_EQ(live.index, expected.index);
    EXPECT_EQ(live.value, expected.value);
    EXPECT_EQ(live.window, expected.window);
    EXPECT_EQ(live.ends, expected.ends);
  });
}

TEST(LiveUnits, NotANumberIsLive) {
  const Conv2 conv{{2, 2, kLine}, kLine};
  PooledMap map(conv);
  map.width = kLine;
  for (std::size_t place = 0; place < kLine; ++place) map.values[place] = std::nanf("");
  on_every_target([&] { EXPECT_EQ(collect(conv, map).index.size(), kLine); });
}

}  // namespace
}  // namespace mnist_bench::kernels
