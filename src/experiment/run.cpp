#include "app/run_experiment.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <functional>
#include <new>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/epoch_writer.h"
#include "app/trainer.h"
#include "base/as_error.h"
#include "config/write.h"
#include "data/dataset.h"
#include "data/dataset_warnings.h"
#include "data/known_datasets.h"
#include "evaluate/metrics.h"
#include "libtorch/inference.h"
#include "model/summary.h"
#include "native/engine.h"
#include "record/devices.h"
#include "record/result_json.h"
#include "runtime/build_info.h"
#include "runtime/cuda.h"
#include "runtime/default_threads.h"
#include "runtime/device.h"
#include "runtime/interrupt.h"
#include "runtime/process.h"
#include "runtime/waiting.h"

namespace mnist_bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Throws Error(run_failed) when the network alone would not fit into memory: found out here, not
/// by the system that kills the process.
void require_memory(const ExperimentConfig& config, ImageShape image, std::int64_t classes) {
  constexpr double kBytes = 4 * sizeof(float);  // value, gradient, and Adam's two moments
  constexpr double kGib = 1024.0 * 1024.0 * 1024.0;
  const double parameters = parameter_count(config.model, image, classes);
  const std::optional<std::int64_t> available = available_memory_bytes();
  if (!available || parameters * kBytes <= static_cast<double>(*available)) return;
  throw Error(
      ExitCode::run_failed,
      fmt::format("this model has {:.3g} parameters, which take {:.3g} GiB to train; {:.3g} GiB of "
                  "memory are free",
                  parameters, parameters * kBytes / kGib, static_cast<double>(*available) / kGib),
      "make the layers of the model smaller");
}

SplitSummary summarize_split(const ImageSet& set, std::int64_t classes) {
  return {.samples = set.size(), .sha256 = set.sha256, .class_counts = class_counts(set, classes)};
}

/// The path for a record, which is UTF-8; file names may hold any bytes.
std::string recorded(const std::filesystem::path& path) {
  using nlohmann::json;
  return json::parse(json(path.string()).dump(-1, ' ', false, json::error_handler_t::replace));
}

std::vector<DataFile> summarize_files(const Dataset& dataset) {
  std::vector<DataFile> files;
  for (std::size_t role = 0; role < dataset.files.size(); ++role) {
    const SourceFile& file = dataset.files.at(role);
    std::error_code unknown;  // a relative path stays one where the current folder has been deleted
    const std::filesystem::path path = std::filesystem::absolute(file.path, unknown);
    files.push_back({.role = std::string(to_string(static_cast<FileRole>(role))),
                     .path = recorded(unknown ? file.path : path.lexically_normal()),
                     .sha256 = file.sha256});
  }
  return files;
}

DataSummary summarize_data(const Dataset& dataset, const DataConfig& config) {
  const PixelStatistics constants =
      normalization_constants(config.normalization, dataset.train_pixels.statistics);
  return {.dataset = dataset.identified.value_or(config.dataset),
          .train = summarize_split(dataset.train, dataset.classes),
          .test = summarize_split(dataset.test, dataset.classes),
          .mean = constants.mean,
          .std = constants.sd,
          .files = summarize_files(dataset)};
}

Provenance provenance_of(c10::Device device, std::int64_t threads, std::string allocator,
                         const RunOptions& options) {
  const BuildInfo build = build_info();
  const bool gpu = device.is_cuda();
  CudaVersions versions = gpu ? cuda_versions() : CudaVersions{};
  const ThreadWaiting waiting = thread_waiting();
  return {.version = build.version,
          .git_revision = build.git_revision,
          .git_dirty = build.git_dirty,
          .build_type = build.build_type,
          .compiler = build.compiler,
          .libtorch = build.libtorch,
          .device = device.str(),
          .device_name = device_name(device),
          .cpu = cpu_name(),
          .simd = "",  // the trainer knows
          .threads = threads,
          .jobs = options.jobs,
          .allocator = std::move(allocator),
          .started_at = utc_now(),
          .command = options.command,
          .cuda = std::move(versions.cuda),
          .cudnn = std::move(versions.cudnn),
          .driver = std::move(versions.driver),
          .tf32 = gpu ? std::optional(tf32_allowed()) : std::nullopt,
          .mkl_cbwr = environment_variable("MKL_CBWR"),
          .omp_wait_policy = waiting.omp_wait_policy,
          .gomp_spincount = waiting.gomp_spincount};
}

