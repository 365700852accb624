#include "experiment/describe.h"

#include <c10/core/Device.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "data/known_datasets.h"
#include "runtime/build_info.h"
#include "runtime/cuda.h"
#include "runtime/device.h"
#include "runtime/process.h"
#include "runtime/waiting.h"

namespace mnist_bench {
namespace {

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

}  // namespace

DataSummary describe_data(const Dataset& dataset, const ExperimentConfig& config) {
  const PixelScaling constants =
      normalization_constants(normalization_of(config), dataset.train_pixels.statistics);
  return {.dataset = dataset.identified.value_or(config.data.dataset),
          .train = summarize_split(dataset.train, dataset.classes),
          .test = summarize_split(dataset.test, dataset.classes),
          .validation = dataset.validation.size() == 0
                            ? std::nullopt
                            : std::optional(summarize_split(dataset.validation, dataset.classes)),
          .mean = constants.mean,
          .std = constants.sd,
          .files = summarize_files(dataset)};
}

Provenance describe_provenance(const std::string& device, std::int64_t threads,
                               const std::string& command, std::int64_t jobs) {
  const BuildInfo build = build_info();
  const c10::Device chosen(device);
  const bool gpu = chosen.is_cuda();
  CudaVersions versions = gpu ? cuda_versions() : CudaVersions{};
  const ThreadWaiting waiting = thread_waiting();
  return {.version = build.version,
          .git_revision = build.git_revision,
          .git_dirty = build.git_dirty,
          .build_type = build.build_type,
          .compiler = build.compiler,
          .libtorch = build.libtorch,
          .device = device,
          .device_name = device_name(chosen),
          .cpu = cpu_name(),
          .simd = "",
          .threads = threads,
          .jobs = jobs,
          .allocator = allocator_name(),
          .started_at = utc_now(),
          .command = command,
          .cuda = std::move(versions.cuda),
          .cudnn = std::move(versions.cudnn),
          .driver = std::move(versions.driver),
          .tf32 = gpu ? std::optional(tf32_allowed()) : std::nullopt,
          .mkl_cbwr = environment_variable("MKL_CBWR"),
          .omp_wait_policy = waiting.omp_wait_policy,
          .gomp_spincount = waiting.gomp_spincount};
}

}  // namespace mnist_bench
