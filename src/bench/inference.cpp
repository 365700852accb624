#include "bench/inference.h"

#include <fmt/format.h>

#include <memory>
#include <numeric>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/overloaded.h"
#include "config/write.h"
#include "experiment/learners.h"
#include "experiment/predictor.h"
#include "experiment/trainable.h"
#include "model/activations.h"
#include "record/layer_tensors.h"
#include "record/trained_model.h"
#include "runtime/interrupt.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

/// The most before a turn's timed calls, to wake threads and fill caches.
constexpr int kWarmUpCalls = 10;
/// A turn ends after this time and so many calls, after the most calls, or after the most seconds,
/// whichever comes first. Five turns have the hundred calls that a 99th percentile needs.
constexpr double kTurnSeconds = 0.1;
constexpr std::size_t kLeastCalls = 20;
constexpr std::size_t kMostCalls = 1'000;
constexpr double kMostSeconds = 2.0;

/// A model with all that predicting takes except an engine.
struct Subject {
  std::string name;
  std::string config_hash;
  std::optional<std::int64_t> seed;  ///< of a run
  std::vector<PlacedLayer> layers;
  PixelScaling scaling;
  std::vector<NamedTensor> tensors;
  std::shared_ptr<const ImageSet> images = {};
};

/// The test images of the last load of `data`; the same object while these stay the same.
class TestSetCache {
 public:
  std::shared_ptr<const ImageSet> load(const DataConfig& config) {
    if (data_.load(config)) images_ = std::make_shared<const ImageSet>(data_.dataset().test);
    return images_;
  }
  [[nodiscard]] const Dataset& dataset() const { return data_.dataset(); }

 private:
  DataCache data_;
  std::shared_ptr<const ImageSet> images_;
};

Subject subject_of(const ExperimentConfig& config, TestSetCache& data) {
  std::shared_ptr<const ImageSet> images = data.load(config.data);
  const DataShape shape = shape_of(data.dataset());
  std::vector<PlacedLayer> layers =
      layers_of(require_network(config.model, "bench times networks",
                                "the record of its run has the times of fitting and predicting"),
                shape.image, shape.classes);
  std::vector<NamedTensor> tensors = initial_tensors(layers, config);
  return {.name = config.name,
          .config_hash = config_hash(config),
          .seed = {},
          .layers = std::move(layers),
          .scaling = normalization_constants(config.data.normalization,
                                             data.dataset().train_pixels.statistics),
          .tensors = std::move(tensors),
          .images = std::move(images)};
}

Subject subject_of(const StoredRun& run, TestSetCache& data) {
  const RunResult& result = run.result;
  std::vector<NamedTensor> tensors = read_trained_model(run);
  std::shared_ptr<const ImageSet> images = data.load(result.config.data);
  if (!takes_images(result, images->shape())) {
    throw Error(ExitCode::data,
                fmt::format("{}: the model does not take images of {} × {} pixels, which its data "
                            "have now",
                            run.folder.string(), images->rows, images->columns),
                "put the data back that it was trained on");
  }
  return {.name = result.config.name,
          .config_hash = config_hash(result.config),
          .seed = static_cast<std::int64_t>(result.config.seed),
          .layers = layers_of(result),
          .scaling = {.mean = result.data->mean, .sd = result.data->std},
          .tensors = std::move(tensors),
          .images = std::move(images)};
}

/// One combination that is timed.
struct TimedModel {
  std::shared_ptr<Predictor> predictor;  ///< of all batch sizes
  std::shared_ptr<const ImageSet> images;
  Latency latency;
  std::int64_t next = 0;  ///< the first image of the next call
  std::vector<double> seconds = {};
};

void require_images(const Subject& subject, const std::vector<std::int64_t>& batches) {
  for (const std::int64_t batch : batches) {
    if (batch <= subject.images->size()) continue;
    throw Error(ExitCode::usage,
                fmt::format("--batch {}: the test set of {} has only {} images", batch,
                            subject.name, subject.images->size()),
                "use a smaller batch");
  }
}

