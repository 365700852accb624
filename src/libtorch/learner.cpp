#include "libtorch/learner.h"

#include <ATen/Context.h>
#include <torch/nn/functional/loss.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/random.h"
#include "libtorch/network.h"
#include "libtorch/optimizer.h"
#include "runtime/build_info.h"
#include "runtime/device.h"

namespace mnist_bench {
namespace {

/// values[indices] as a new tensor. On the CPU row by row, since index_select sets up a kernel for
/// each row.
torch::Tensor rows_of(const torch::Tensor& values, const torch::Tensor& indices) {
  if (!values.is_cpu()) return values.index_select(0, indices);
  std::vector<std::int64_t> shape = values.sizes().vec();
  shape[0] = indices.size(0);
  torch::Tensor rows = torch::empty(shape, values.options());
  const std::size_t bytes =
      static_cast<std::size_t>(values.stride(0)) * static_cast<std::size_t>(values.element_size());
  const auto* from = static_cast<const std::byte*>(values.const_data_ptr());
  auto* to = static_cast<std::byte*>(rows.mutable_data_ptr());
  const auto* index = indices.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    std::memcpy(to + static_cast<std::size_t>(i) * bytes,
                from + static_cast<std::size_t>(index[i]) * bytes, bytes);
  }
  return rows;
}

void end_phase(PhaseClock* clock, std::string_view name) {
  if (clock != nullptr) clock->end_phase(name);
}

}  // namespace

void choose_memory_format(torch::nn::Sequential& network) {
  const torch::NoGradGuard no_gradients;
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.is_cpu() && parameter.dim() == 4) {
      // Not contiguous(): it leaves a weight of one input channel as it is, which has the same
      // layout in both formats, and LibTorch, judging by the strides, then treats it as
      // channels_first.
      parameter.set_data(
          torch::empty_like(parameter, torch::MemoryFormat::ChannelsLast).copy_(parameter));
    }
  }
}

LibtorchLearner::LibtorchLearner(torch::nn::Sequential network, const ImageTensors& train,
                                 const ImageTensors& test, const ExperimentConfig& config,
                                 const ImageTensors* validation,
                                 std::function<torch::Tensor(std::int64_t epoch)> epoch_images)
    : network_(std::move(network)),
      train_(train),
      test_(test),
      validation_(validation),
      config_(config),
      epoch_images_(std::move(epoch_images)),
      optimizer_(make_optimizer(network_->parameters(), config.optimizer)) {}

std::string LibtorchLearner::simd() const { return simd_capability(); }

void LibtorchLearner::restore(const TrainingState& state) {
  import_parameters(network_, state.parameters);
  import_buffers(network_, state.buffers);
  import_optimizer(config_.optimizer, state, *optimizer_);
  epoch_ = state.epoch;
  steps_done_ = state.step;
}

void LibtorchLearner::prepare() {
  torch::nn::Sequential copy(
      std::dynamic_pointer_cast<torch::nn::SequentialImpl>(network_->clone()));
  copy->train();
  const auto optimizer = make_optimizer(copy->parameters(), config_.optimizer);
  const std::int64_t full = std::min(config_.training.batch_size, train_.size());
  for (const std::int64_t count : {full, train_.size() % full}) {
    if (count == 0) continue;
    const torch::Tensor logits = copy->forward(train_.images.narrow(0, 0, count));
    optimizer->zero_grad();
    torch::nn::functional::cross_entropy(logits, train_.labels.narrow(0, 0, count)).backward();
    optimizer->step();
  }
  synchronize(train_.images.device());
}

void LibtorchLearner::begin_epoch(std::int64_t epoch, std::vector<std::int64_t> order) {
  const torch::Device device = train_.labels.device();
  epoch_ = epoch;
  if (epoch_images_) {
    train_.images.reset();  // before there are others, for their memory
    train_.images = epoch_images_(epoch);
  }
  network_->train();
  at::manual_seed(derive_seed(config_.seed, "dropout", static_cast<std::uint64_t>(epoch)));
  loss_sum_ = torch::zeros({}, torch::dtype(torch::kFloat64).device(device));
  correct_ = torch::zeros({}, torch::dtype(torch::kInt64).device(device));
  order_ = torch::tensor(order, torch::kInt64).to(device);
}

void LibtorchLearner::step(std::int64_t first, std::int64_t count, PhaseClock* clock) {
  const torch::Tensor batch = order_.narrow(0, first, count);
  const torch::Tensor labels = rows_of(train_.labels, batch);
  const torch::Tensor images = rows_of(train_.images, batch);
  end_phase(clock, "gather the batch");
  const torch::Tensor logits = network_->forward(images);
  const torch::Tensor loss = torch::nn::functional::cross_entropy(logits, labels);
  end_phase(clock, "forward");
  optimizer_->zero_grad();
  loss.backward();
  end_phase(clock, "backward");
  optimizer_->step();
  ++steps_done_;
  end_phase(clock, optimizer_title(config_.optimizer));

  const torch::NoGradGuard no_gradients;
  loss_sum_.add_(loss.detach(), static_cast<double>(count));
  correct_.add_(logits.detach().argmax(/*dim=*/1).eq(labels).sum());
  end_phase(clock, "sums of loss and accuracy");
}

EpochSums LibtorchLearner::sums() {
  return {.loss = loss_sum_.item<double>(), .correct = correct_.item<std::int64_t>()};
}

Predictions LibtorchLearner::predict(Split split) {
  return mnist_bench::predict(network_, split == Split::test ? test_ : *validation_);
}

TrainingState LibtorchLearner::state() const {
  TrainingState state{.epoch = epoch_,
                      .step = steps_done_,
                      .parameters = export_parameters(network_),
                      .buffers = export_buffers(network_),
                      .optimizer = {}};
  std::vector<std::string> names;
  for (const NamedTensor& parameter : state.parameters) names.push_back(parameter.name);
  export_optimizer(config_.optimizer, *optimizer_, names, state);
  return state;
}

}  // namespace mnist_bench
