#include "experiment/run.h"

#include <c10/core/Device.h>
#include <fmt/format.h>

#include <exception>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "config/write.h"
#include "data/dataset.h"
#include "data/dataset_warnings.h"
#include "experiment/describe.h"
#include "experiment/learners.h"
#include "experiment/run_error.h"
#include "experiment/run_training.h"
#include "model/summary.h"
#include "native/learner.h"
#include "record/result_json.h"
#include "runtime/cuda.h"
#include "runtime/default_threads.h"
#include "runtime/device.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

StoredRun finished_already(std::filesystem::path folder, RunResult result, Observer& observer) {
  observer.info(fmt::format("{} is already finished; nothing to do", folder.string()));
  return {.folder = std::move(folder), .result = std::move(result)};
}

/// Gives LibTorch the CPU threads of the config, or this machine's default.
DefaultThreads set_up_threads(const ExperimentConfig& config, Observer& observer) {
  DefaultThreads chosen{.threads = 1, .decided_by = "the config", .ignored = {}};
  if (config.threads) {
    chosen.threads = *config.threads;
  } else {
    chosen = default_threads();
  }
  set_threads(chosen.threads);
  for (const std::string& what : chosen.ignored) observer.warn(what);
  if (chosen.threads > available_cores()) {
    observer.warn(fmt::format("{} threads on {} available cores will slow each other down",
                              chosen.threads, available_cores()));
  }
  return chosen;
}

/// Chooses and prepares the device: float32 throughout, with the memory peak reset.
c10::Device set_up_device(const ExperimentConfig& config, Observer& observer) {
  if (config.training.engine == Engine::native) return c10::kCPU;  // it never uses CUDA
  const c10::Device device = choose_device(config.device);
  if (const auto warning = idle_gpu_warning(config.device)) observer.warn(*warning);
  if (device.is_cuda()) forbid_tf32();
  reset_peak_device_bytes(device);
  return device;
}

/// Throws Error(run_failed) when the network alone would not fit into memory, before the system
/// kills the process.
void require_memory(const OptimizerConfig& optimizer, std::int64_t parameters) {
  // Value, gradient, and what the optimizer keeps of each.
  const double bytes = sizeof(float) * static_cast<double>(2 + optimizer_tensors(optimizer).size());
  constexpr double kGib = 1024.0 * 1024.0 * 1024.0;
  const double needed = static_cast<double>(parameters) * bytes;
  const std::optional<std::int64_t> available = available_memory_bytes();
  if (!available || needed <= static_cast<double>(*available)) return;
  throw Error(
      ExitCode::run_failed,
      fmt::format("this model has {:.3g} parameters, which take {:.3g} GiB to train; {:.3g} GiB of "
                  "memory are free",
                  static_cast<double>(parameters), needed / kGib,
                  static_cast<double>(*available) / kGib),
      "make the layers of the model smaller");
}

void warn_of_data(const Dataset& dataset, const DataConfig& config, Observer& observer) {
  if (dataset.identified && *dataset.identified != config.dataset) {
    observer.warn(
        fmt::format("data.dataset says '{}', but by its checksums this is {}; recorded as such",
                    config.dataset, *dataset.identified));
  }
  for (const std::string& warning :
       dataset_warnings(dataset, config.dataset, config.normalization)) {
    observer.warn(warning);
  }
}

/// Throws unless the folder's checkpoint is of the run's data, after whole epochs of them.
void require_checkpoint_of(const RunResult& result, const RunFolder& folder) {
  const Checkpoint& checkpoint = *folder.checkpoint();
  const std::string file = (folder.path() / "checkpoint.safetensors").string();
  if (checkpoint.data_sha256 != data_sha256(*result.data)) {
    throw Error(
        ExitCode::data,
        fmt::format(
            "cannot resume from {}: the training or test data differ from those it was made with",
            file),
        "restore the data, or use --force to train from the start");
  }
  try {
    require_step(checkpoint, result.data->train.samples, result.config.training.batch_size);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("cannot resume from {}: {}", file, error.what()),
                "use --force to train from the start");
  }
}

