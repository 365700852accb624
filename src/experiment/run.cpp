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
#include "experiment/run_fit.h"
#include "experiment/run_training.h"
#include "experiment/set_up.h"
#include "experiment/trainable.h"
#include "model/summary.h"
#include "native/learner.h"
#include "record/result_json.h"
#include "runtime/cuda.h"
#include "runtime/device.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

StoredRun finished_already(std::filesystem::path folder, RunResult result, Observer& observer) {
  observer.info(fmt::format("{} is already finished; nothing to do", folder.string()));
  return {.folder = std::move(folder), .result = std::move(result)};
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

void warn_of_data(const Dataset& dataset, const ExperimentConfig& config, Observer& observer) {
  const std::string& label = config.data.dataset;
  if (dataset.identified && *dataset.identified != label) {
    observer.warn(
        fmt::format("data.dataset says '{}', but by its checksums this is {}; recorded as such",
                    label, *dataset.identified));
  }
  const std::optional<Normalization> chosen =
      is_network(config.model) ? std::optional(config.data.normalization) : std::nullopt;
  for (const std::string& warning : dataset_warnings(dataset, label, chosen)) {
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
    require_step(checkpoint, schedule_of(result.config.training, result.data->train.samples));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("cannot resume from {}: {}", file, error.what()),
                "use --force to train from the start");
  }
}

/// What is known of a run before its folder is made.
struct Prepared {
  DefaultThreads threads = {};
  c10::Device device = c10::kCPU;
  bool loaded = false;  ///< or the data were in memory already
  double load_seconds = 0;
  ModelSummary model = {};
};

/// Sets up threads, device and data. Whatever is wrong with them or with the model, for this engine
/// and in this memory, is found out here.
Prepared prepare(const ExperimentConfig& config, const RunOptions& options, DataCache& data,
                 Observer& observer) {
  // Checked before the device: the native engine never uses CUDA.
  if (engine_of(config) == Engine::native) native::check_supported(config);
  Prepared prepared{.threads = set_up_threads(config.threads, observer),
                    .device = set_up_device(engine_of(config), config.device, observer)};
  const Clock::time_point start = Clock::now();
  prepared.loaded = naming_config(options.config_origin, [&] { return data.load(config.data); });
  prepared.load_seconds = seconds_since(start);
  const Dataset& dataset = data.dataset();
  warn_of_data(dataset, config, observer);
  const DataShape shape = shape_of(dataset);
  naming_config(options.config_origin, [&] { require_trainable(config, shape); });
  prepared.model = summarize(config.model, shape.image, shape.classes);
  if (is_network(config.model) && prepared.device.is_cpu()) {
    require_memory(config.optimizer, prepared.model.parameters);
  }
  return prepared;
}

RunResult begin_record(const ExperimentConfig& config, const RunOptions& options,
                       const Prepared& prepared, const Dataset& dataset) {
  RunResult result;
  result.config = config;
  result.provenance = describe_provenance(prepared.device.str(), prepared.threads.threads,
                                          options.command, options.jobs);
  result.data = describe_data(dataset, config);
  result.model = prepared.model;
  result.timing.load_seconds = prepared.load_seconds;
  return result;
}

void announce(const RunResult& result, const Prepared& prepared, Observer& observer) {
  observer.debug(fmt::format("{}: decided by {}", counted(prepared.threads.threads, "CPU thread"),
                             prepared.threads.decided_by));
  observer.debug(prepared.loaded ? "data read from files" : "data already in memory");
  const std::string model = is_network(result.config.model)
                                ? fmt::format("{} parameters", result.model->parameters)
                                : std::string(model_type(result.config.model));
  const std::optional<SplitSummary>& held_back = result.data->validation;
  observer.info(fmt::format("{}: {}, {} training{} and {} test images, {} on {} ({}), seed {}",
                            result.config.name, model, result.data->train.samples,
                            held_back ? fmt::format(", {} validation", held_back->samples) : "",
                            result.data->test.samples, result.provenance->device,
                            result.provenance->device_name,
                            counted(result.provenance->threads, "thread"), result.config.seed));
}

/// Takes over what the folder's checkpoint says of the epochs done; returns the seconds they took.
double take_over(const RunFolder& folder, RunResult& result, Observer& observer) {
  if (!folder.checkpoint()) return 0.0;
  const Checkpoint& checkpoint = *folder.checkpoint();
  resume_from(checkpoint, result);
  observer.info(
      fmt::format("resuming after epoch {} of {}", checkpoint.state.epoch, epochs_of(result)));
  return checkpoint.total_seconds;
}

/// Writes the result, whatever became of the run.
void store(RunResult& result, const Prepared& prepared, double seconds, RunFolder& folder,
           Observer& observer) {
  result.timing.total_seconds = seconds;
  result.timing.peak_rss_bytes = peak_rss_bytes();
  result.timing.peak_device_bytes = peak_device_bytes(prepared.device);
  if (result.error) {
    observer.debug(fmt::format("{}: {}", to_string(result.status), *result.error));
  }
  folder.write_result(result);
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
  const Prepared prepared = prepare(config, options, data, observer);
  RunFolder folder(output_folder(config), config, options.existing);
  if (folder.finished()) return finished_already(folder.path(), *folder.finished(), observer);
  RunResult result = begin_record(config, options, prepared, data.dataset());
  if (folder.checkpoint()) require_checkpoint_of(result, folder);
  observer.log_to(folder.log_file());
  announce(result, prepared, observer);
  const double seconds_before = take_over(folder, result, observer);
  folder.write_config(config);
  const auto seconds_so_far = [&] { return seconds_before + seconds_since(start); };
  try {
    if (const auto classical = classical_of(config.model)) {
      run_fit(*classical, data, options, folder, observer, result);
    } else {
      const std::unique_ptr<Learner> learner =
          make_learner(config, data, prepared.device.str(), prepared.threads.threads);
      result.provenance->simd = learner->simd();
      result.preactivations = initial_preactivations(config, data);
      run_training(*learner, data, options, seconds_so_far, folder, observer, result);
    }
  } catch (const std::exception& exception) {
    const Error error = run_error(exception);
    result.status = RunStatus::failed;
    result.error = error.what();
    try {
      store(result, prepared, seconds_so_far(), folder, observer);
    } catch (const Error& second) {  // mostly a full disk: the first error is the one to report
      observer.warn(second.what());
    }
    throw error;
  }
  store(result, prepared, seconds_so_far(), folder, observer);
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