void add_cases(const Subject& subject, const InferenceOptions& options,
               std::vector<TimedModel>& cases) {
  const std::vector<Engine>& engines = options.engines;
  std::int64_t parameters = 0;
  for (const TensorShape& tensor : parameters_of(subject.layers)) parameters += size_of(tensor);
  for (const std::int64_t threads : options.threads) {
    set_threads(threads);
    std::vector<std::shared_ptr<Predictor>> predictors;
    for (const Engine engine : engines) {
      predictors.push_back(make_predictor(engine, subject.layers, subject.scaling, "cpu", threads));
      predictors.back()->set_parameters(subject.tensors);
    }
    for (const std::int64_t batch : options.batches) {
      for (std::size_t i = 0; i < engines.size(); ++i) {
        cases.push_back({.predictor = predictors[i],
                         .images = subject.images,
                         .latency = {.name = subject.name,
                                     .engine = std::string(to_string(engines[i])),
                                     .batch = batch,
                                     .threads = threads,
                                     .simd = predictors[i]->simd(),
                                     .parameter_bytes = kBytesOfValue * parameters,
                                     .activation_bytes = peak_activation_bytes(subject.layers),
                                     .config_hash = subject.config_hash,
                                     .seed = subject.seed}});
      }
    }
  }
}

/// The images of the next call, from the first ones on again where too few are left.
ImageSet next_images(TimedModel& one) {
  if (one.next + one.latency.batch > one.images->size()) one.next = 0;
  std::vector<std::int64_t> indices(static_cast<std::size_t>(one.latency.batch));
  std::iota(indices.begin(), indices.end(), one.next);
  one.next += one.latency.batch;
  return select(*one.images, indices);
}

/// The seconds of one call.
double time_call(TimedModel& one) {
  if (interrupted()) {
    throw Error(ExitCode::interrupted, "interrupted", "the rounds done are in the file, if any");
  }
  const ImageSet images = next_images(one);
  const Clock::time_point start = Clock::now();
  const std::vector<float> probabilities = one.predictor->probabilities(images);
  return seconds_since(start);
}

void take_turn(TimedModel& one) {
  set_threads(one.latency.threads);
  const Clock::time_point awake = Clock::now();
  for (int i = 0; i < kWarmUpCalls && seconds_since(awake) < kTurnSeconds; ++i) time_call(one);
  const Clock::time_point start = Clock::now();
  for (std::size_t calls = 0; calls < kMostCalls; ++calls) {
    const double spent = seconds_since(start);
    if (spent > kMostSeconds || (spent > kTurnSeconds && calls >= kLeastCalls)) break;
    one.seconds.push_back(time_call(one));
  }
}

/// Whether another run has the same name and seed, for example after another transform.
bool is_ambiguous(const StoredRun& run, const std::vector<InferenceModel>& models) {
  const ExperimentConfig& config = run.result.config;
  return std::count_if(models.begin(), models.end(), [&](const InferenceModel& model) {
           const auto* other = std::get_if<StoredRun>(&model);
           return other != nullptr && other->result.config.name == config.name &&
                  other->result.config.seed == config.seed;
         }) > 1;
}

}  // namespace

void run_inference(const InferenceOptions& options, Observer& observer,
                   const std::function<void(const InferenceResult&)>& on_round) {
  InferenceResult result{.context = context_now(options.executable), .series = {}};
  std::vector<TimedModel> cases;
  TestSetCache data;
  for (const InferenceModel& model : options.models) {
    Subject subject = std::visit([&](const auto& of) { return subject_of(of, data); }, model);
    if (const auto* run = std::get_if<StoredRun>(&model);
        run && is_ambiguous(*run, options.models)) {
      subject.name += fmt::format(" in {}", run->folder.string());
    }
    require_images(subject, options.batches);
    add_cases(subject, options, cases);
  }
  for (std::int64_t round = 1; round <= options.rounds; ++round) {
    for (TimedModel& one : cases) take_turn(one);
    result.series.clear();
    for (TimedModel& one : cases) {
      summarize_calls(one.seconds, one.latency);
      result.series.push_back(one.latency);
    }
    on_round(result);
    observer.info(fmt::format("round {} of {}", round, options.rounds));
  }
}

}  // namespace mnist_bench
