#include "experiment/evaluate_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
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
#include "data/subset.h"
#include "data/transform_set.h"
#include "experiment/describe.h"
#include "experiment/predictor.h"
#include "experiment/set_up.h"
#include "record/layer_tensors.h"
#include "record/probabilities.h"
#include "record/test_record.h"
#include "record/tested_data.h"
#include "record/trained_model.h"
#include "runtime/interrupt.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

/// Most images that another engine, or other instructions, may classify otherwise: rounding decides
/// where two logits are nearly equal.
constexpr std::int64_t kMostRoundedOtherwise = 2;
constexpr std::size_t kNameDigits = 12;
constexpr const char* kDataRemedy = "put the data back, or name their folder with --data";

/// The test images that runs are evaluated on.
struct TestImages {
  /// "test", "mnist-c-fog", or where the images are of other data, the start of their SHA-256.
  std::string name;
  std::string dataset;
  ImageSet images;
  std::vector<std::int64_t> indices;  ///< in their file

  [[nodiscard]] bool is_own() const { return name == kOwnTestSet; }
};

/// A completed run that can predict.
struct Model {
  StoredRun run;
  Engine engine = Engine::libtorch;
  std::vector<NamedTensor> tensors = {};
  std::shared_ptr<Predictor> predictor = {};  ///< of all runs with this network
  Provenance provenance = {};
  /// Its classes for images without a transform, by the name of their set, once they are needed.
  std::map<std::string, std::vector<std::int64_t>> clean = {};

  [[nodiscard]] const RunResult& result() const { return run.result; }
  [[nodiscard]] const TransformChain& own_transform() const {
    return result().config.data.transform;
  }
  [[nodiscard]] std::int64_t classes() const {
    return static_cast<std::int64_t>(result().data->test.class_counts.size());
  }
  /// The engine for a file's name; absent where it is the run's.
  [[nodiscard]] std::optional<Engine> other_engine() const {
    return engine == result().config.training.engine ? std::nullopt : std::optional(engine);
  }
  /// Whether it computes just as the run did.
  [[nodiscard]] bool computes_as_trained() const {
    const Provenance& trained = *result().provenance;
    return !other_engine() && trained.simd == provenance.simd &&
           trained.device_name == provenance.device_name &&
           (engine == Engine::native ||
            (trained.threads == provenance.threads && trained.libtorch == provenance.libtorch));
  }
};

/// What is to be known of one run on the images of its batch.
struct Task {
  std::shared_ptr<Model> model;
  /// By point: what is there already, or was computed.
  std::vector<std::optional<StoredEvaluation>> done = {};

  [[nodiscard]] std::size_t missing() const {
    return static_cast<std::size_t>(std::count(done.begin(), done.end(), std::nullopt));
  }
};

/// Runs that are evaluated on the same images.
struct Batch {
  TestImages set;
  /// The same images without the corruption that `set` was published with; absent: none are known.
  std::shared_ptr<const TestImages> clean = {};
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

/// Throws unless these are images that the run's network takes, with labels that it knows.
void require_fitting(const Model& model, const TestImages& set) {
  const auto beyond = std::find_if(set.images.labels.begin(), set.images.labels.end(),
                                   [&](std::uint8_t label) { return label >= model.classes(); });
  if (beyond != set.images.labels.end()) {
    throw Error(ExitCode::data,
                fmt::format("{}: the images have a label {}, but the model has {} classes",
                            model.run.folder.string(), *beyond, model.classes()),
                "use data with the classes that the model was trained on");
  }
  const ImageShape found = prepare_chain(model.own_transform(), set.images.shape()).output;
  if (takes_images(model.result(), found)) return;
  throw Error(ExitCode::data,
              fmt::format("{}: the model does not take images of {} × {} pixels",
                          model.run.folder.string(), found.rows, found.columns),
              "use data with images of the size that it was trained on");
}

/// How many images of two matrices of the same images are in other cells.
std::int64_t moved_images(const ConfusionMatrix& a, const ConfusionMatrix& b) {
  std::int64_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) difference += std::abs(a[i][j] - b.at(i).at(j));
  }
  return difference / 2;
}

void require_reproduced(const Model& model, const TestRecord& clean) {
  const std::int64_t moved = moved_images(model.result().test->confusion, clean.confusion);
  const std::int64_t allowed = model.computes_as_trained() ? 0 : kMostRoundedOtherwise;
  if (moved <= allowed) return;
  throw Error(ExitCode::run_failed,
              fmt::format("{}: on its own test set {} are classified otherwise than in its "
                          "result.json; allowed: {}",
                          model.run.folder.string(), counted(moved, "image"), allowed),
              "this build or machine computes otherwise than that of the run; evaluate it there");
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
  AgainstClean against{.right_to_wrong = static_cast<std::int64_t>(fallen.size()),
                       .wrong_to_right = static_cast<std::int64_t>(risen.size()),
                       .right_to_wrong_images = std::move(fallen),
                       .wrong_to_right_images = std::move(risen)};
  against.accuracy_change = static_cast<double>(against.wrong_to_right - against.right_to_wrong) /
                            static_cast<double>(labels.size());
  return against;
}

