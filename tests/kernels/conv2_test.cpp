#include <cmath>
#include <set>

#include "kernels/conv2_backward.h"
#include "kernels/conv2_forward.h"
#include "kernels/convolution_reference.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

std::size_t weight_at(const Conv2& conv, std::size_t out, std::size_t in, std::size_t delta) {
  return ((in / kLine * conv.out_channels + out) * 9 + delta) * kLine + in % kLine;
}

AlignedVector<float> pack_weights(const Filter& filter, const Conv2& conv) {
  AlignedVector<float> packed(conv.weights_size());
  for (std::size_t i = 0; i < filter.weights.size(); ++i) {
    packed[weight_at(conv, i / 9 / filter.ins, i / 9 % filter.ins, i % 9)] =
        static_cast<float>(filter.weights[i]);
  }
  return packed;
}

AlignedVector<float> pack_bias(const Filter& filter, const Conv2& conv) {
  AlignedVector<float> packed(conv.out_channels);
  for (std::size_t i = 0; i < filter.outs; ++i) packed[i] = static_cast<float>(filter.bias[i]);
  return packed;
}

std::vector<std::uint8_t> nonzero_everywhere(const Conv2& conv) {
  return std::vector<std::uint8_t>(conv.input.mask_size(), 1);
}

std::vector<float> no_dropout(const Conv2& conv) {
  return std::vector<float>(conv.out_channels, 1);
}

PooledMap run_forward(const Conv2& conv, const Filter& filter, const Map& x,
                      const Map& background_map, const std::vector<std::uint8_t>& nonzero_mask,
                      const std::vector<float>& factors) {
  AlignedVector<float> transformed(conv2_transformed_size(conv));
  conv2_transform_weights(conv, pack_weights(filter, conv).data(), transformed.data());
  Conv2Scratch scratch(conv);
  const AlignedVector<float> packed_background = pack(background_map);
  BackgroundResponse background(conv);
  conv2_forward_background(conv, packed_background.data(), transformed.data(),
                           pack_bias(filter, conv).data(), scratch, background);
  PooledMap pooled(conv);
  const AlignedVector<float> packed = pack(x);
  conv2_forward(conv, {packed.data(), nonzero_mask.data()}, background, transformed.data(),
                factors.data(), scratch, pooled);
  return pooled;
}

void expect_inactive(const Conv2& conv, const PooledMap& map, std::size_t slot) {
  for (std::size_t at = slot; at < conv.tiles() * map.width; at += map.width) {
    EXPECT_EQ(map.positions[at], kInactive);
    EXPECT_EQ(map.values[at], 0);
  }
}

/// Compares the kept channels of the map with the reference: their values, the positions of the
/// maxima, and that inactive units are 0, as are all of a dropped channel. Returns the kept
/// channels, once for each slot.
std::multiset<std::size_t> expect_pooled(const Conv2& conv, const PooledMap& map, const Map& y) {
  const Pooled reference = pool(y);
  std::vector<double> values;
  std::vector<double> values_there;
  std::vector<double> expected;
  std::multiset<std::size_t> channels;
  for (std::size_t slot = 0; slot < map.width; ++slot) {
    const std::size_t channel = map.channels[slot];
    if (map.factors[slot] == 0) expect_inactive(conv, map, slot);
    if (map.factors[slot] == 0 || channel >= y.channels) continue;
    channels.insert(channel);
    for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
      const std::uint32_t position = map.positions[tile * map.width + slot];
      const std::size_t row = tile / conv.tile_columns();
      const std::size_t column = tile % conv.tile_columns();
      const auto factor = static_cast<double>(map.factors[slot]);
      values.push_back(static_cast<double>(map.values[tile * map.width + slot]));
      values_there.push_back(
          position == kInactive
              ? 0
              : factor * y.at(channel, 2 * row + position / 2 % 2, 2 * column + position % 2));
      expected.push_back(std::max(0.0, factor * reference.values.at(channel, row, column)));
      EXPECT_EQ(position == kInactive, values.back() == 0);
      EXPECT_LE(position, kInactive);
    }
  }
  expect_close(values, expected, 2e-6);
  expect_close(values_there, expected, 2e-6);
  return channels;
}

struct Conv2Case {
  std::size_t rows;  ///< of conv2's input
  std::size_t columns;
  std::size_t ins;
  std::size_t outs;
};

class Conv2Test : public testing::TestWithParam<Conv2Case> {
 protected:
  Conv2Test()
      : conv{{GetParam().rows, GetParam().columns, padded(GetParam().ins)},
             padded(GetParam().outs)},
        filter(GetParam().ins, GetParam().outs),
        x(GetParam().ins, GetParam().rows, GetParam().columns) {
    fill_normal(filter.weights, 0.1, random);
    fill_normal(filter.bias, 0.1, random);
    fill_normal(x.values, 1, random);
  }
  std::mt19937 random{7};
  Conv2 conv;
  Filter filter;
  Map x;
};

