#include "experiment/evaluate_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "base/sha256.h"
#include "base/text.h"
#include "config/write.h"
#include "data/dataset.h"
#include "data/mnist_c.h"
#include "experiment/classical_predictor.h"
#include "experiment/describe.h"
#include "experiment/evaluation_images.h"
#include "experiment/predictor.h"
#include "experiment/set_up.h"
#include "experiment/stored_model.h"
#include "record/probabilities.h"
#include "record/test_record.h"
#include "record/tested_data.h"
#include "record/trained_model.h"
#include "runtime/interrupt.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

constexpr const char* kDataRemedy = "put the data back, or name their folder with --data";

/// What is to be known of one run on the images of its batch.
struct Task {
  std::shared_ptr<const StoredModel> model;
  /// By point: what is there already, or was computed.
  std::vector<std::optional<StoredEvaluation>> done = {};

  [[nodiscard]] std::size_t missing() const {
    return static_cast<std::size_t>(std::count(done.begin(), done.end(), std::nullopt));
  }
};

/// Runs that are evaluated on the same images.
struct Batch {
  EvaluationImages set;
  /// The same images without the corruption that `set` was published with; absent: none are known.
  std::shared_ptr<const EvaluationImages> clean = {};
  std::vector<EvaluationPoint> points = {};
  std::vector<Task> tasks = {};
};

/// Throws unless each transform takes such images, and leaves them their shape.
void require_kept_shape(const std::vector<EvaluationPoint>& points, ImageShape shape) {
  for (const EvaluationPoint& point : points) {
    if (prepare_chain(point.transform, shape).output == shape) continue;
    throw Error(ExitCode::usage,
                fmt::format("{} changes the images' shape: a trained model takes no other",
                            canonical_spec(point.transform)),
                "train on such images instead: data.transform in the config");
  }
}

/// `before`, `after`: the classes for images with these labels and indices, without and with the
/// transform.
AgainstClean against_clean(const std::vector<std::uint8_t>& labels,
                           const std::vector<std::int64_t>& before,
                           const std::vector<std::int64_t>& after,
                           const std::vector<std::int64_t>& indices) {
  std::vector<std::int64_t> fallen;
  std::vector<std::int64_t> risen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool was_right = before[i] == labels[i];
    const bool is_right = after[i] == labels[i];
    if (was_right && !is_right) fallen.push_back(indices[i]);
    if (!was_right && is_right) risen.push_back(indices[i]);
  }
  std::sort(fallen.begin(), fallen.end());
  std::sort(risen.begin(), risen.end());
  AgainstClean against;
  against.right_to_wrong = std::ssize(fallen);
  against.wrong_to_right = std::ssize(risen);
  against.right_to_wrong_images = std::move(fallen);
  against.wrong_to_right_images = std::move(risen);
  against.accuracy_change = static_cast<double>(against.wrong_to_right - against.right_to_wrong) /
                            static_cast<double>(labels.size());
  return against;
}

class Evaluator {
 public:
  Evaluator(const EvaluationOptions& options, Observer& observer)
      : options_(options), observer_(observer) {
    threads_ = set_up_threads(options.threads, observer).threads;
    if (options.mnist_c) corruptions_ = mnist_c_corruptions(*options.mnist_c);
  }

  void add(const StoredRun& run) {
    const auto model = std::make_shared<const StoredModel>(load(run));
    // All before any: a run is evaluated as a whole or not at all.
    std::vector<Batch*> batches;
    if (!options_.points.empty()) batches.push_back(&batch_of(*model));
    for (const std::string& corruption : corruptions_) {
      batches.push_back(&batch_of(*model, corruption));
    }
    for (const Batch* batch : batches) require_fitting(*model, batch->set.images);
    remove_temporary_evaluations(run.folder);
    for (Batch* batch : batches) {
      batch->tasks.push_back({.model = model, .done = done_before(*model, *batch)});
    }
    models_.push_back(model);
  }

  void compute(EvaluationOutcome& outcome) {
    for (const auto& [key, batch] : batches_) {
      for (const Task& task : batch.tasks) {
        missing_ += task.missing();
        outcome.found += task.done.size() - task.missing();
      }
    }
    for (auto& [key, batch] : batches_) {
      std::optional<SeenImages> clean;
      for (std::size_t point = 0; point < batch.points.size() && !outcome.interrupted; ++point) {
        compute_point(batch, point, clean, outcome);
      }
    }
  }

  void collect(EvaluationOutcome& outcome) {
    for (const auto& model : models_) {
      RunEvaluations of_run{.run = model->run, .evaluations = {}};
      for (auto& [key, batch] : batches_) {
        for (Task& task : batch.tasks) {
          if (task.model != model) continue;
          for (auto& done : task.done) {
            if (done) of_run.evaluations.push_back(std::move(*done));
          }
        }
      }
      outcome.runs.push_back(std::move(of_run));
    }
  }