std::string sha256_of(const ImageSet& set) {
  Sha256 hash;
  hash.update(set.pixels.data(), set.pixels.size());
  hash.update(set.labels.data(), set.labels.size());
  return hash.hex();
}

/// The images of a batch after a transform, as each of its runs sees them.
class SeenImages {
 public:
  SeenImages(const TestImages& set, const TransformChain& transform, std::int64_t threads)
      : set_(set), threads_(threads) {
    const Clock::time_point start = Clock::now();
    shared_ = transform_set(set.images, transform, set.indices, threads);
    seconds = seconds_since(start);
  }

  struct Seen {
    ImageSet images;
    std::string sha256;
  };
  const Seen& of(const Model& model) {
    const auto [found, is_new] = seen_.try_emplace(canonical_spec(model.own_transform()));
    if (is_new) {
      found->second.images = transform_set(shared_, model.own_transform(), set_.indices, threads_);
      found->second.sha256 = sha256_of(found->second.images);
    }
    return found->second;
  }

  double seconds = 0.0;

 private:
  const TestImages& set_;
  std::int64_t threads_;
  ImageSet shared_;
  std::map<std::string, Seen> seen_;
};

class Evaluator {
 public:
  Evaluator(const EvaluationOptions& options, Observer& observer)
      : options_(options), observer_(observer) {
    threads_ = set_up_threads(options.threads, observer).threads;
    if (options.mnist_c) corruptions_ = mnist_c_corruptions(*options.mnist_c);
  }