TEST_P(Conv2Test, ForwardMatchesTheReferenceOnEveryTarget) {
  const Map y = convolve(filter, x);
  Map background = x;
  fill_normal(background.values, 1, random);
  on_every_target([&] {
    const PooledMap map =
        run_forward(conv, filter, x, background, nonzero_everywhere(conv), no_dropout(conv));
    EXPECT_EQ(expect_pooled(conv, map, y).size(), filter.outs);
  });
}

/// A map as conv1 makes it of the background: it varies at its borders only.
Map background_map(const Map& like, std::mt19937& random) {
  Map background = like;
  const auto border = [](std::size_t i, std::size_t size) {
    return i == 0 ? 0 : i + 1 == size ? size - 1 : std::size_t{1};
  };
  fill_normal(background.values, 1, random);
  for (std::size_t channel = 0; channel < background.channels; ++channel) {
    for (std::size_t row = 0; row < background.rows; ++row) {
      for (std::size_t column = 0; column < background.columns; ++column) {
        background.at(channel, row, column) = background.at(channel, border(row, background.rows),
                                                            border(column, background.columns));
      }
    }
  }
  return background;
}

TEST_P(Conv2Test, ForwardOfAnImageThatIsPartlyBackgroundMatchesTheReference) {
  const Map background = background_map(x, random);
  for (const unsigned nonzero : {0U, 1U, 5U, 50U}) {  // per cent
    Map partly = background;
    std::vector<std::uint8_t> nonzero_mask(conv.input.mask_size());
    for (std::size_t row = 0; row < x.rows; ++row) {
      for (std::size_t column = 0; column < x.columns; ++column) {
        if (random() % 100 >= nonzero) continue;
        nonzero_mask[conv.input.mask_index(row, column)] = 1;
        for (std::size_t channel = 0; channel < x.channels; ++channel) {
          partly.at(channel, row, column) = x.at(channel, row, column);
        }
      }
    }
    const Map y = convolve(filter, partly);
    on_every_target([&] {
      const PooledMap map =
          run_forward(conv, filter, partly, background, nonzero_mask, no_dropout(conv));
      EXPECT_EQ(expect_pooled(conv, map, y).size(), filter.outs);
      std::vector<float> every_third = no_dropout(conv);
      for (std::size_t c = 0; c < every_third.size(); c += 3) every_third[c] = 0;
      const PooledMap third =
          run_forward(conv, filter, partly, background, nonzero_mask, every_third);
      EXPECT_EQ(expect_pooled(conv, third, y).size(), filter.outs - (filter.outs + 2) / 3);
    });
  }
}

TEST_P(Conv2Test, ForwardLeavesOutDroppedChannels) {
  const Map y = convolve(filter, x);
  const Map background = background_map(x, random);
  for (const unsigned dropped : {10U, 25U, 50U, 90U, 100U}) {  // per cent
    std::vector<float> factors = no_dropout(conv);
    std::multiset<std::size_t> kept;
    for (std::size_t channel = 0; channel < filter.outs; ++channel) {
      factors[channel] = random() % 100 < dropped ? 0.0F : 1.5F;
      if (factors[channel] != 0) kept.insert(channel);
    }
    std::fill(factors.begin() + static_cast<std::ptrdiff_t>(filter.outs), factors.end(), 0.0F);
    on_every_target([&] {
      const PooledMap map =
          run_forward(conv, filter, x, background, nonzero_everywhere(conv), factors);
      EXPECT_LT(map.width, kept.size() + kLine);
      EXPECT_EQ(expect_pooled(conv, map, y), kept);
      for (std::size_t slot = 0; slot < map.width; ++slot) {
        EXPECT_EQ(map.factors[slot], factors[map.channels[slot]]);
      }
    });
  }
}

/// Active units chosen at random, with positions of their own: more irregular than a network's.
struct RandomActiveUnits {
  std::vector<std::uint32_t> index;
  std::vector<std::uint32_t> window;
  std::vector<std::uint32_t> ends;
  AlignedVector<float> gradient;
  Map d_y;
};

RandomActiveUnits choose_active(const Conv2& conv, const Filter& filter, std::mt19937& random) {
  RandomActiveUnits active{{}, {}, {}, {}, Map(filter.outs, conv.input.rows, conv.input.columns)};
  std::normal_distribution<float> normal;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    std::vector<std::uint32_t> position(filter.outs);
    for (auto& q : position) q = random() % 8;  // 4 and above: inactive
    for (std::uint32_t q = 0; q < 4; ++q) {
      for (std::size_t out = 0; out < filter.outs; ++out) {
        if (position[out] != q) continue;
        const std::size_t unit = tile * conv.out_channels + out;
        active.index.push_back(static_cast<std::uint32_t>(unit));
        active.window.push_back(
            static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2)));
        active.gradient.push_back(normal(random));
        active.d_y.at(out, tile / conv.tile_columns() * 2 + q / 2,
                      tile % conv.tile_columns() * 2 + q % 2) =
            static_cast<double>(active.gradient.back());
      }
      active.ends.push_back(static_cast<std::uint32_t>(active.index.size()));
    }
  }
  return active;
}