 private:
  /// SHA-256 of the set, its limit (0: none), whether it is the run's, and a corruption, or of
  /// training images how many are held back.
  using BatchKey = std::tuple<std::string, std::int64_t, bool, std::string>;

  StoredModel load(const StoredRun& run) {
    const RunResult& result = run.result;
    const bool is_trained = is_network(result.config.model);
    StoredModel model{.run = run, .engine = engine_of(result.config)};
    if (is_trained) {
      model.tensors = read_trained_model(run);
      if (options_.engine) model.engine = options_.engine;
    } else {
      require_completed_run(run);
      require_no_engine(model);
    }
    const std::string device = device_of(model);
    std::shared_ptr<Predictor>& predictor = predictors_[fmt::format(
        "{} {} {} {}", config_hash(result.config), computed_by(model.engine), device,
        is_trained ? "" : result.data->train.sha256)];
    if (!predictor) {
      predictor = is_trained ? predictor_of(model, device) : fit_again(run, threads_, observer_);
    }
    model.predictor = predictor;
    model.provenance = describe_provenance(device, threads_, options_.command);
    model.provenance.simd = predictor->simd();
    return model;
  }

  void require_no_engine(const StoredModel& model) const {
    if (!options_.engine) return;
    throw Error(ExitCode::usage,
                fmt::format("{}: model.type is \"{}\", which no engine computes",
                            model.run.folder.string(), model_type(model.result().config.model)),
                "leave out --engine");
  }

  /// The device that was asked for; else the CPU for the native engine, and the run's device for
  /// LibTorch.
  [[nodiscard]] std::string device_of(const StoredModel& model) const {
    const bool uses_cpu = !options_.device && model.engine == Engine::native;
    const std::string wanted =
        uses_cpu ? "cpu" : options_.device.value_or(model.result().config.device);
    try {
      return set_up_device(model.engine, wanted, observer_).str();
    } catch (const Error& error) {
      if (error.code() != ExitCode::usage || !options_.device) throw;
      throw Error(error.code(), error.what(),
                  model.engine ? "use --device cpu, or --engine libtorch" : "use --device cpu");
    }
  }

  [[nodiscard]] std::unique_ptr<Predictor> predictor_of(const StoredModel& model,
                                                        const std::string& device) const {
    try {
      return make_predictor(model.engine.value(), model.result(), device, threads_);
    } catch (const Error& error) {
      if (error.code() != ExitCode::usage || !options_.engine) throw;
      throw Error(error.code(), fmt::format("{}: {}", model.run.folder.string(), error.what()),
                  "use --engine libtorch");
    }
  }

  const Dataset& dataset(const std::filesystem::path& folder) {
    const auto found = datasets_.find(folder);
    if (found != datasets_.end()) return found->second;
    Dataset loaded = load_dataset(folder);
    if (!options_.on_training_images) loaded.train = {};
    return datasets_.emplace(folder, std::move(loaded)).first->second;
  }

  /// The same for the data in a run's config.
  const Dataset& own_dataset(const std::filesystem::path& folder) {
    try {
      return dataset(folder);
    } catch (const Error& error) {
      throw Error(error.code(), error.what(), kDataRemedy);
    }
  }

  /// The data of the run, or those that are to be used instead, and whether they are the run's.
  std::pair<const Dataset*, bool> data_of(const StoredModel& model) {
    const RunResult& result = model.result();
    const std::filesystem::path folder = options_.data.value_or(data_folder(result.config.data));
    const Dataset& data = options_.data ? dataset(folder) : own_dataset(folder);
    const bool is_own = data.test.sha256 == result.data->test.sha256;
    if (!options_.data) require_tested_on(model.run, data, folder, kDataRemedy);
    return {&data, is_own};
  }

  /// The runs that are evaluated on the same data as `model`.
  Batch& batch_of(const StoredModel& model) {
    if (options_.on_training_images) return training_batch_of(model);
    // clang before 16 cannot capture names of a structured binding.
    const std::pair<const Dataset*, bool> found = data_of(model);
    const Dataset& data = *found.first;
    const bool is_own = found.second;
    const std::optional<std::int64_t> limit =
        is_own ? model.result().config.data.test_limit : std::nullopt;
    return batch_of_points({data.test.sha256, limit.value_or(0), is_own, ""},
                           [&] { return test_images(data, model.result(), is_own); });
  }

  /// The same for the images that the runs were trained on.
  Batch& training_batch_of(const StoredModel& model) {
    const DataConfig& config = model.result().config.data;
    const Dataset& data = own_dataset(data_folder(config));
    require_trained_on(model.run, data, data_folder(config), kDataRemedy);
    return batch_of_points({data.train.sha256, config.train_limit.value_or(0), true,
                            fmt::format("{} {}", kOwnTrainingSet, config.validation.value_or(0))},
                           [&] { return training_images(data, model.result()); });
  }

