#include "experiment/run_training.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "config/schedule.h"
#include "config/write.h"
#include "evaluate/metrics.h"
#include "experiment/epoch_writer.h"
#include "record/checkpoint.h"
#include "record/devices.h"
#include "record/test_record.h"
#include "runtime/interrupt.h"
#include "train/train.h"

namespace mnist_bench {
namespace {

/// The learner's state held against the test set and, if there are any, the images held back.
struct Evaluated {
  TestRecord test;
  std::optional<TestRecord> validation;
  Predictions predictions;  ///< for the test set
  double seconds = 0.0;     ///< that the test set took
};

Evaluated evaluate(Learner& learner, const Dataset& dataset) {
  Evaluated evaluated;
  const ImageSet& held_back = dataset.validation;
  if (held_back.size() > 0) {
    evaluated.validation =
        test_record(learner.predict(Split::validation), held_back.labels, dataset.classes);
  }
  const Clock::time_point start = Clock::now();
  evaluated.predictions = learner.predict(Split::test);
  evaluated.test = test_record(evaluated.predictions, dataset.test.labels, dataset.classes);
  evaluated.seconds = seconds_since(start);
  return evaluated;
}

EpochScores scores_of(const TestRecord& record) {
  return {.loss = record.loss,
          .accuracy = record.metrics.accuracy.value_or(0.0),
          .macro_f1 = record.metrics.macro.f1};
}

/// Of an epoch that is not evaluated.
EpochRecord record_of(const EpochStatistics& trained, const RunResult& result) {
  return {.epoch = trained.epoch,
          .engine = std::string(to_string(result.config.training.engine)),
          .device = device_of(*result.provenance),
          .train_loss = trained.loss,
          .train_accuracy = trained.accuracy,
          .train_seconds = trained.seconds,
          .images_per_second = trained.images_per_second};
}

void add_scores(const Evaluated& evaluated, EpochRecord& epoch) {
  epoch.evaluate_seconds = evaluated.seconds;
  epoch.test = scores_of(evaluated.test);
  if (evaluated.validation) epoch.validation = scores_of(*evaluated.validation);
}

void add_epoch(RunResult& result, const EpochRecord& epoch) {
  result.epochs.push_back(epoch);
  result.timing.train_seconds += epoch.train_seconds;
  result.timing.evaluate_seconds += epoch.evaluate_seconds;
}

Checkpoint checkpoint_of(const RunResult& result, TrainingState state, double total_seconds) {
  return {.config_hash = config_hash(result.config),
          .seed = result.config.seed,
          .engine = std::string(to_string(result.config.training.engine)),
          .data_sha256 = data_sha256(*result.data),
          .state = std::move(state),
          .epochs = result.epochs,
          .resumed_after = result.provenance->resumed_after,
          .load_seconds = result.timing.load_seconds,
          .total_seconds = total_seconds};
}

/// Whether all losses are finite. A step's loss is that before its update, so the last update can
/// spoil the parameters unnoticed.
bool is_finite(const Evaluated& evaluated) {
  return std::isfinite(evaluated.test.loss) &&
         (!evaluated.validation || std::isfinite(evaluated.validation->loss));
}

/// Status, error and, of a completed run, the model. `loss`: which one is no longer finite, where
/// training diverged.
void conclude(const TrainOutcome& outcome, std::string_view loss, const Learner& learner,
              RunFolder& folder, RunResult& result) {
  const std::int64_t epochs = epochs_of(result);
  if (outcome.end == TrainEnd::diverged) {
    result.status = RunStatus::diverged;
    result.error = fmt::format("the {} loss is no longer finite (epoch {}, by step {})", loss,
                               outcome.last.epoch, outcome.last.step);
  } else if (static_cast<std::int64_t>(result.epochs.size()) < epochs) {
    result.status = RunStatus::interrupted;
    result.error = fmt::format("interrupted in epoch {} of {}", outcome.last.epoch, epochs);
  } else {
    result.status = RunStatus::completed;
    const std::vector<NamedTensor> tensors = stored_tensors(learner.state());
    result.parameters_sha256 = parameters_sha256(tensors);
    folder.write_model(tensors, *result.parameters_sha256);
  }
}

}  // namespace

std::vector<Prediction> prediction_rows(const Predictions& predictions, const DataCache& data) {
  std::vector<Prediction> rows;
  const std::vector<std::int64_t>& indices = data.test_indices();
  rows.reserve(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    rows.push_back({.index = indices[i],
                    .truth = data.dataset().test.labels[i],
                    .predicted = predictions.classes[i],
                    .probability = predictions.probabilities[i],
                    .second = second_of(predictions, i)});
  }
  return rows;
}

void resume_from(const Checkpoint& checkpoint, RunResult& result) {
  for (const EpochRecord& epoch : checkpoint.epochs) add_epoch(result, epoch);
  result.provenance->resumed_after = checkpoint.resumed_after;
  result.provenance->resumed_after.push_back(checkpoint.state.epoch);
  result.timing.load_seconds += checkpoint.load_seconds;
}

void run_training(Learner& learner, const DataCache& data, const RunOptions& options,
                  const std::function<double()>& seconds_so_far, RunFolder& folder,
                  Observer& observer, RunResult& result) {
  const Schedule schedule = schedule_of(result.config.training, data.dataset().train.size());
  const std::int64_t epochs = schedule.epochs();
  const Dataset& dataset = data.dataset();
  std::optional<Evaluated> last;
  std::vector<EpochRecord> not_evaluated;  // since the last evaluation: a stop loses them
  bool diverged = false;                   // by the losses of an evaluation
  std::optional<TrainingState> start;
  if (folder.checkpoint()) start = folder.checkpoint()->state;
  EpochWriter writer(folder, observer, epochs,
                     {.train = dataset.train.size(),
                      .test = dataset.test.size(),
                      .validation = dataset.validation.size()},
                     options.write_async);
  const auto on_epoch = [&](const EpochStatistics& trained) {
    not_evaluated.push_back(record_of(trained, result));
    if (!schedule.evaluates_after(trained.epoch)) return;
    last = evaluate(learner, dataset);
    diverged = !is_finite(*last);
    if (diverged) return;
    add_scores(*last, not_evaluated.back());
    for (const EpochRecord& epoch : not_evaluated) add_epoch(result, epoch);
    writer.write(checkpoint_of(result, learner.state(), seconds_so_far()),
                 std::exchange(not_evaluated, {}).size());
  };
  const TrainCallbacks callbacks{.on_progress =
                                     [&](const TrainProgress& progress) {
                                       writer.announce_if_written();
                                       observer.progress(progress, epochs);
                                     },
                                 .on_epoch = on_epoch,
                                 .should_stop = [&] { return diverged || interrupted(); }};
  TrainOutcome outcome = train(learner, result.config, callbacks, start);
  if (diverged) outcome.end = TrainEnd::diverged;
  writer.finish();

  // Nothing left to train after the last epoch's checkpoint, or stopped before the next.
  if (outcome.end != TrainEnd::diverged && !result.epochs.empty() && !last) {
    if (outcome.end == TrainEnd::interrupted) learner.restore(*start);
    last = evaluate(learner, dataset);
  }
  conclude(outcome, diverged ? "test" : "training", learner, folder, result);
  // What the run saved before it was interrupted is not of these parameters.
  folder.remove_probabilities();
  if (result.status == RunStatus::diverged || !last) return;
  result.test = last->test;
  result.validation = last->validation;
  result.predictions_sha256 = folder.write_predictions(prediction_rows(last->predictions, data));
  if (options.save_probabilities) {
    result.probabilities_sha256 = folder.write_probabilities(last->predictions);
  }
}

}  // namespace mnist_bench