TEST_P(Conv2Test, BackwardMatchesTheReferenceOnEveryTarget) {
  RandomActiveUnits active = choose_active(conv, filter, random);
  const ConvolutionGradient expected = convolve_backward(filter, x, active.d_y);
  const ActiveUnits units{active.index.data(), nullptr, active.window.data(), active.ends.data()};
  on_every_target([&] {
    AlignedVector<float> d_x(conv.input.size(), 3);
    for (std::size_t block = 0; block < conv.input.channels / kLine; ++block) {
      conv2_backward_data(conv, block, pack_weights(filter, conv).data(), units,
                          active.gradient.data(), d_x.data() + block * conv.input.block_stride());
    }
    expect_close(unpack(d_x, x), expected.x.values, 2e-6);

    UnitsByChannel by_channel(conv);
    AlignedVector<float> d_weights(conv.weights_size(), std::nanf(""));
    AlignedVector<float> d_bias(conv.out_channels, std::nanf(""));
    const auto run = [&](Accumulate accumulate) {
      conv2_backward_weights(conv, pack(x).data(), units, active.gradient.data(), by_channel,
                             accumulate, {d_weights.data(), d_bias.data()});
    };
    run(Accumulate::no);
    const AlignedVector<float> weights_before = d_weights;
    const AlignedVector<float> bias_before = d_bias;
    run(Accumulate::yes);
    std::vector<double> weights;
    std::vector<double> weights_twice;
    std::vector<double> bias;
    std::vector<double> bias_twice;
    for (std::size_t i = 0; i < filter.weights.size(); ++i) {
      const std::size_t at = weight_at(conv, i / 9 / filter.ins, i / 9 % filter.ins, i % 9);
      weights.push_back(static_cast<double>(weights_before[at]));
      weights_twice.push_back(static_cast<double>(d_weights[at]) / 2);
    }
    for (std::size_t i = 0; i < filter.outs; ++i) {
      bias.push_back(static_cast<double>(bias_before[i]));
      bias_twice.push_back(static_cast<double>(d_bias[i]) / 2);
    }
    expect_close(weights, expected.filter.weights, 2e-6);
    expect_close(weights_twice, expected.filter.weights, 2e-6);
    expect_close(bias, expected.filter.bias, 2e-6);
    expect_close(bias_twice, expected.filter.bias, 2e-6);
  });
}

INSTANTIATE_TEST_SUITE_P(Sizes, Conv2Test,
                         testing::Values(Conv2Case{14, 14, 32, 64}, Conv2Case{2, 2, 1, 1},
                                         Conv2Case{4, 6, 5, 21}, Conv2Case{20, 20, 17, 50},
                                         Conv2Case{2, 14, 3, 100}, Conv2Case{7, 7, 32, 20},
                                         Conv2Case{3, 2, 5, 4}, Conv2Case{5, 15, 17, 33}));

TEST(Conv2, OfEqualValuesTheFirstIsTheMaximum) {
  const Conv2 conv{{4, 4, kLine}, kLine};
  on_every_target([&] {
    const Map x(3, 4, 4);
    Filter filter(3, 5);
    filter.bias.assign(filter.outs, 1);
    const PooledMap map =
        run_forward(conv, filter, x, x, nonzero_everywhere(conv), no_dropout(conv));
    for (std::size_t i = 0; i < conv.tiles() * map.width; ++i) {
      EXPECT_EQ(map.positions[i], map.channels[i % map.width] < filter.outs ? 0 : kInactive);
    }
  });
}

TEST(Conv2, NotANumberStaysVisible) {
  const Conv2 conv{{4, 4, kLine}, kLine};
  Filter filter(1, 1);
  filter.bias[0] = std::nan("");
  const Map x(1, 4, 4);
  for (const auto& nonzero_mask :
       {nonzero_everywhere(conv), std::vector<std::uint8_t>(conv.input.mask_size())}) {
    on_every_target([&] {
      const PooledMap map = run_forward(conv, filter, x, x, nonzero_mask, no_dropout(conv));
      for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
        EXPECT_TRUE(std::isnan(map.values[tile * map.width]));
        EXPECT_NE(map.positions[tile * map.width], kInactive);
      }
    });
  }
}

}  // namespace
}  // namespace mnist_bench::kernels
