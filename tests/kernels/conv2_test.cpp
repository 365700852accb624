#include <numeric>

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

/// After the pooling, as the kernels hold it: [tiles][out_channels].
struct PooledUnits {
  AlignedVector<float> values;
  AlignedVector<std::uint32_t> positions;
};

PooledUnits run_forward(const Conv2& conv, const Filter& filter, const AlignedVector<float>& x,
                        const std::vector<std::uint32_t>& tiles) {
  AlignedVector<float> transformed(conv2_transformed_size(conv));
  const AlignedVector<float> weights = pack_weights(filter, conv);
  conv2_transform_weights(conv, weights.data(), {0, kLine}, transformed.data());
  conv2_transform_weights(conv, weights.data(), {kLine, conv.out_channels}, transformed.data());
  AlignedVector<float> scratch(conv2_forward_scratch(conv));
  PooledUnits pooled{AlignedVector<float>(conv.units(), -7),
                     AlignedVector<std::uint32_t>(conv.units(), 7)};
  conv2_forward(conv, x.data(), transformed.data(), pack_bias(filter, conv).data(), tiles.data(),
                tiles.size(), scratch.data(), pooled.values.data(), pooled.positions.data());
  return pooled;
}

std::vector<std::uint32_t> all_tiles(const Conv2& conv) {
  std::vector<std::uint32_t> tiles(conv.tiles());
  std::iota(tiles.begin(), tiles.end(), 0U);
  return tiles;
}

struct Case {
  std::size_t rows;  ///< of conv2's input
  std::size_t columns;
  std::size_t ins;
  std::size_t outs;
};

class Conv2Test : public testing::TestWithParam<Case> {
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
  /// Of reference unit i, [outs][tiles], in the kernels' [tiles][out_channels].
  [[nodiscard]] std::size_t unit(std::size_t i) const {
    return i % conv.tiles() * conv.out_channels + i / conv.tiles();
  }

  std::mt19937 random{7};
  Conv2 conv;
  Filter filter;
  Map x;
};

TEST_P(Conv2Test, ForwardMatchesTheReferenceOnEveryTarget) {
  const Map y = convolve(filter, x);
  const Pooled expected = pool(y);
  on_every_target([&] {
    const PooledUnits actual = run_forward(conv, filter, pack(x), all_tiles(conv));
    std::vector<double> values;
    std::vector<double> values_there;  // where the kernel says that the maximum is
    for (std::size_t i = 0; i < expected.positions.size(); ++i) {
      const std::size_t tile = i % conv.tiles();
      const std::uint32_t position = actual.positions[unit(i)];
      ASSERT_LT(position, 4U);
      values.push_back(static_cast<double>(actual.values[unit(i)]));
      values_there.push_back(y.at(i / conv.tiles(), tile / conv.tile_columns() * 2 + position / 2,
                                  tile % conv.tile_columns() * 2 + position % 2));
    }
    expect_close(values, expected.values.values, 2e-6);
    expect_close(values_there, expected.values.values, 2e-6);
  });
}

TEST_P(Conv2Test, ForwardLeavesTilesThatAreNotAskedForAsTheyAre) {
  const std::vector<std::uint32_t> tiles = {static_cast<std::uint32_t>(conv.tiles() - 1)};
  on_every_target([&] {
    const PooledUnits all = run_forward(conv, filter, pack(x), all_tiles(conv));
    const PooledUnits last = run_forward(conv, filter, pack(x), tiles);
    for (std::size_t i = 0; i < conv.units(); ++i) {
      const bool asked = i / conv.out_channels == conv.tiles() - 1;
      ASSERT_EQ(last.values[i], asked ? all.values[i] : -7);
    }
  });
}

/// Live units chosen at random, with positions of their own: more irregular than a network's.
struct RandomLive {
  std::vector<std::uint32_t> index;
  std::vector<std::uint32_t> window;
  std::vector<std::uint32_t> ends;
  AlignedVector<float> gradient;
  Map d_y;
};

