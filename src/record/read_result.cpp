#include "record/read_result.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "base/files.h"
#include "config/read.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLargestResult = std::size_t{64} << 20U;
constexpr double kNotFinite = std::numeric_limits<double>::quiet_NaN();

/// null stands for "not finite" where a number is always there.
double number(const Json& value) { return value.is_null() ? kNotFinite : value.get<double>(); }

template <typename Value>
std::optional<Value> optional(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<Value>();
}

/// Of a member that is absent from records of 0.1.0.
template <typename Value>
std::optional<Value> later(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found == object.end() ? std::nullopt : optional<Value>(*found);
}

RunStatus status_from(const std::string& text) {
  for (const RunStatus status :
       {RunStatus::completed, RunStatus::diverged, RunStatus::interrupted, RunStatus::failed}) {
    if (to_string(status) == text) return status;
  }
  throw Error(ExitCode::io, fmt::format("unknown status '{}'", text));
}

Provenance provenance_from(const Json& json) {
  return {.version = json.at("version"),
          .git_revision = optional<std::string>(json.at("git_revision")),
          .git_dirty = optional<bool>(json.at("git_dirty")),
          .build_type = json.at("build_type"),
          .compiler = json.at("compiler"),
          .libtorch = json.at("libtorch"),
          .device = json.at("device"),
          .device_name = json.at("device_name"),
          .cpu = json.at("cpu"),
          .simd = json.value("simd", std::string()),
          .threads = json.at("threads"),
          .jobs = json.value("jobs", std::int64_t{1}),
          .allocator = json.at("allocator"),
          .started_at = json.at("started_at"),
          .command = json.at("command"),
          .resumed_after = json.value("resumed_after", std::vector<std::int64_t>{}),
          .cuda = later<std::string>(json, "cuda"),
          .cudnn = later<std::string>(json, "cudnn"),
          .driver = later<std::string>(json, "driver"),
          .tf32 = later<bool>(json, "tf32"),
          .mkl_cbwr = later<std::string>(json, "mkl_cbwr"),
          .omp_wait_policy = later<std::string>(json, "omp_wait_policy"),
          .gomp_spincount = later<std::string>(json, "gomp_spincount")};
}

SplitSummary split_from(const Json& json) {
  return {.samples = json.at("samples"),
          .sha256 = json.at("sha256"),
          .class_counts = json.at("class_counts")};
}

ModelSummary model_from(const Json& json) {
  ModelSummary model{.type = json.at("type"),
                     .parameters = json.at("parameters"),
                     .macs = json.at("macs"),
                     .layers = {}};
  for (const Json& layer : json.at("layers")) {
    model.layers.push_back({.name = layer.at("name"),
                            .type = layer.at("type"),
                            .output_shape = layer.at("output_shape"),
                            .parameters = layer.at("parameters"),
                            .macs = layer.at("macs")});
  }
  return model;
}

/// Only the counts are read: all metrics follow from them.
TestRecord test_from(const Json& json) {
  TestRecord test;
  test.loss = number(json.at("loss"));
  test.confusion = json.at("confusion_matrix").at("counts").get<ConfusionMatrix>();
  for (const auto& row : test.confusion) {
    if (row.size() != test.confusion.size()) {
      throw Error(ExitCode::io, "the confusion matrix is not square");
    }
  }
  test.metrics = classification_metrics(test.confusion);
  return test;
}

TimingRecord timing_from(const Json& json) {
  return {.load_seconds = json.at("load_seconds"),
          .train_seconds = json.at("train_seconds"),
          .evaluate_seconds = json.at("evaluate_seconds"),
          .total_seconds = json.at("total_seconds"),
          .peak_rss_bytes = json.at("peak_rss_bytes"),
          .peak_device_bytes = later<std::int64_t>(json, "peak_device_bytes")};
}

std::vector<DataFile> files_from(const Json& json) {
  std::vector<DataFile> files;
  for (const Json& file : json) {
    files.push_back(
        {.role = file.at("role"), .path = file.at("path"), .sha256 = file.at("sha256")});
  }
  return files;
}