void announce(const RunResult& result, Observer& observer) {
  observer.info(fmt::format(
      "{}: {} parameters, {} training and {} test images, {} on {} ({}), "
      "seed {}",
      result.config.name, result.model->parameters, result.data->train.samples,
      result.data->test.samples, result.provenance->device, result.provenance->device_name,
      counted(result.provenance->threads, "thread"), result.config.seed));
}

StoredRun run(const ExperimentConfig& config, const RunOptions& options, DataCache& data,
              Observer& observer) {
  const Clock::time_point start = Clock::now();
  // Before anything that needs data, a device or time.
  if (options.existing == Existing::resume) {
    const std::filesystem::path output = output_folder(config);
    if (auto found = finished_run(output, config)) {
      return finished_already(output, *std::move(found), observer);
    }
  }
  // Checked before the device: the native engine never uses CUDA.
  if (config.training.engine == Engine::native) native::check_supported(config);
  const DefaultThreads threads = set_up_threads(config, observer);
  const c10::Device device = set_up_device(config, observer);

  const Clock::time_point load_start = Clock::now();
  const bool loaded = data.load(config.data);
  const double load_seconds = seconds_since(load_start);
  const Dataset& dataset = data.dataset();
  warn_of_data(dataset, config.data, observer);
  const ImageShape image{.rows = dataset.train.rows, .columns = dataset.train.columns};
  const ModelSummary model = summarize(config.model, image, dataset.classes);
  if (config.training.engine == Engine::native) {
    native::check_supported(layers_of(config.model, image, dataset.classes));
  }
  if (device.is_cpu()) require_memory(config.optimizer, model.parameters);

  RunFolder folder(output_folder(config), config, options.existing);
  if (folder.finished()) return finished_already(folder.path(), *folder.finished(), observer);
  RunResult result;
  result.config = config;
  result.provenance = describe_provenance(device.str(), threads.threads, options);
  result.data = describe_data(dataset, config.data);
  result.model = model;
  result.timing.load_seconds = load_seconds;
  if (folder.checkpoint()) require_checkpoint_of(result, folder);
  observer.log_to(folder.log_file());
  observer.debug(
      fmt::format("{}: decided by {}", counted(threads.threads, "CPU thread"), threads.decided_by));
  observer.debug(loaded ? "data read from files" : "data already in memory");
  announce(result, observer);

  double seconds_before = 0.0;
  if (const auto& checkpoint = folder.checkpoint()) {
    resume_from(*checkpoint, result);
    seconds_before = checkpoint->total_seconds;
    observer.info(fmt::format("resuming after epoch {} of {}", checkpoint->state.epoch,
                              config.training.epochs));
  }
  folder.write_config(config);
  const auto seconds_so_far = [&] { return seconds_before + seconds_since(start); };
  const auto finish = [&] {
    result.timing.total_seconds = seconds_so_far();
    result.timing.peak_rss_bytes = peak_rss_bytes();
    result.timing.peak_device_bytes = peak_device_bytes(device);
    if (result.error) {
      observer.debug(fmt::format("{}: {}", to_string(result.status), *result.error));
    }
    folder.write_result(result);
  };
  try {
    const std::unique_ptr<Learner> learner =
        make_learner(config, data, device.str(), threads.threads);
    result.provenance->simd = learner->simd();
    run_training(*learner, data, options, seconds_so_far, folder, observer, result);
  } catch (const std::exception& exception) {
    const Error error = run_error(exception);
    result.status = RunStatus::failed;
    result.error = error.what();
    try {
      finish();
    } catch (const Error& second) {  // mostly a full disk: the first error is the one to report
      observer.warn(second.what());
    }
    throw error;
  }
  finish();
  observer.info(fmt::format("wrote {}", folder.path().string()));
  return {.folder = folder.path(), .result = std::move(result)};
}

}  // namespace

StoredRun run_experiment(const ExperimentConfig& config, const RunOptions& options, DataCache& data,
                         Observer& observer) {
  try {
    return run(config, options, data, observer);
  } catch (const std::exception& error) {
    throw run_error(error);
  }
}

}  // namespace mnist_bench
