#include "train/train.h"

#include <ATen/Context.h>
#include <torch/nn/functional/loss.h>
#include <torch/optim/adam.h>

#include <cstddef>
#include <cstring>

#include "base/random.h"
#include "model/network.h"
#include "runtime/device.h"

namespace mnist_bench {
namespace {

torch::optim::Adam make_optimizer(torch::nn::Sequential& network, const AdamConfig& config) {
  return torch::optim::Adam(network->parameters(), torch::optim::AdamOptions(config.learning_rate)
                                                       .betas({config.beta1, config.beta2})
                                                       .eps(config.epsilon)
                                                       .weight_decay(config.weight_decay));
}

TrainingState state_of(const torch::nn::Sequential& network, torch::optim::Adam& optimizer,
                       std::int64_t epoch) {
  TrainingState state{.epoch = epoch,
                      .step = 0,
                      .parameters = export_parameters(network),
                      .first_moments = {},
                      .second_moments = {}};
  for (const auto& parameter : network->named_parameters()) {
    auto& moments = static_cast<torch::optim::AdamParamState&>(
        *optimizer.state().at(parameter.value().unsafeGetTensorImpl()));
    state.step = moments.step();
    state.first_moments.push_back(export_tensor(parameter.key(), moments.exp_avg()));
    state.second_moments.push_back(export_tensor(parameter.key(), moments.exp_avg_sq()));
  }
  return state;
}

void restore(torch::nn::Sequential& network, torch::optim::Adam& optimizer,
             const TrainingState& state) {
  import_parameters(network, state.parameters);
  const auto parameters = network->named_parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const torch::Tensor& parameter = parameters[i].value();
    // As Adam itself makes them at the first step: in the parameter's memory format.
    const torch::Tensor first = torch::zeros_like(parameter, torch::MemoryFormat::Preserve);
    const torch::Tensor second = torch::zeros_like(parameter, torch::MemoryFormat::Preserve);
    import_tensor(state.first_moments[i], first);
    import_tensor(state.second_moments[i], second);
    auto moments = std::make_unique<torch::optim::AdamParamState>();
    moments->step(state.step);
    moments->exp_avg(first);
    moments->exp_avg_sq(second);
    optimizer.state()[parameter.unsafeGetTensorImpl()] = std::move(moments);
  }
}

torch::Tensor shuffled_indices(std::int64_t size, std::uint64_t seed, std::int64_t epoch,
                               torch::Device device) {
  const std::vector<std::int64_t> order =
      permutation(size, derive_seed(seed, "shuffle", static_cast<std::uint64_t>(epoch)));
  return torch::tensor(order, torch::kInt64).to(device);
}

/// values[indices], as a tensor of its own. On the CPU row by row: index_select would set a kernel
/// up for each of them.
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

/// Sums over the images seen in an epoch, kept on the device so that no step waits for them.
struct RunningSums {
  explicit RunningSums(torch::Device device)
      : loss(torch::zeros({}, torch::dtype(torch::kFloat64).device(device))),
        correct(torch::zeros({}, torch::dtype(torch::kInt64).device(device))) {}

  void add(const torch::Tensor& batch_loss, const torch::Tensor& logits,
           const torch::Tensor& labels) {
    const torch::NoGradGuard no_gradients;
    loss.add_(batch_loss.detach(), static_cast<double>(labels.size(0)));
    correct.add_(logits.detach().argmax(/*dim=*/1).eq(labels).sum());
    images += labels.size(0);
  }
  [[nodiscard]] double mean_loss() const {
    return loss.item<double>() / static_cast<double>(images);
  }
  [[nodiscard]] double accuracy() const {
    return static_cast<double>(correct.item<std::int64_t>()) / static_cast<double>(images);
  }