  /// The batch with this key; where it is new, with all points on the images that `make_set`
  /// returns.
  template <class MakeSet>
  Batch& batch_of_points(const BatchKey& key, const MakeSet& make_set) {
    if (const auto found = batches_.find(key); found != batches_.end()) return found->second;
    Batch batch{.set = make_set(), .points = options_.points};
    require_kept_shape(batch.points, batch.set.images.shape());
    batch.clean = std::make_shared<const EvaluationImages>(batch.set);
    return batches_.emplace(key, std::move(batch)).first->second;
  }

  /// The same for a corruption of MNIST-C. Where its images are those of the run's test set, as
  /// their labels tell, the run is evaluated on the ones that it was tested on.
  Batch& batch_of(const StoredModel& model, const std::string& corruption) {
    const auto [data, is_own] = data_of(model);
    const std::int64_t limit = model.result().config.data.test_limit.value_or(0);
    const BatchKey key{data->test.sha256, limit, is_own, corruption};
    if (const auto found = batches_.find(key); found != batches_.end()) return found->second;
    Batch batch{.set = corrupted_images(*options_.mnist_c, corruption, model.classes()),
                .points = {{.transform = {}, .suite = kMnistC}}};
    if (is_own && batch.set.images.labels == data->test.labels) {
      const auto clean =
          std::make_shared<const EvaluationImages>(test_images(*data, model.result(), is_own));
      batch.set.images = select(batch.set.images, clean->indices);
      batch.set.indices = clean->indices;
      batch.clean = clean;
    }
    return batches_.emplace(key, std::move(batch)).first->second;
  }

  /// The evaluations that are there already. Those of a published corruption count if they are of
  /// the same bytes; the others' names and the run's record say which images they are of.
  std::vector<std::optional<StoredEvaluation>> done_before(const StoredModel& model,
                                                           const Batch& batch) {
    std::vector<std::optional<StoredEvaluation>> done(batch.points.size());
    if (options_.force) return done;
    for (std::size_t i = 0; i < batch.points.size(); ++i) {
      const std::filesystem::path file = file_of(model, batch, i);
      if (!std::filesystem::exists(file)) continue;
      try {
        Evaluation evaluation = read_evaluation(file);
        const bool is_same =
            is_of(evaluation.run, model.result()) &&
            canonical_spec(evaluation.transform) == canonical_spec(batch.points[i].transform) &&
            evaluation.data.dataset == batch.set.dataset &&
            evaluation.data.samples == batch.set.images.size();
        if (!is_same) continue;
        if (options_.save_probabilities) {
          if (!evaluation.probabilities_sha256) continue;
          require_probabilities(probabilities_file(file), *evaluation.probabilities_sha256);
        }
        if (batch.set.dataset == kMnistC && evaluation.data.sha256 != seen_sha256(model, batch)) {
          observer_.warn(fmt::format("{} is of other images than {} has; it is computed again",
                                     file.string(), options_.mnist_c->string()));
          continue;
        }
        done[i] = {.file = file, .data = batch.set.name, .evaluation = std::move(evaluation)};
      } catch (const Error& error) {
        observer_.warn(fmt::format("{}; it is computed again", error.what()));
      }
    }
    return done;
  }

  [[nodiscard]] std::string seen_sha256(const StoredModel& model, const Batch& batch) const {
    return SeenImages(batch.set, {}, threads_).after(model.own_transform()).sha256;
  }

  static std::filesystem::path file_of(const StoredModel& model, const Batch& batch,
                                       std::size_t point) {
    return evaluation_file(model.run.folder, batch.set.name, batch.points[point].transform,
                           model.other_engine());
  }

  /// Evaluates the batch's runs that lack the point. A run that fails is taken out.
  void compute_point(Batch& batch, std::size_t point, std::optional<SeenImages>& clean,
                     EvaluationOutcome& outcome) {
    std::optional<SeenImages> images;
    for (auto task = batch.tasks.begin(); task != batch.tasks.end();) {
      if (task->done[point]) {
        ++task;
        continue;
      }
      if (interrupted()) {
        outcome.interrupted = true;
        return;
      }
      if (!clean && batch.clean) clean.emplace(*batch.clean, TransformChain{}, threads_);
      if (!images) {
        const TransformChain& transform = batch.points[point].transform;
        images.emplace(batch.set, transform, threads_);
        if (canonical_spec(transform) != canonical_spec({}) && images->are_unchanged()) {
          observer_.warn(canonical_spec(transform) + " leaves all images as they are");
        }
      }
      try {
        evaluate(*task, batch, *images, point, clean ? &*clean : nullptr);
        ++outcome.computed;
        ++task;
      } catch (const Error& error) {
        outcome.errors.push_back(error);
        task = batch.tasks.erase(task);
      }
      show_progress(outcome, batch, point);
    }
  }