RandomLive choose_live(const Conv2& conv, const Filter& filter, std::mt19937& random) {
  RandomLive live{{},
                  {},
                  {},
                  AlignedVector<float>(conv.units(), 99),
                  Map(filter.outs, conv.input.rows, conv.input.columns)};
  std::normal_distribution<float> normal;
  for (std::size_t tile = 0; tile < conv.tiles(); ++tile) {
    std::vector<std::uint32_t> position(filter.outs);
    for (auto& q : position) q = random() % 8;  // 4 and above: not live
    for (std::uint32_t q = 0; q < 4; ++q) {
      for (std::size_t out = 0; out < filter.outs; ++out) {
        if (position[out] != q) continue;
        const std::size_t unit = tile * conv.out_channels + out;
        live.index.push_back(static_cast<std::uint32_t>(unit));
        live.window.push_back(
            static_cast<std::uint32_t>(conv.window(tile) + conv.input.window(q / 2, q % 2)));
        live.gradient[unit] = normal(random);
        live.d_y.at(out, tile / conv.tile_columns() * 2 + q / 2,
                    tile % conv.tile_columns() * 2 + q % 2) =
            static_cast<double>(live.gradient[unit]);
      }
      live.ends.push_back(static_cast<std::uint32_t>(live.index.size()));
    }
  }
  return live;
}

TEST_P(Conv2Test, BackwardMatchesTheReferenceOnEveryTarget) {
  RandomLive live = choose_live(conv, filter, random);
  const ConvolutionGradient expected = convolve_backward(filter, x, live.d_y);
  const LiveUnits units{live.index.data(), nullptr, live.window.data(), live.ends.data()};
  on_every_target([&] {
    AlignedVector<float> d_x(conv.input.size(), 3);
    conv2_backward_data(conv, pack_weights(filter, conv).data(), units, live.gradient.data(),
                        d_x.data());
    expect_close(unpack(d_x, x), expected.x.values, 2e-6);

    AlignedVector<std::uint32_t> windows(conv.units());
    AlignedVector<float> gradients(conv.units());
    AlignedVector<std::uint32_t> counts(conv.out_channels);
    AlignedVector<float> d_weights(conv.weights_size(), 0.5F);  // what is there is added to
    AlignedVector<float> d_bias(conv.out_channels, 0.5F);
    conv2_backward_weights(conv, pack(x).data(), units, live.gradient.data(),
                           {windows.data(), gradients.data(), counts.data()}, d_weights.data(),
                           d_bias.data());
    std::vector<double> weights;
    std::vector<double> bias;
    for (std::size_t i = 0; i < filter.weights.size(); ++i) {
      const std::size_t at = weight_at(conv, i / 9 / filter.ins, i / 9 % filter.ins, i % 9);
      weights.push_back(static_cast<double>(d_weights[at]) - 0.5);
    }
    for (std::size_t i = 0; i < filter.outs; ++i) {
      bias.push_back(static_cast<double>(d_bias[i]) - 0.5);
    }
    expect_close(weights, expected.filter.weights, 2e-6);
    expect_close(bias, expected.filter.bias, 2e-6);
  });
}

INSTANTIATE_TEST_SUITE_P(Sizes, Conv2Test,
                         testing::Values(Case{14, 14, 32, 64}, Case{2, 2, 1, 1}, Case{4, 6, 5, 21},
                                         Case{20, 20, 17, 50}, Case{2, 14, 3, 100}));

TEST(Conv2, OfEqualValuesTheFirstIsTheMaximum) {
  const Conv2 conv{{4, 4, kLine}, kLine};
  on_every_target([&] {
    const PooledUnits pooled = run_forward(conv, Filter(3, 5), pack(Map(3, 4, 4)), all_tiles(conv));
    for (const std::uint32_t position : pooled.positions) EXPECT_EQ(position, 0U);
  });
}

}  // namespace
}  // namespace mnist_bench::kernels