  void add(const StoredRun& run) {
    const auto model = std::make_shared<Model>(load(run));
    // All before any: a run is evaluated as a whole or not at all.
    std::vector<Batch*> batches;
    if (!options_.points.empty()) batches.push_back(&batch_of(*model));
    for (const std::string& corruption : corruptions_) {
      batches.push_back(&batch_of(*model, corruption));
    }
    for (const Batch* batch : batches) require_fitting(*model, batch->set);
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
  Model load(const StoredRun& run) {
    const RunResult& result = run.result;
    Model model{.run = run, .engine = options_.engine.value_or(result.config.training.engine)};
    model.tensors = read_trained_model(run);
    const std::string wanted =
        options_.device.value_or(model.engine == Engine::native ? "cpu" : result.config.device);
    const std::string device = set_up_device(model.engine, wanted, observer_).str();
    std::shared_ptr<Predictor>& predictor = predictors_[fmt::format(
        "{} {} {}", config_hash(result.config), to_string(model.engine), device)];
    if (!predictor) {
      predictor = make_predictor(model.engine, result, device, threads_);
    }
    model.predictor = predictor;
    model.provenance = describe_provenance(device, threads_, options_.command);
    model.provenance.simd = predictor->simd();
    return model;
  }

  const Dataset& dataset(const std::filesystem::path& folder) {
    const auto found = datasets_.find(folder);
    if (found != datasets_.end()) return found->second;
    Dataset loaded = load_dataset(folder);
    loaded.train = {};
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
  std::pair<const Dataset*, bool> data_of(const Model& model) {
    const RunResult& result = model.result();
    const std::filesystem::path folder = options_.data.value_or(data_folder(result.config.data));
    const Dataset& data = options_.data ? dataset(folder) : own_dataset(folder);
    const bool is_own = data.test.sha256 == result.data->test.sha256;
    if (!options_.data) require_tested_on(model.run, data, folder, kDataRemedy);
    return {&data, is_own};
  }

  /// The runs that are evaluated on the same data as `model`.
  Batch& batch_of(const Model& model) {
    const auto [data, is_own] = data_of(model);
    const std::optional<std::int64_t> limit =
        is_own ? model.result().config.data.test_limit : std::nullopt;
    const BatchKey key{data->test.sha256, limit.value_or(0), is_own, ""};
    if (const auto found = batches_.find(key); found != batches_.end()) return found->second;
    Batch batch{.set = test_images(model, *data, is_own), .points = options_.points};
    require_kept_shape(batch.points, batch.set.images.shape());
    batch.clean = std::make_shared<const TestImages>(batch.set);
    return batches_.emplace(key, std::move(batch)).first->second;
  }

  static TestImages test_images(const Model& model, const Dataset& data, bool is_own) {
    TestImages set{
        .name = is_own ? kOwnTestSet : data.test.sha256.substr(0, kNameDigits),
        .dataset = data.identified.value_or(is_own ? model.result().data->dataset : "unknown"),
        .images = data.test,
        .indices = {}};
    set.indices =
        limit_images(set.images, is_own ? model.result().config.data.test_limit : std::nullopt,
                     "data.test_limit");
    return set;
  }

  /// The same for a corruption of MNIST-C. Where its images are those of the run's test set, as
  /// their labels tell, the run is evaluated on the ones that it was tested on.
  Batch& batch_of(const Model& model, const std::string& corruption) {
    const auto [data, is_own] = data_of(model);
    const std::int64_t limit = model.result().config.data.test_limit.value_or(0);
    const BatchKey key{data->test.sha256, limit, is_own, corruption};
    if (const auto found = batches_.find(key); found != batches_.end()) return found->second;
    Batch batch{.set = {.name = std::string(kMnistCData) + corruption,
                        .dataset = "mnist-c",
                        .images = read_mnist_c(*options_.mnist_c, corruption, model.classes()),
                        .indices = {}},
                .points = {{.transform = {}, .suite = "mnist-c"}}};
    if (is_own && batch.set.images.labels == data->test.labels) {
      const auto clean = std::make_shared<TestImages>(test_images(model, *data, is_own));
      batch.set.images = select(batch.set.images, clean->indices);
      batch.set.indices = clean->indices;
      batch.clean = clean;
    } else {
      batch.set.indices = all_indices(batch.set.images);
    }
    return batches_.emplace(key, std::move(batch)).first->second;
  }

  /// The evaluations that are there already. Those of a published corruption count if they are of
  /// the same bytes; the others' names and the run's record say which images they are of.
  std::vector<std::optional<StoredEvaluation>> done_before(const Model& model, const Batch& batch) {
    std::vector<std::optional<StoredEvaluation>> done(batch.points.size());
    if (options_.force) return done;
    for (std::size_t i = 0; i < batch.points.size(); ++i) {
      const std::filesystem::path file = file_of(model, batch, i);
      if (!std::filesystem::exists(file)) continue;
      try {
        Evaluation evaluation = read_evaluation(file);
        const bool is_same =
            evaluation.run.parameters_sha256 == model.result().parameters_sha256 &&
            canonical_spec(evaluation.transform) == canonical_spec(batch.points[i].transform) &&
            evaluation.data.samples == batch.set.images.size();
        if (!is_same) continue;
        if (options_.save_probabilities) {
          if (!evaluation.probabilities_sha256) continue;
          require_probabilities(probabilities_file(file), *evaluation.probabilities_sha256);
        }
        if (evaluation.data.dataset == "mnist-c" &&
            evaluation.data.sha256 != seen_sha256(model, batch)) {
          continue;
        }
        done[i] = {.file = file, .data = batch.set.name, .evaluation = std::move(evaluation)};
      } catch (const Error& error) {
        observer_.warn(fmt::format("{}; it is computed again", error.what()));
      }
    }
    return done;
  }

  [[nodiscard]] std::string seen_sha256(const Model& model, const Batch& batch) const {
    return sha256_of(
        transform_set(batch.set.images, model.own_transform(), batch.set.indices, threads_));
  }

  static std::filesystem::path file_of(const Model& model, const Batch& batch, std::size_t point) {
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
      if (!images) images.emplace(batch.set, batch.points[point].transform, threads_);
      try {
        if (batch.clean) find_clean(*task->model, *batch.clean, *clean);
        evaluate(*task, batch, *images, point);
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
  static void find_clean(Model& model, const TestImages& set, SeenImages& clean) {
    if (model.clean.contains(set.name)) return;
    model.predictor->set_parameters(model.tensors);
    const ImageSet& images = clean.of(model).images;
    Predictions predictions = model.predictor->predict(images);
    if (set.is_own()) {
      require_reproduced(model, test_record(predictions, images.labels, model.classes()));
    }
    model.clean[set.name] = std::move(predictions.classes);
  }

  void evaluate(Task& task, const Batch& batch, SeenImages& images, std::size_t point) {
    Model& model = *task.model;
    const RunResult& result = model.result();
    const SeenImages::Seen& seen = images.of(model);
    const Clock::time_point start = Clock::now();
    model.predictor->set_parameters(model.tensors);
    const Predictions predictions = model.predictor->predict(seen.images);
    Evaluation evaluation{
        .run = {.config_hash = config_hash(result.config),
                .seed = static_cast<std::int64_t>(result.config.seed),
                .parameters_sha256 = *result.parameters_sha256,
                .engine = std::string(to_string(result.config.training.engine))},
        .engine = std::string(to_string(model.engine)),
        .transform = batch.points[point].transform,
        .suite = batch.points[point].suite,
        .data = {.dataset = batch.set.dataset,
                 .samples = seen.images.size(),
                 .sha256 = seen.sha256},
        .test = {},
        .against_clean = {},
        .probabilities_sha256 = {},
        .timing = {.transform_seconds = images.seconds, .predict_seconds = seconds_since(start)},
        .provenance = model.provenance};
    evaluation.test = test_record(predictions, seen.images.labels, model.classes());
    if (batch.clean) {
      evaluation.against_clean =
          against_clean(seen.images.labels, model.clean.at(batch.clean->name), predictions.classes,
                        batch.set.indices);
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

  /// SHA-256 of the test set, its limit (0: none), whether it is the run's, and a corruption.
  using BatchKey = std::tuple<std::string, std::int64_t, bool, std::string>;

  const EvaluationOptions& options_;
  Observer& observer_;
  std::int64_t threads_ = 1;
  std::size_t missing_ = 0;
  std::vector<std::string> corruptions_;
  std::map<std::string, std::shared_ptr<Predictor>> predictors_;
  std::map<std::filesystem::path, Dataset> datasets_;
  std::vector<std::shared_ptr<Model>> models_;
  std::map<BatchKey, Batch> batches_;
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
