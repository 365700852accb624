#include "kernels/conv1.h"

#include "kernels/convolution_reference.h"
#include "kernels/nonzero_mask.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

constexpr float kFactor = 0.0127F;
constexpr float kOffset = -0.42F;

/// An image with a stroke of nonzero bytes, on background in corners, at borders and inside.
std::vector<std::uint8_t> some_stroke(std::size_t rows, std::size_t columns, std::mt19937& random) {
  std::vector<std::uint8_t> bytes(rows * columns);
  for (std::size_t row = 0; row < rows / 2; ++row) {
    bytes[row * columns + columns / 3] = static_cast<std::uint8_t>(random() % 255 + 1);
  }
  return bytes;
}

Map normalized(const std::vector<std::uint8_t>& bytes, std::size_t rows, std::size_t columns) {
  Map image(1, rows, columns);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    image.values[i] = static_cast<double>(kFactor * static_cast<float>(bytes[i]) + kOffset);
  }
  return image;
}

AlignedVector<float> pack_weights(const Filter& filter, const Conv1& conv) {
  AlignedVector<float> packed(conv.weights_size());
  for (std::size_t out = 0; out < filter.outs; ++out) {
    float* to = packed.data() + out / kLine * 9 * kLine + out % kLine;
    for (std::size_t delta = 0; delta < 9; ++delta) {
      to[delta * kLine] = static_cast<float>(filter.at(out, 0, delta));
    }
  }
  return packed;
}

AlignedVector<float> pack_bias(const Filter& filter, const Conv1& conv) {
  AlignedVector<float> packed(conv.channels);
  for (std::size_t out = 0; out < filter.outs; ++out) {
    packed[out] = static_cast<float>(filter.bias[out]);
  }
  return packed;
}

/// An image and what conv1 makes of it.
struct Forward {
  AlignedVector<float> image;
  AlignedVector<float> map;
  AlignedVector<std::uint8_t> positions;  ///< only where the mask is 1
  std::vector<std::uint8_t> nonzero_mask;

  [[nodiscard]] Conv1Saved saved() {
    return {image.data(), nonzero_mask.data(), map.data(), positions.data()};
  }
};

Forward run_forward(const Conv1& conv, const Filter& filter, const std::vector<std::uint8_t>& bytes,
                    Forward* background) {
  Forward result;
  result.image.resize(conv.image_size());
  result.map.resize(conv.output().size());
  result.positions.resize(conv.positions_size());
  result.nonzero_mask.resize(conv.output().mask_size());
  std::vector<std::uint8_t> scratch(conv.columns + 2);
  make_nonzero_mask(bytes.data(), conv.rows, conv.columns, scratch.data(),
                    result.nonzero_mask.data());
  load_image(conv, bytes.data(), kFactor, kOffset, result.image.data());
  Conv1Saved saved = result.saved();
  if (background == nullptr) saved.nonzero_mask = nullptr;
  const AlignedVector<float> weights = pack_weights(filter, conv);
  const AlignedVector<float> bias = pack_bias(filter, conv);
  conv1_forward(conv, {weights.data(), bias.data()},
                background != nullptr ? background->saved() : Conv1Saved{}, saved);
  return result;
}

Forward run_forward_of_background(const Conv1& conv, const Filter& filter) {
  return run_forward(conv, filter, std::vector<std::uint8_t>(conv.rows * conv.columns), nullptr);
}

Forward run_forward(const Conv1& conv, const Filter& filter,
                    const std::vector<std::uint8_t>& bytes) {
  Forward background = run_forward_of_background(conv, filter);
  return run_forward(conv, filter, bytes, &background);
}

/// The positions in the reference's order, [channels][rows][columns]; the background's where the
/// mask is 0.
std::vector<std::uint32_t> positions_of(const Forward& result, const Forward& background,
                                        const MapShape& map, const Map& like) {
  std::vector<std::uint32_t> positions;
  const std::size_t pixels = like.rows * like.columns;
  for (std::size_t i = 0; i < like.values.size(); ++i) {
    const std::size_t channel = i / pixels;
    const std::size_t pixel = i % pixels;
    const bool nonzero =
        result.nonzero_mask[map.mask_index(pixel / like.columns, pixel % like.columns)] != 0;
    positions.push_back(
        (nonzero ? result : background)
            .positions[(channel / kLine * pixels + pixel) * kLine + channel % kLine]);
  }
  return positions;
}

void relu(std::vector<double>& values) {
  for (double& value : values) value = std::max(value, 0.0);
}