DataSummary data_from(const Json& json) {
  return {.dataset = json.at("dataset"),
          .train = split_from(json.at("train")),
          .test = split_from(json.at("test")),
          .mean = json.at("normalization").at("mean"),
          .std = json.at("normalization").at("std"),
          .files = files_from(json.value("files", Json::array()))};
}

RunResult result_from(const Json& json) {
  if (const std::string schema = json.at("schema"); schema != kResultSchema) {
    throw Error(ExitCode::io, fmt::format("its schema is {}, this program reads \"{}\"",
                                          Json(schema).dump(), kResultSchema));
  }
  RunResult result;
  result.status = status_from(json.at("status"));
  result.error = optional<std::string>(json.at("error"));
  result.config = parse_experiment(json.at("config").dump(), "config");
  if (const Json& value = json.at("provenance"); !value.is_null()) {
    result.provenance = provenance_from(value);
  }
  if (const Json& value = json.at("data"); !value.is_null()) result.data = data_from(value);
  if (const Json& value = json.at("model"); !value.is_null()) result.model = model_from(value);
  for (const Json& epoch : json.at("epochs")) result.epochs.push_back(epoch_from_json(epoch));
  if (!json.at("test").is_null()) result.test = test_from(json.at("test"));
  result.timing = timing_from(json.at("timing"));
  result.parameters_sha256 = optional<std::string>(json.at("parameters_sha256"));
  return result;
}

}  // namespace

EpochRecord epoch_from_json(const Json& json) {
  const Json& test = json.at("test");
  return {.epoch = json.at("epoch"),
          .engine = json.value("engine", std::string(to_string(Engine::libtorch))),
          .train_loss = number(json.at("train_loss")),
          .train_accuracy = number(json.at("train_accuracy")),
          .train_seconds = number(json.at("train_seconds")),
          .evaluate_seconds = number(json.at("evaluate_seconds")),
          .images_per_second = number(json.at("images_per_second")),
          .test_loss = number(test.at("loss")),
          .test_accuracy = number(test.at("accuracy")),
          .test_macro_f1 = number(test.at("macro_f1"))};
}

RunResult read_result(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "result.json";
  const std::string bytes = read_file(file, kLargestResult, ExitCode::io);
  const auto refuse = [&](const std::string& why) {
    return Error(ExitCode::io,
                 fmt::format("{} is not a usable result of mnist-bench: {}", file.string(), why),
                 "move it away, or run the experiment again with --force");
  };
  try {
    return result_from(Json::parse(bytes));
  } catch (const Json::parse_error& error) {  // whose what() quotes the bytes, whatever they are
    throw refuse(fmt::format("it is not JSON at byte {}", error.byte));
  } catch (const Json::exception& error) {
    throw refuse(error.what());
  } catch (const Error& error) {
    throw refuse(error.what());
  }
}

StoredRuns read_runs(const std::vector<std::filesystem::path>& paths) {
  std::set<std::filesystem::path> folders;
  for (const std::filesystem::path& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      throw Error(ExitCode::io, fmt::format("there is no folder {}", path.string()),
                  "name a run folder, or a folder that holds run folders");
    }
    folders.insert(path.lexically_normal());
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator
             entry(path, std::filesystem::directory_options::skip_permission_denied, error),
         end;
         !error && entry != end; entry.increment(error)) {
      if (entry->is_directory()) folders.insert(entry->path().lexically_normal());
    }
  }
  StoredRuns stored;
  for (const std::filesystem::path& folder : folders) {
    if (std::filesystem::exists(folder / "result.json")) {
      try {
        stored.runs.push_back({.folder = folder, .result = read_result(folder)});
      } catch (const Error& error) {
        stored.unreadable.emplace_back(error.what());
      }
    } else if (std::filesystem::exists(folder / "config.json") &&
               std::filesystem::exists(folder / "log.txt")) {
      stored.unfinished.push_back(folder);
    }
  }
  return stored;
}

}  // namespace mnist_bench
