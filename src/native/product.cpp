#include "native/product.h"

#include <algorithm>

#include "kernels/linear.h"
#include "kernels/matrix_product.h"

namespace mnist_bench::native {

using kernels::Accumulate;
using kernels::ConstMatrix;
using kernels::kLine;
using kernels::Matrix;
using kernels::Range;
using kernels::StridedMatrix;

namespace {

/// The weight [units, channels, size, size], or [units, inputs], of a Product: input by input, in
/// the order of a patch, the units of an input next to each other.
Parameter weight_of(const TensorShape& tensor, std::size_t units) {
  Parameter weight{.name = tensor.name, .shape = tensor.shape, .offsets = {}};
  const auto side = [&](std::size_t d) {
    return d < tensor.shape.size() ? static_cast<std::size_t>(tensor.shape[d]) : 1;
  };
  for (std::size_t unit = 0; unit < side(0); ++unit) {
    for (std::size_t channel = 0; channel < side(1); ++channel) {
      for (std::size_t position = 0; position < side(2) * side(3); ++position) {
        weight.offsets.push_back((position * side(1) + channel) * units + unit);
      }
    }
  }
  return weight;
}

}  // namespace

Product::Product(const std::vector<TensorShape>& tensors, std::size_t parts, Parameters& parameters)
    : has_bias_(tensors.size() > 1), parts_(parts) {
  const auto units = static_cast<std::size_t>(tensors[0].shape[0]);
  inputs_ = static_cast<std::size_t>(size_of(tensors[0])) / units;
  units_ = kernels::round_up(units, kLine);
  begin_ = parameters.add(weight_of(tensors[0], units_), inputs_ * units_);
  if (has_bias_) parameters.add_bias(tensors[1].name, units);
  transposed_.resize(units_ * kernels::round_up(inputs_, kLine));
  gradient_.resize(parts_ * size());
}

void Product::multiply(Parameters& parameters, const StridedMatrix& x, Range rows, Matrix y) const {
  const float* const weights = parameters.values(begin_);
  kernels::multiply(x, {weights, units_}, inputs_, rows, {0, units_},
                    {has_bias_ ? weights + inputs_ * units_ : nullptr, 0}, y);
}

void Product::transpose(const Turn& turn) {
  const std::size_t stride = kernels::round_up(inputs_, kLine);
  const float* const weights = turn.parameters.values(begin_);
  const Range own = kernels::partition(units_, kLine, turn.thread, turn.team.size());
  // A line of each input at a time: its 16 rows of the result stay in the first cache.
  for (std::size_t first = own.begin; first < own.end; first += kLine) {
    for (std::size_t k = 0; k < inputs_; ++k) {
      for (std::size_t unit = first; unit < first + kLine; ++unit) {
        transposed_[unit * stride + k] = weights[k * units_ + unit];
      }
    }
  }
}

void Product::multiply_back(ConstMatrix dy, Range rows, ConstMatrix start, Matrix dx) const {
  const std::size_t stride = kernels::round_up(inputs_, kLine);
  kernels::multiply(strided(dy), {transposed_.data(), stride}, units_, rows, {0, stride}, start,
                    dx);
}

void Product::clear_gradient(std::size_t part) { std::fill_n(gradient(part).data, size(), 0.0F); }

void Product::weights_gradient(std::size_t part, const StridedMatrix& x, ConstMatrix dy,
                               std::size_t rows, Range inputs, Accumulate accumulate) {
  const Matrix sums = gradient(part);
  kernels::multiply(transposed(x), dy, rows, inputs, {0, units_},
                    accumulate == Accumulate::yes ? sums : ConstMatrix(), sums);
}

void Product::bias_gradient(std::size_t part, ConstMatrix dy, std::size_t rows, Range units,
                            Accumulate accumulate) {
  if (!has_bias_) return;
  float* const sums = gradient(part).row(inputs_);
  kernels::column_sums(dy, rows, 1.0F, accumulate == Accumulate::yes ? sums : nullptr, units, sums);
}

void Product::update(const Turn& turn) {
  const Range own = kernels::partition(size(), kLine, turn.thread, turn.team.size());
  float* const sums = gradient_.data();
  kernels::column_sums({sums, size()}, parts_, 1.0F, nullptr, own, sums);
  turn.parameters.update(turn.settings->update, sums + own.begin, begin_ + own.begin, own.size());
}

}  // namespace mnist_bench::native