  torch::Tensor loss;
  torch::Tensor correct;
  std::int64_t images = 0;
};

/// Tells the callers' clock, if there is one, that a phase of the step has ended.
void end_phase(const TrainCallbacks& callbacks, std::string_view name) {
  if (callbacks.clock != nullptr) callbacks.clock->end_phase(name);
}

/// A step of training of each size that an epoch has (its last batch may be a partial one) on a
/// copy, so that the first epoch's time holds no set-up of kernels.
/// Weights, optimizer and (seeded at each epoch's start) random streams never see it. Nor do they
/// see what MKL makes of its first calls: where two threads make one at once, as for Adam's square
/// roots, either may compute it with other roundings, that once.
void warm_up(const torch::nn::Sequential& network, const ImageTensors& set,
             const ExperimentConfig& config) {
  torch::nn::Sequential copy(
      std::dynamic_pointer_cast<torch::nn::SequentialImpl>(network->clone()));
  copy->train();
  torch::optim::Adam optimizer = make_optimizer(copy, config.optimizer);
  const std::int64_t full = std::min(config.training.batch_size, set.size());
  for (const std::int64_t count : {full, set.size() % full}) {
    if (count == 0) continue;
    const torch::Tensor logits = copy->forward(set.images.narrow(0, 0, count));
    optimizer.zero_grad();
    torch::nn::functional::cross_entropy(logits, set.labels.narrow(0, 0, count)).backward();
    optimizer.step();
  }
}

}  // namespace

void choose_memory_format(torch::nn::Sequential& network) {
  const torch::NoGradGuard no_gradients;
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.is_cpu() && parameter.dim() == 4) {
      // Not contiguous(): it leaves a weight of one input channel as it is, which lies the same in
      // both formats, and LibTorch, which looks at the strides, then takes it for channels_first.
      parameter.set_data(
          torch::empty_like(parameter, torch::MemoryFormat::ChannelsLast).copy_(parameter));
    }
  }
}

TrainOutcome train(torch::nn::Sequential& network, const ImageTensors& set,
                   const ExperimentConfig& config, const TrainCallbacks& callbacks,
                   const std::optional<TrainingState>& start) {
  const torch::Device device = set.images.device();
  const std::int64_t batch_size = config.training.batch_size;
  torch::optim::Adam optimizer = make_optimizer(network, config.optimizer);

  if (start) restore(network, optimizer, *start);
  const std::int64_t first_epoch = start ? start->epoch + 1 : 1;
  if (first_epoch <= config.training.epochs) warm_up(network, set, config);

  const std::int64_t steps = (set.size() + batch_size - 1) / batch_size;
  TrainProgress last{.steps = steps};
  for (std::int64_t epoch = first_epoch; epoch <= config.training.epochs; ++epoch) {
    network->train();
    // Dropout draws from LibTorch's global generators. Seeded anew each epoch, they need no state
    // beyond (seed, epoch) to go on from.
    at::manual_seed(derive_seed(config.seed, "dropout", static_cast<std::uint64_t>(epoch)));
    RunningSums sums(device);
    synchronize(device);
    EpochWatch watch(epoch, steps, callbacks);
    const torch::Tensor order = shuffled_indices(set.size(), config.seed, epoch, device);

    for (std::int64_t step = 0; step < steps; ++step) {
      if (callbacks.clock != nullptr) callbacks.clock->begin_step();
      const std::int64_t first = step * batch_size;
      const torch::Tensor batch = order.narrow(0, first, std::min(batch_size, set.size() - first));
      const torch::Tensor labels = rows_of(set.labels, batch);

      const torch::Tensor images = rows_of(set.images, batch);
      end_phase(callbacks, "gather the batch");
      const torch::Tensor logits = network->forward(images);
      const torch::Tensor loss = torch::nn::functional::cross_entropy(logits, labels);
      end_phase(callbacks, "forward");
      optimizer.zero_grad();
      loss.backward();
      end_phase(callbacks, "backward");
      optimizer.step();
      end_phase(callbacks, "Adam");

      sums.add(loss, logits, labels);
      end_phase(callbacks, "sums of loss and accuracy");
      const auto end = watch.after_step(sums.images, [&] { return sums.mean_loss(); });
      if (end) return {*end, watch.progress()};
    }
    synchronize(device);
    EpochStatistics statistics = watch.statistics(set.size());
    statistics.accuracy = sums.accuracy();
    last = watch.progress();
    if (callbacks.on_epoch) {
      callbacks.on_epoch(statistics, [&] { return state_of(network, optimizer, epoch); });
    }
    if (callbacks.should_stop && callbacks.should_stop()) return {TrainEnd::interrupted, last};
  }
  return {TrainEnd::completed, last};
}

}  // namespace mnist_bench