struct Conv1Case {
  std::size_t rows;
  std::size_t columns;
  std::size_t channels;
};

class Conv1Test : public testing::TestWithParam<Conv1Case> {
 protected:
  Conv1Test()
      : conv{GetParam().rows, GetParam().columns, padded(GetParam().channels)},
        filter(1, GetParam().channels),
        bytes(some_stroke(conv.rows, conv.columns, random)),
        image(normalized(bytes, conv.rows, conv.columns)) {
    fill_normal(filter.weights, 0.5, random);
    fill_normal(filter.bias, 0.2, random);
  }

  std::mt19937 random{5};
  Conv1 conv;
  Filter filter;
  std::vector<std::uint8_t> bytes;
  Map image;
};

TEST_P(Conv1Test, ForwardMatchesTheReferenceOnEveryTarget) {
  const Map y = convolve(filter, image);
  Map expected = pool(y).values;
  relu(expected.values);
  on_every_target([&] {
    const Forward result = run_forward(conv, filter, bytes);
    const Forward background = run_forward_of_background(conv, filter);
    expect_close(unpack(result.map, expected), expected.values, 1e-6);
    // The maximum is where the kernel says, up to a tie at rounding level.
    const std::vector<std::uint32_t> positions =
        positions_of(result, background, conv.output(), expected);
    Map there(y.channels, y.rows / 2, y.columns / 2);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const std::size_t channel = i / there.columns / there.rows;
      there.values[i] = y.at(channel, i / there.columns % there.rows * 2 + positions[i] / 2,
                             i % there.columns * 2 + positions[i] % 2);
    }
    relu(there.values);
    expect_close(there.values, expected.values, 1e-6);
  });
}

TEST_P(Conv1Test, BackwardMatchesTheReferenceOnEveryTarget) {
  Map d_map(filter.outs, conv.rows / 2, conv.columns / 2);
  fill_normal(d_map.values, 1, random);
  on_every_target([&] {
    Forward result = run_forward(conv, filter, bytes);
    Forward background = run_forward_of_background(conv, filter);
    const std::vector<double> values = unpack(result.map, d_map);
    Map d_active = d_map;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!(values[i] > 0)) d_active.values[i] = 0;
    }
    const ConvolutionGradient expected = convolve_backward(
        filter, image,
        unpool(d_active, positions_of(result, background, conv.output(), d_map), image));

    AlignedVector<float> d_weights(conv.weights_size());
    AlignedVector<float> d_bias(conv.channels);
    const AlignedVector<float> d_packed = pack(d_map);
    for (std::size_t block = 0; block < conv.channels / kLine; ++block) {
      conv1_backward(conv, block, background.saved(), result.saved(),
                     d_packed.data() + block * conv.output().block_stride(),
                     {d_weights.data(), d_bias.data()});
    }
    const AlignedVector<float> weights = pack_weights(expected.filter, conv);
    const AlignedVector<float> bias = pack_bias(expected.filter, conv);
    expect_close({d_weights.begin(), d_weights.end()}, {weights.begin(), weights.end()}, 1e-6);
    expect_close({d_bias.begin(), d_bias.end()}, {bias.begin(), bias.end()}, 1e-6);
  });
}

INSTANTIATE_TEST_SUITE_P(Sizes, Conv1Test,
                         testing::Values(Conv1Case{28, 28, 32}, Conv1Case{4, 4, 1},
                                         Conv1Case{8, 12, 21}, Conv1Case{4, 32, 16},
                                         Conv1Case{5, 7, 3}, Conv1Case{15, 14, 17},
                                         Conv1Case{6, 27, 16}));

TEST(Conv1, OfEqualValuesTheFirstIsTheMaximum) {
  const Conv1 conv{8, 8, kLine};
  const Filter filter(1, 3);  // zeros
  on_every_target([&] {
    const Forward result = run_forward(conv, filter, std::vector<std::uint8_t>(64, 9));
    for (const std::uint8_t position : result.positions) EXPECT_EQ(position, 0);
  });
}

TEST(Conv1, NotANumberStaysVisible) {
  const Conv1 conv{4, 4, kLine};
  Filter filter(1, 1);
  filter.bias[0] = std::nan("");
  on_every_target([&] {
    const Forward result = run_forward(conv, filter, std::vector<std::uint8_t>(16, 9));
    for (const double value : unpack(result.map, Map(1, 2, 2))) EXPECT_TRUE(std::isnan(value));
  });
}

}  // namespace
}  // namespace mnist_bench::kernels