/// Truth, predictions and metrics of one evaluation.
struct Evaluation {
  TestRecord test;
  Predictions predictions;
};

Evaluation evaluate(Trainer& trainer, const Dataset& dataset) {
  Evaluation evaluation;
  evaluation.predictions = trainer.predict();
  const std::vector<std::int64_t> truth(dataset.test.labels.begin(), dataset.test.labels.end());
  evaluation.test.loss = evaluation.predictions.loss;
  evaluation.test.confusion =
      confusion_matrix(truth, evaluation.predictions.classes, dataset.classes);
  evaluation.test.metrics = classification_metrics(evaluation.test.confusion);
  return evaluation;
}

std::vector<Prediction> prediction_rows(const Evaluation& evaluation, const DataCache& data) {
  std::vector<Prediction> rows;
  const std::vector<std::int64_t>& indices = data.test_indices();
  rows.reserve(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    rows.push_back({.index = indices[i],
                    .truth = data.dataset().test.labels[i],
                    .predicted = evaluation.predictions.classes[i],
                    .probability = evaluation.predictions.probabilities[i]});
  }
  return rows;
}

void add_epoch(RunResult& result, const EpochRecord& epoch) {
  result.epochs.push_back(epoch);
  result.timing.train_seconds += epoch.train_seconds;
  result.timing.evaluate_seconds += epoch.evaluate_seconds;
}

/// Takes over what the record says of the epochs before `checkpoint`.
void go_on_from(const Checkpoint& checkpoint, RunResult& result) {
  for (const EpochRecord& epoch : checkpoint.epochs) add_epoch(result, epoch);
  result.provenance->resumed_after = checkpoint.resumed_after;
  result.provenance->resumed_after.push_back(checkpoint.state.epoch);
  result.timing.load_seconds += checkpoint.load_seconds;
}

/// Training and evaluation, from the folder's checkpoint if it has one, filling in `result` and
/// writing each epoch as it ends.
void train_and_evaluate(Trainer& trainer, const DataCache& data, RunFolder& folder,
                        Console& console, RunResult& result, bool write_beside,
                        const std::function<double()>& seconds_so_far) {
  const ExperimentConfig& config = result.config;
  const std::string engine(to_string(config.training.engine));
  const std::string device = device_of(*result.provenance);
  const std::int64_t epochs = config.training.epochs;
  const ImageCounts images{.train = data.dataset().train.size(),
                           .test = data.dataset().test.size()};
  std::optional<Evaluation> last;
  std::optional<TrainingState> start;
  if (folder.checkpoint()) start = folder.checkpoint()->state;
  EpochWriter writer(folder, console, epochs, images, write_beside);
  TrainCallbacks callbacks;
  callbacks.should_stop = interrupted;
  callbacks.on_progress = [&](const TrainProgress& p) {
    writer.look();
    console.progress(p, epochs);
  };
  callbacks.on_epoch = [&](const EpochStatistics& trained,
                           const std::function<TrainingState()>& state) {
    const Clock::time_point evaluation_start = Clock::now();
    last = evaluate(trainer, data.dataset());
    const EpochRecord epoch{.epoch = trained.epoch,
                            .engine = engine,
                            .device = device,
                            .train_loss = trained.loss,
                            .train_accuracy = trained.accuracy,
                            .train_seconds = trained.seconds,
                            .evaluate_seconds = seconds_since(evaluation_start),
                            .images_per_second = trained.images_per_second,
                            .test_loss = last->test.loss,
                            .test_accuracy = last->test.metrics.accuracy.value_or(0.0),
                            .test_macro_f1 = last->test.metrics.macro.f1};
    add_epoch(result, epoch);
    writer.write({.config_hash = config_hash(config),
                  .seed = config.seed,
                  .engine = engine,
                  .data_sha256 = data_sha256(*result.data),
                  .state = state(),
                  .epochs = result.epochs,
                  .resumed_after = result.provenance->resumed_after,
                  .load_seconds = result.timing.load_seconds,
                  .total_seconds = seconds_so_far()});
  };
  const TrainOutcome outcome = trainer.train(callbacks, start);
  writer.finish();

  if (outcome.end == TrainEnd::diverged) {
    result.status = RunStatus::diverged;
    result.error = fmt::format("the training loss is no longer finite (epoch {}, by step {})",
                               outcome.last.epoch, outcome.last.step);
    return;
  }
  // Nothing left to train after the last epoch's checkpoint, or stopped before the next.
  if (!result.epochs.empty() && !last) {
    if (outcome.end == TrainEnd::interrupted) trainer.set_parameters(start->parameters);
    last = evaluate(trainer, data.dataset());
  }
  if (static_cast<std::int64_t>(result.epochs.size()) < epochs) {
    result.status = RunStatus::interrupted;
    result.error = fmt::format("interrupted in epoch {} of {}", outcome.last.epoch, epochs);
  } else {
    result.status = RunStatus::completed;
    const std::vector<NamedTensor> parameters = trainer.parameters();
    result.parameters_sha256 = parameters_sha256(parameters);
    folder.write_model(parameters, *result.parameters_sha256);
  }
  if (last) {
    result.test = last->test;
    result.predictions_sha256 = folder.write_predictions(prediction_rows(*last, data));
  }
}

