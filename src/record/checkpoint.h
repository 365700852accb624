#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/schedule.h"
#include "record/result.h"
#include "record/safetensors.h"

namespace mnist_bench {

/// What training continues from. The random streams have no state beyond the seed and the epoch:
/// each epoch's order and dropout are drawn from a generator seeded anew with both.
struct TrainingState {
  std::int64_t epoch = 0;  ///< epochs done
  std::int64_t step = 0;   ///< steps done: Adam's t
  /// By PyTorch's names and in its shapes: "fc1.weight" [out, in], "fc1.bias" [out].
  std::vector<NamedTensor> parameters = {};
  /// What layers keep besides their parameters: batch norm's running means and variances.
  std::vector<NamedTensor> buffers = {};
  /// What the optimizer keeps, by PyTorch's names: one tensor per parameter, named like it. Adam's
  /// moving averages m and v (paper, eq. 16 and 17) are "exp_avg" and "exp_avg_sq", the direction
  /// that SGD with momentum keeps is "momentum_buffer".
  std::map<std::string, std::vector<NamedTensor>, std::less<>> optimizer = {};
};

/// What an optimizer keeps: the keys of TrainingState::optimizer.
std::vector<std::string> optimizer_tensors(const OptimizerConfig& optimizer);

/// Throws Error(io) unless the state has what the optimizer keeps, and nothing else.
void require_state_of(const OptimizerConfig& optimizer, const TrainingState& state);

/// What is stored of a network, and hashed: its parameters, then its buffers.
std::vector<NamedTensor> stored_tensors(const TrainingState& state);

/// `checkpoint.safetensors`: all that a run needs to continue after an epoch as if it had never
/// stopped, and what its record says of the epochs before.
struct Checkpoint {
  std::string config_hash;
  std::uint64_t seed = 0;
  std::string engine;
  /// SplitSummary::sha256 of the training and of the test data, with a space between.
  std::string data_sha256;
  TrainingState state;
  std::vector<EpochRecord> epochs = {};
  std::vector<std::int64_t> resumed_after = {};
  /// Spent so far.
  double load_seconds = 0.0;
  double total_seconds = 0.0;
};

/// Its header tells all epochs: the 100,000 that a config can ask for take 45 MiB.
inline constexpr std::size_t kLargestCheckpointHeader = std::size_t{64} << 20U;

/// Checkpoint::data_sha256 of a run on `data`.
std::string data_sha256(const DataSummary& data);

/// The bytes of the file. Its metadata carry a SHA-256 over the whole file (with that value's 64
/// digits as zeros), so that any damage is found.
std::string checkpoint_bytes(Checkpoint checkpoint);

/// The reverse. Throws Error(io) saying what is wrong with `bytes`, without naming the file.
Checkpoint parse_checkpoint(std::string_view bytes);

/// Throws Error(io) unless the checkpoint's step and epoch are those of a schedule where training
/// is saved.
void require_step(const Checkpoint& checkpoint, const Schedule& schedule);

/// Whether both are tensors of the same names and shapes, in the same order.
bool same_shapes(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b);

/// SHA-256 over the values of all tensors, one after the other, as float32.
std::string parameters_sha256(const std::vector<NamedTensor>& parameters);

/// `model.safetensors`: what is stored of the network alone, as PyTorch's load_state_dict takes
/// them.
std::string model_bytes(const std::vector<NamedTensor>& parameters,
                        const std::string& parameters_sha256);

}  // namespace mnist_bench
