#include "bench/run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <map>

#include "base/error.h"
#include "base/text.h"
#include "experiment/learners.h"
#include "experiment/trainable.h"
#include "kernels/probe.h"
#include "model/summary.h"
#include "runtime/interrupt.h"
#include "runtime/process.h"
#include "train/train.h"

namespace mnist_bench {
namespace {

/// Steps of the warm-up round, and of the round that times phases.
constexpr std::int64_t kWarmUpSteps = 100;
constexpr std::int64_t kPhaseSteps = 300;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double dense_flop(const ModelSummary& model) {
  std::int64_t first = 0;
  for (const LayerSummary& layer : model.layers) {
    if (first == 0) first = layer.macs;
  }
  return 2.0 * static_cast<double>(3 * model.macs - first);
}

/// One combination to time, with all that it needs except a network.
struct Case {
  ExperimentConfig config;
  DataCache* data = nullptr;  ///< its engine's
  BenchSeries series;
};

/// require_trainable, with the model's name and a remedy that bench accepts.
void require_trainable_by(Engine engine, ExperimentConfig config, const DataShape& data) {
  const auto error_with = [&](Engine other) -> std::optional<Error> {
    config.training.engine = other;
    try {
      require_trainable(config, data);
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  };
  const std::optional<Error> error = error_with(engine);
  if (!error) return;
  throw Error(error->code(), fmt::format("{}: {}", config.name, error->what()),
              error_with(Engine::libtorch) ? error->remedy() : "use --engines libtorch");
}

Case case_of(const ExperimentConfig& model, Engine engine, std::int64_t threads,
             std::int64_t epochs, DataCache& data) {
  data.load(model.data);
  Case one{.config = model, .data = &data, .series = {}};
  one.config.training.engine = engine;
  one.config.training.epochs = epochs;
  one.config.training.steps.reset();
  one.config.device = "cpu";
  const DataShape shape = shape_of(data.dataset());
  require_network(model.model, "bench times epochs",
                  "the record of its run has the times of fitting and predicting");
  require_trainable_by(engine, one.config, shape);
  one.series.model = model.name;
  one.series.engine = engine;
  one.series.threads = threads;
  one.series.epochs = epochs;
  one.series.images = shape.train_images;
  one.series.dense_flop = dense_flop(summarize(model.model, shape.image, shape.classes));
  return one;
}

/// Trains until the epochs end or `steps` are done (absent: no bound); returns an epoch's time if
/// all ended.
std::optional<BenchSample> train_epochs(Case& one, std::optional<std::int64_t> steps,
                                        PhaseClock* clock) {
  const std::int64_t threads = one.series.threads;
  set_threads(threads);
  one.data->load(one.config.data);  // again only where models have different data
  const std::unique_ptr<Learner> learner = make_learner(one.config, *one.data, "cpu", threads);
  one.series.simd = learner->simd();
  double seconds = 0;
  std::int64_t done = 0;
  const double cpu_before = cpu_seconds();
  const TrainOutcome outcome =
      train(*learner, one.config,
            {.on_progress = {},
             .on_epoch = [&](const EpochStatistics& epoch) { seconds += epoch.seconds; },
             .should_stop = [&] { return (steps && ++done >= *steps) || interrupted(); },
             .clock = clock});
  if (interrupted()) {
    throw Error(ExitCode::interrupted, "interrupted", "the rounds done are in the files, if any");
  }
  if (outcome.end == TrainEnd::diverged) {
    throw Error(ExitCode::run_failed,
                fmt::format("{} diverged; there is no time of an epoch", one.config.name),
                "try a smaller optimizer.learning_rate");
  }
  if (outcome.end != TrainEnd::completed) return std::nullopt;
  const auto epochs = static_cast<double>(one.config.training.epochs);
  return BenchSample{.seconds = seconds / epochs,
                     .cpu_seconds = (cpu_seconds() - cpu_before) / epochs};
}

std::string text_of(const BenchSeries& series) {
  return fmt::format("{}, {}, {}", series.model, to_string(series.engine),
                     counted(series.threads, "thread"));
}

void probe(BenchProbe& probe) {
  kernels::ThreadTeam team(static_cast<std::size_t>(probe.threads));
  probe.fma_flops.push_back(kernels::fma_peak(team));
  if (probe.threads > 1) probe.barrier_seconds.push_back(kernels::barrier_seconds(team));
}

}  // namespace

void run_bench(const BenchOptions& options, Observer& observer,
               const std::function<void(const BenchResult&)>& on_round) {
  BenchResult result{.context = context_now(options.executable), .series = {}, .probes = {}};
  for (const std::int64_t threads : options.threads) {
    result.probes.push_back({.threads = threads, .fma_flops = {}, .barrier_seconds = {}});
  }

  std::map<Engine, DataCache> data;  // one each: a cache holds one engine's form of the images
  std::vector<Case> cases;
  for (const ExperimentConfig& model : options.models) {
    for (const std::int64_t threads : options.threads) {
      for (const Engine engine : options.engines) {
        cases.push_back(case_of(model, engine, threads, options.epochs, data[engine]));
      }
    }
  }
  const auto show = [&] {
    result.series.clear();
    for (const Case& one : cases) result.series.push_back(one.series);
    on_round(result);
  };

  for (Case& one : cases) {
    observer.info(fmt::format("warm-up: {}", text_of(one.series)));
    train_epochs(one, kWarmUpSteps, nullptr);
  }
  for (std::int64_t round = 1; round <= options.rounds; ++round) {
    for (BenchProbe& one : result.probes) probe(one);
    for (Case& one : cases) {
      one.series.samples.push_back(*train_epochs(one, std::nullopt, nullptr));
      observer.info(fmt::format("round {} of {}: {}: {:.3f} s", round, options.rounds,
                                text_of(one.series), one.series.samples.back().seconds));
    }
    show();
  }
  for (Case& one : cases) {
    PhaseClock clock;
    train_epochs(one, kPhaseSteps, &clock);
    one.series.phases = clock.phases();
  }
  show();
}

}  // namespace mnist_bench