/// Where to compute, made ready for it: in float32 throughout, with the peak of memory counted
/// anew.
c10::Device prepare_device(const ExperimentConfig& config, Console& console) {
  // The native engine never uses CUDA: what it cannot do is refused before anything is loaded.
  if (config.training.engine == Engine::native) return c10::kCPU;
  const c10::Device device = choose_device(config.device);
  if (const auto warning = idle_gpu_warning(config.device)) console.warn(*warning);
  if (device.is_cuda()) forbid_tf32();
  reset_peak_device_bytes(device);
  return device;
}

/// What broke a run, as one line. LibTorch's messages carry a backtrace after the first.
std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

Error out_of_memory() {
  return {ExitCode::run_failed, "out of memory",
          "make the model or training.batch_size smaller, or set data.train_limit"};
}

/// LibTorch's message goes on for many sentences, about settings of its allocator; the first three
/// say what was asked for and what there is.
Error out_of_device_memory(const std::exception& error) {
  const std::string text = first_line(error);
  std::size_t end = 0;
  for (int sentence = 0; sentence < 3 && end != std::string::npos; ++sentence) {
    end = text.find(". ", end == 0 ? 0 : end + 1);
  }
  return {ExitCode::run_failed, fmt::format("the GPU's memory is full: {}", text.substr(0, end)),
          "make the model or training.batch_size smaller, set data.train_limit, or end what else "
          "uses the GPU (nvidia-smi lists it)"};
}

/// What broke a run, in the words of its record and of the error that ends the command.
Error run_error(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return out_of_memory();
  const auto* of_libtorch = dynamic_cast<const c10::Error*>(&error);
  if (of_libtorch == nullptr) return as_error(error);
  if (is_out_of_device_memory(*of_libtorch)) return out_of_device_memory(error);
  if (first_line(error).find("DefaultCPUAllocator") != std::string::npos) return out_of_memory();
  return {ExitCode::run_failed, "LibTorch gave up: " + first_line(error),
          "if it is about memory, make the model or training.batch_size smaller; if about numbers, "
          "optimizer.learning_rate"};
}

/// Throws unless the folder's checkpoint is of the run's data, after whole epochs of them.
void require_checkpoint_of(const RunResult& result, const RunFolder& folder) {
  const Checkpoint& checkpoint = *folder.checkpoint();
  const std::string file = (folder.path() / "checkpoint.safetensors").string();
  if (checkpoint.data_sha256 != data_sha256(*result.data)) {
    throw Error(ExitCode::data,
                fmt::format("cannot go on from {}: the training or test data are not those that "
                            "it was made with",
                            file),
                "restore the data, or use --force to train from the start");
  }
  try {
    require_step(checkpoint, result.data->train.samples, result.config.training.batch_size);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("cannot go on from {}: {}", file, error.what()),
                "use --force to train from the start");
  }
}

StoredRun finished_already(std::filesystem::path folder, RunResult result, Console& console) {
  console.info(fmt::format("{} is finished already; nothing to do", folder.string()));
  return {.folder = std::move(folder), .result = std::move(result)};
}

DefaultThreads threads_of(const ExperimentConfig& config) {
  if (!config.threads) return default_threads();
  return {.threads = *config.threads, .decided_by = "the config", .ignored = {}};
}

