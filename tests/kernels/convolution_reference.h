#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/feature_map.h"

namespace mnist_bench::kernels {

/// [channels][rows][columns] in float64, to compare the kernels with.
struct Map {
  Map(std::size_t channel_count, std::size_t row_count, std::size_t column_count)
      : channels(channel_count),
        rows(row_count),
        columns(column_count),
        values(channels * rows * columns) {}

  double& at(std::size_t channel, std::size_t row, std::size_t column) {
    return values[(channel * rows + row) * columns + column];
  }
  [[nodiscard]] double at(std::size_t channel, std::size_t row, std::size_t column) const {
    return values[(channel * rows + row) * columns + column];
  }

  std::size_t channels;
  std::size_t rows;
  std::size_t columns;
  std::vector<double> values;
};

/// Weights [out][in][3][3] and bias [out], or their gradients.
struct Filter {
  Filter(std::size_t in_channels, std::size_t out_channels)
      : ins(in_channels), outs(out_channels), weights(outs * ins * 9), bias(outs) {}

  double& at(std::size_t out, std::size_t in, std::size_t delta) {
    return weights[(out * ins + in) * 9 + delta];
  }
  [[nodiscard]] double at(std::size_t out, std::size_t in, std::size_t delta) const {
    return weights[(out * ins + in) * 9 + delta];
  }

  std::size_t ins;
  std::size_t outs;
  std::vector<double> weights;
  std::vector<double> bias;
};

/// Calls visit(out, in, delta, row, column, input row, input column) for each product of a 3×3
/// convolution with padding 1.
template <class Visit>
void for_each_product(const Filter& filter, const Map& x, const Visit& visit) {
  for (std::size_t out = 0; out < filter.outs; ++out) {
    for (std::size_t in = 0; in < filter.ins; ++in) {
      for (std::size_t delta = 0; delta < 9; ++delta) {
        for (std::size_t row = 0; row < x.rows; ++row) {
          for (std::size_t column = 0; column < x.columns; ++column) {
            const std::size_t from_row = row + delta / 3 - 1;  // −1 wraps round to beyond the end
            const std::size_t from_column = column + delta % 3 - 1;
            if (from_row < x.rows && from_column < x.columns) {
              visit(out, in, delta, row, column, from_row, from_column);
            }
          }
        }
      }
    }
  }
}

inline Map convolve(const Filter& filter, const Map& x) {
  Map y(filter.outs, x.rows, x.columns);
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    y.values[i] = filter.bias[i / (x.rows * x.columns)];
  }
  for_each_product(
      filter, x,
      [&](auto out, auto in, auto delta, auto row, auto column, auto from_row, auto from_column) {
        y.at(out, row, column) += filter.at(out, in, delta) * x.at(in, from_row, from_column);
      });
  return y;
}

struct Pooled {
  Map values;
  std::vector<std::uint32_t> positions;  ///< as `values`
};

inline Pooled pool(const Map& y) {
  Pooled pooled{Map(y.channels, y.rows / 2, y.columns / 2), {}};
  for (std::size_t i = 0; i < pooled.values.values.size(); ++i) {
    const std::size_t channel = i / pooled.values.columns / pooled.values.rows;
    const std::size_t row = i / pooled.values.columns % pooled.values.rows * 2;
    const std::size_t column = i % pooled.values.columns * 2;
    std::uint32_t best = 0;
    for (std::uint32_t q = 1; q < 4; ++q) {
      if (y.at(channel, row + q / 2, column + q % 2) >
          y.at(channel, row + best / 2, column + best % 2)) {
        best = q;
      }
    }
    pooled.values.values[i] = y.at(channel, row + best / 2, column + best % 2);
    pooled.positions.push_back(best);
  }
  return pooled;
}

/// The gradient of the map before pooling, which has the rows and columns of `like`, given the one
/// after it.
inline Map unpool(const Map& d_pooled, const std::vector<std::uint32_t>& positions,
                  const Map& like) {
  Map d_y(d_pooled.channels, like.rows, like.columns);
  for (std::size_t i = 0; i < d_pooled.values.size(); ++i) {
    const std::size_t channel = i / d_pooled.columns / d_pooled.rows;
    d_y.at(channel, i / d_pooled.columns % d_pooled.rows * 2 + positions[i] / 2,
           i % d_pooled.columns * 2 + positions[i] % 2) = d_pooled.values[i];
  }
  return d_y;
}

struct ConvolutionGradient {
  Filter filter;
  Map x;
};

inline ConvolutionGradient convolve_backward(const Filter& filter, const Map& x, const Map& d_y) {
  ConvolutionGradient gradient{Filter(filter.ins, filter.outs), Map(x.channels, x.rows, x.columns)};
  for (std::size_t i = 0; i < d_y.values.size(); ++i) {
    gradient.filter.bias[i / (x.rows * x.columns)] += d_y.values[i];
  }
  for_each_product(
      filter, x,
      [&](auto out, auto in, auto delta, auto row, auto column, auto from_row, auto from_column) {
        const double d = d_y.at(out, row, column);
        gradient.filter.at(out, in, delta) += d * x.at(in, from_row, from_column);
        gradient.x.at(in, from_row, from_column) += d * filter.at(out, in, delta);
      });
  return gradient;
}

/// Numbers that float32 holds exactly, so that both sides see the same.
inline void fill_normal(std::vector<double>& values, double deviation, std::mt19937& random) {
  std::normal_distribution<float> normal;
  for (double& value : values) {
    value = static_cast<double>(static_cast<float>(deviation) * normal(random));
  }
}

inline std::size_t padded(std::size_t channels) { return round_up(channels, kLine); }

/// A map as the kernels hold it, and the reverse.
inline AlignedVector<float> pack(const Map& map) {
  const MapShape shape{map.rows, map.columns, padded(map.channels)};
  AlignedVector<float> packed(shape.size());
  for (std::size_t i = 0; i < map.values.size(); ++i) {
    const std::size_t channel = i / map.columns / map.rows;
    packed[channel / kLine * shape.block_stride() +
           shape.window(i / map.columns % map.rows + 1, i % map.columns + 1) + channel % kLine] =
        static_cast<float>(map.values[i]);
  }
  return packed;
}

/// Everywhere the same up to rounding, relative to the largest value.
inline void expect_close(const std::vector<double>& actual, const std::vector<double>& expected,
                         double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], tolerance * largest) << "at " << i;
  }
}

inline std::vector<double> unpack(const AlignedVector<float>& packed, const Map& like) {
  const MapShape shape{like.rows, like.columns, padded(like.channels)};
  std::vector<double> values(like.values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t channel = i / like.columns / like.rows;
    values[i] = static_cast<double>(
        packed[channel / kLine * shape.block_stride() +
               shape.window(i / like.columns % like.rows + 1, i % like.columns + 1) +
               channel % kLine]);
  }
  return values;
}

}  // namespace mnist_bench::kernels