  /// The run's classes for the images without a transform, held against its own record.
  const std::vector<std::int64_t>& clean_classes(const StoredModel& model,
                                                 const EvaluationImages& set, SeenImages& clean) {
    const auto key = std::make_pair(&model, set.name);
    if (const auto found = clean_classes_.find(key); found != clean_classes_.end()) {
      return found->second;
    }
    const ImageSet& images = clean.after(model.own_transform()).images;
    return remember_clean(model, set, images, predict(model, images));
  }

  const std::vector<std::int64_t>& remember_clean(const StoredModel& model,
                                                  const EvaluationImages& set,
                                                  const ImageSet& images,
                                                  const Predictions& predictions) {
    if (set.is_own()) {
      require_reproduced(model, test_record(predictions, images.labels, model.classes()).confusion);
    }
    return clean_classes_[std::make_pair(&model, set.name)] = predictions.classes;
  }

  /// `clean`: the images without the transform; null: none are known.
  void evaluate(Task& task, const Batch& batch, SeenImages& images, std::size_t point,
                SeenImages* clean) {
    const StoredModel& model = *task.model;
    const RunResult& result = model.result();
    const SeenImages::Seen& seen = images.after(model.own_transform());
    const Clock::time_point start = Clock::now();
    const Predictions predictions = predict(model, seen.images);
    Evaluation evaluation{
        .run = {.config_hash = config_hash(result.config),
                .seed = static_cast<std::int64_t>(result.config.seed),
                .parameters_sha256 = result.parameters_sha256,
                .engine = computed_by(engine_of(result.config))},
        .engine = computed_by(model.engine),
        .transform = batch.points[point].transform,
        .suite = batch.points[point].suite,
        .data = {.dataset = batch.set.dataset,
                 .samples = seen.images.size(),
                 .sha256 = seen.sha256},
        .test = {},
        .against_clean = {},
        .probabilities_sha256 = {},
        .timing = {.transform_seconds = images.seconds(), .predict_seconds = seconds_since(start)},
        .provenance = model.provenance};
    evaluation.test = test_record(predictions, seen.images.labels, model.classes());
    if (clean != nullptr) {
      const bool is_clean =
          batch.points[point].transform.empty() && batch.set.name == batch.clean->name;
      const std::vector<std::int64_t>& before =
          is_clean ? remember_clean(model, batch.set, seen.images, predictions)
                   : clean_classes(model, *batch.clean, *clean);
      evaluation.against_clean =
          against_clean(seen.images.labels, before, predictions.classes, batch.set.indices);
    }
    const std::filesystem::path file = file_of(model, batch, point);
    const std::optional<std::string> probabilities =
        options_.save_probabilities ? std::optional(probabilities_bytes(predictions))
                                    : std::nullopt;
    if (probabilities) evaluation.probabilities_sha256 = sha256_hex(*probabilities);
    write_evaluation(model.run, file, evaluation, probabilities);
    task.done[point] = {.file = file, .data = batch.set.name, .evaluation = std::move(evaluation)};
  }

  void show_progress(const EvaluationOutcome& outcome, const Batch& batch, std::size_t point) {
    if (!observer_.status_due()) return;
    observer_.status({fmt::format("{} of {} evaluations · {} · {}", outcome.computed, missing_,
                                  batch.set.name, canonical_spec(batch.points[point].transform))});
  }

  const EvaluationOptions& options_;
  Observer& observer_;
  std::int64_t threads_ = 1;
  std::size_t missing_ = 0;
  std::vector<std::string> corruptions_;
  std::map<std::string, std::shared_ptr<Predictor>> predictors_;
  std::map<std::filesystem::path, Dataset> datasets_;
  std::vector<std::shared_ptr<const StoredModel>> models_;
  std::map<BatchKey, Batch> batches_;
  /// By the model and the name of the set.
  std::map<std::pair<const StoredModel*, std::string>, std::vector<std::int64_t>> clean_classes_;
};

}  // namespace

EvaluationOutcome evaluate_runs(const std::vector<StoredRun>& runs,
                                const EvaluationOptions& options, Observer& observer) {
  const Clock::time_point start = Clock::now();
  EvaluationOutcome outcome;
  Evaluator evaluator(options, observer);
  for (const StoredRun& run : runs) {
    try {
      evaluator.add(run);
    } catch (const Error& error) {
      outcome.errors.push_back(error);
    }
  }
  evaluator.compute(outcome);
  observer.status({});
  evaluator.collect(outcome);
  outcome.seconds = seconds_since(start);
  return outcome;
}

}  // namespace mnist_bench
