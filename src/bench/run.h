#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/result.h"
#include "config/experiment.h"
#include "experiment/observer.h"

namespace mnist_bench {

struct BenchOptions {
  /// What is trained; engine, threads and epochs are those below.
  std::vector<ExperimentConfig> models;
  std::vector<Engine> engines = {Engine::libtorch, Engine::native};
  std::vector<std::int64_t> threads = {1};
  std::int64_t rounds = 5;
  /// Epochs in each round, from the first on; their mean counts.
  std::int64_t epochs = 1;
  std::string executable;
};

/// Times some epochs of every model, engine and number of threads, round after round, after a
/// warm-up round that is not timed; each from fresh initial parameters. `on_round` sees the result
/// after each round, and once more at the end with the phases. An interrupt (runtime/interrupt.h)
/// ends it after the current step, as Error(interrupted).
void run_bench(const BenchOptions& options, Observer& observer,
               const std::function<void(const BenchResult&)>& on_round);

}  // namespace mnist_bench
