#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/linear.h"
#include "kernels/matrix.h"
#include "record/checkpoint.h"

namespace mnist_bench::native {

/// One tensor of a network: its name and shape as PyTorch has them, and the offset of each of its
/// values in the flat buffers, in PyTorch's order.
struct Parameter {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<std::size_t> offsets;
};

/// All parameters of a network and what the optimizer keeps for them, in flat buffers of the same
/// layout. The padding between parameters is 0 and stays 0.
class Parameters {
 public:
  /// Adds a weight of `out` × `in` and returns where it begins. It is stored as one matrix
  /// [in][outputs of a panel] after another; `panels` cover the outputs in order, and possibly some
  /// padding. Row input_rows[i] is PyTorch's input i.
  std::size_t add_weight(const std::string& name, std::size_t out, std::size_t in,
                         const std::vector<std::size_t>& input_rows,
                         const std::vector<kernels::Range>& panels);
  /// Adds a weight of `out` × `in` stored as in PyTorch, with padded rows: [out][in, padded].
  std::size_t add_output_weight(const std::string& name, std::size_t out, std::size_t in);
  /// Adds a bias of `size`, padded.
  std::size_t add_bias(const std::string& name, std::size_t size);
  /// Adds any tensor that takes `size` floats; its offsets count from the returned beginning.
  std::size_t add(Parameter parameter, std::size_t size);
  /// Allocates the buffers. Call it once, after the last addition.
  void allocate();

  /// Tensors.
  [[nodiscard]] std::size_t count() const { return parameters_.size(); }
  [[nodiscard]] kernels::Weights weights(std::size_t begin, std::size_t stride);
  [[nodiscard]] float* values(std::size_t begin) { return values_.data() + begin; }
  /// The optimizer's step on `size` parameters from `begin` on; gradient: [size].
  void update(const kernels::OptimizerStep& step, const float* gradient, std::size_t begin,
              std::size_t size);

  /// Throws Error(io) if names or shapes differ from these parameters'.
  void import_values(const std::vector<NamedTensor>& tensors);
  /// `kept` names what the optimizer keeps, in the order of ParameterArrays::kept.
  void import_state(const TrainingState& state, const std::vector<std::string>& kept);
  [[nodiscard]] std::vector<NamedTensor> export_values() const;
  [[nodiscard]] TrainingState export_state(std::int64_t epoch, std::int64_t step,
                                           const std::vector<std::string>& kept) const;

 private:
  using Buffer = kernels::AlignedVector<float>;
  [[nodiscard]] kernels::ParameterArrays arrays(std::size_t begin);
  void import_into(Buffer& buffer, const std::vector<NamedTensor>& tensors) const;
  [[nodiscard]] std::vector<NamedTensor> export_from(const Buffer& buffer) const;

  std::vector<Parameter> parameters_;
  std::size_t size_ = 0;
  Buffer values_;
  std::array<Buffer, kernels::kMaxOptimizerTensors> kept_;
};

}  // namespace mnist_bench::native
