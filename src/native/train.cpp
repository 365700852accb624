#include <span>

#include "base/random.h"
#include "native/engine.h"

namespace mnist_bench::native {
namespace {

/// Sums over the images seen in an epoch.
struct RunningSums {
  double loss = 0;
  std::int64_t correct = 0;
  std::int64_t images = 0;

  void add(const BatchStatistics& batch, std::size_t size) {
    loss += batch.loss_sum;
    correct += batch.correct;
    images += static_cast<std::int64_t>(size);
  }
  [[nodiscard]] double mean_loss() const { return loss / static_cast<double>(images); }
  [[nodiscard]] double accuracy() const {
    return static_cast<double>(correct) / static_cast<double>(images);
  }
};

kernels::AdamStep adam_step(const AdamConfig& config, std::int64_t step) {
  return kernels::adam_step(config.learning_rate, config.beta1, config.beta2, config.epsilon,
                            config.weight_decay, step);
}

}  // namespace

TrainOutcome train(Network& network, const Images& set, const ExperimentConfig& config,
                   const TrainCallbacks& callbacks, const std::optional<TrainingState>& start) {
  const std::int64_t batch_size = config.training.batch_size;
  network.prepare(set, batch_size);
  if (start) network.parameters().import_state(*start);
  const std::int64_t first_epoch = start ? start->epoch + 1 : 1;
  std::int64_t steps_done = start ? start->step : 0;

  const std::int64_t steps = (set.size() + batch_size - 1) / batch_size;
  TrainProgress last{.steps = steps};
  for (std::int64_t epoch = first_epoch; epoch <= config.training.epochs; ++epoch) {
    const auto number = static_cast<std::uint64_t>(epoch);
    StepSettings settings{.adam = {},
                          .dropout_seed = derive_seed(config.seed, "dropout", number),
                          .step = 0,
                          .clock = callbacks.clock};
    RunningSums sums;
    EpochWatch watch(epoch, steps, callbacks);
    const std::vector<std::int64_t> order =
        permutation(set.size(), derive_seed(config.seed, "shuffle", number));

    for (std::int64_t step = 0; step < steps; ++step) {
      const std::int64_t first = step * batch_size;
      const auto batch = std::span(order).subspan(
          static_cast<std::size_t>(first),
          static_cast<std::size_t>(std::min(batch_size, set.size() - first)));

      if (callbacks.clock != nullptr) callbacks.clock->begin_step();
      settings.step = step;
      settings.adam = adam_step(config.optimizer, ++steps_done);
      sums.add(network.step(set, batch, settings), batch.size());

      const auto end = watch.after_step(sums.images, [&] { return sums.mean_loss(); });
      if (end) return {*end, watch.progress()};
    }
    EpochStatistics statistics = watch.statistics(set.size());
    statistics.accuracy = sums.accuracy();
    last = watch.progress();
    if (callbacks.on_epoch) {
      callbacks.on_epoch(statistics,
                         [&] { return network.parameters().export_state(epoch, steps_done); });
    }
    if (callbacks.should_stop && callbacks.should_stop()) return {TrainEnd::interrupted, last};
  }
  return {TrainEnd::completed, last};
}

}  // namespace mnist_bench::native