StoredRun run(const ExperimentConfig& config, const RunOptions& options, DataCache& data,
              Console& console) {
  const Clock::time_point start = Clock::now();
  // Before anything that could fail for want of data or a device, or cost time.
  if (options.existing == Existing::resume) {
    const std::filesystem::path output = output_folder(config);
    if (auto found = finished_run(output, config)) {
      return finished_already(output, *std::move(found), console);
    }
  }
  // Before the device: nobody shall install CUDA for an engine that has no use for it.
  if (config.training.engine == Engine::native) native::check_supported(config);
  ask_mkl_for_equal_bits();
  std::string allocator = tune_allocator();
  const DefaultThreads chosen = threads_of(config);
  const std::int64_t threads = chosen.threads;
  set_threads(threads);
  for (const std::string& what : chosen.ignored) console.warn(what);
  if (threads > available_cores()) {
    console.warn(fmt::format("{} threads on {} available cores will slow each other down", threads,
                             available_cores()));
  }
  const c10::Device device = prepare_device(config, console);

  const Clock::time_point load_start = Clock::now();
  const bool loaded = data.load(config.data);
  const double load_seconds = seconds_since(load_start);
  const Dataset& dataset = data.dataset();
  if (dataset.identified && *dataset.identified != config.data.dataset) {
    console.warn(
        fmt::format("data.dataset says '{}', but by its checksums this is {}; recorded as "
                    "such",
                    config.data.dataset, *dataset.identified));
  }
  const ImageShape image{.rows = dataset.train.rows, .columns = dataset.train.columns};
  for (const std::string& warning :
       dataset_warnings(dataset, config.data.dataset, config.data.normalization)) {
    console.warn(warning);
  }
  if (device.is_cpu()) require_memory(config, image, dataset.classes);
  RunFolder folder(output_folder(config), config, options.existing);
  if (folder.finished()) return finished_already(folder.path(), *folder.finished(), console);
  RunResult result;
  result.config = config;
  result.provenance = provenance_of(device, threads, std::move(allocator), options);
  result.data = summarize_data(dataset, config.data);
  if (folder.checkpoint()) require_checkpoint_of(result, folder);
  console.log_to(folder.log_file());
  result.model = summarize(config.model, image, dataset.classes);
  result.timing.load_seconds = load_seconds;
  console.debug(fmt::format("{} CPU thread{}: decided by {}", threads, threads == 1 ? "" : "s",
                            chosen.decided_by));
  console.debug(loaded ? "data read from their files" : "data in memory already");
  console.info(fmt::format(
      "{}: {} parameters, {} training and {} test images, {} on {} ({}), seed {}", config.name,
      result.model->parameters, result.data->train.samples, result.data->test.samples,
      result.provenance->device, result.provenance->device_name,
      fmt::format("{} thread{}", threads, threads == 1 ? "" : "s"), config.seed));

  double seconds_before = 0.0;
  if (const auto& checkpoint = folder.checkpoint()) {
    go_on_from(*checkpoint, result);
    seconds_before = checkpoint->total_seconds;
    console.info(fmt::format("going on after epoch {} of {}", checkpoint->state.epoch,
                             config.training.epochs));
  }
  folder.write_config(config);
  const auto seconds_so_far = [&] { return seconds_before + seconds_since(start); };
  const auto finish = [&] {
    result.timing.total_seconds = seconds_so_far();
    result.timing.peak_rss_bytes = peak_rss_bytes();
    result.timing.peak_device_bytes = peak_device_bytes(device);
    if (result.error) console.debug(fmt::format("{}: {}", to_string(result.status), *result.error));
    folder.write_result(result);
  };
  try {
    const std::unique_ptr<Trainer> trainer = make_trainer(config, data, device.str(), threads);
    result.provenance->simd = trainer->simd();
    train_and_evaluate(*trainer, data, folder, console, result, options.write_beside,
                       seconds_so_far);
  } catch (const std::exception& exception) {
    const Error error = run_error(exception);
    result.status = RunStatus::failed;
    result.error = error.what();
    try {
      finish();
    } catch (const Error& second) {  // a full disk, mostly: the first error is the one to tell
      console.warn(second.what());
    }
    throw error;
  }
  finish();
  console.info(fmt::format("wrote {}", folder.path().string()));
  return {.folder = folder.path(), .result = std::move(result)};
}

}  // namespace

StoredRun run_experiment(const ExperimentConfig& config, const RunOptions& options, DataCache& data,
                         Console& console) {
  try {
    return run(config, options, data, console);
  } catch (const std::exception& error) {
    throw run_error(error);
  }
}

}  // namespace mnist_bench
