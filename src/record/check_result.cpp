#include "record/check_result.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/strict_json.h"
#include "data/known_datasets.h"
#include "data/pixels.h"
#include "record/check_computed.h"
#include "record/check_epochs.h"
#include "record/contradiction.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

std::int64_t sum_of(const std::string& member, const std::vector<std::int64_t>& values) {
  std::int64_t sum = 0;
  for (const std::int64_t value : values) {
    if (__builtin_add_overflow(sum, value, &sum)) {
      contradict(member, "larger in sum than can be counted", "it counts images or parameters");
    }
  }
  return sum;
}

void require_sum(const std::string& total, std::int64_t said, const std::string& parts,
                 const std::vector<std::int64_t>& values) {
  const std::int64_t sum = sum_of(parts, values);
  if (said == sum) return;
  contradict(total, std::to_string(said), fmt::format("the sum of {} is {}", parts, sum));
}

/// Each layer is that of the network which the config and the images' shape make.
void check_layers(const RunResult& result) {
  const ModelSummary& model = *result.model;
  if (stores_input_shape(result.config.model) == model.input_shape.empty()) {
    contradict("model.input_shape", nlohmann::json(model.input_shape).dump(),
               fmt::format("model.type is \"{}\"", model.type));
  }
  const auto classes = static_cast<std::int64_t>(result.data->test.class_counts.size());
  ModelSummary wanted;
  try {
    wanted = summarize(result.config.model, image_of(model), classes);
  } catch (const Error& error) {
    contradict("config.model", excerpt(nlohmann::json(model.type)), error.what());
  }
  for (std::size_t i = 0; i < std::max(model.layers.size(), wanted.layers.size()); ++i) {
    const auto text = [&](const ModelSummary& of) {
      return i < of.layers.size() ? excerpt(nlohmann::json(to_json(of.layers[i]))) : "lacking";
    };
    const bool both = i < model.layers.size() && i < wanted.layers.size();
    if (both && model.layers[i] == wanted.layers[i]) continue;
    contradict(fmt::format("model.layers[{}]", i), text(model),
               fmt::format("by config.model it is {}", text(wanted)));
  }
}

/// The outputs at step 0 are those of the linear and convolutional layers. Earlier records lack
/// them.
void check_preactivations(const RunResult& result) {
  if (result.preactivations.empty()) return;
  std::vector<std::string> wanted;
  for (const LayerSummary& layer : result.model->layers) {
    if (layer.type == "Linear" || layer.type == "Conv2d") wanted.push_back(layer.name);
  }
  std::vector<std::string> found;
  for (const Preactivations& layer : result.preactivations) found.push_back(layer.layer);
  if (found == wanted) return;
  contradict("preactivations[].layer", fmt::format("{}", fmt::join(found, ", ")),
             fmt::format("by model.layers they are {}", fmt::join(wanted, ", ")));
}

/// What is fitted at once says what it keeps, and nothing else does.
void check_fit(const RunResult& result) {
  const bool is_fitted = result.timing.fit_seconds.has_value();
  const bool is_svm = std::holds_alternative<SvmConfig>(result.config.model);
  const auto require = [&](const char* member, bool is_there, bool should_be) {
    if (is_there == should_be) return;
    contradict(member, is_there ? "there" : "lacking",
               fmt::format("config.model.type is \"{}\", {}", model_type(result.config.model),
                           is_fitted ? "and it is fitted" : "and it is not fitted"));
  };
  if (is_network(result.config.model)) require("timing.fit_seconds", is_fitted, false);
  require("model.stored_bytes", result.model->stored_bytes.has_value(), is_fitted);
  require("model.support_vectors", result.model->support_vectors.has_value(), is_fitted && is_svm);
  if (!result.model->support_vectors || !result.data) return;
  if (*result.model->support_vectors > result.data->train.samples) {
    contradict("model.support_vectors", std::to_string(*result.model->support_vectors),
               fmt::format("there are {} training images", result.data->train.samples));
  }
}

void check_model(const RunResult& result) {
  if (!result.model) return;
  const ModelSummary& model = *result.model;
  if (model.type != model_type(result.config.model)) {
    contradict("model.type", excerpt(nlohmann::json(model.type)),
               fmt::format("config.model.type is \"{}\"", model_type(result.config.model)));
  }
  std::vector<std::int64_t> parameters;
  std::vector<std::int64_t> macs;
  for (const LayerSummary& layer : model.layers) {
    parameters.push_back(layer.parameters);
    macs.push_back(layer.macs);
  }
  require_sum("model.parameters", model.parameters, "model.layers[].parameters", parameters);
  require_sum("model.macs", model.macs, "model.layers[].macs", macs);
  check_fit(result);
  check_preactivations(result);
  if (!result.data) return;
  if (!is_network(result.config.model)) {
    check_layers(result);
    return;
  }
  if (model.layers.empty()) return;
  const auto classes = static_cast<std::int64_t>(result.data->test.class_counts.size());
  const std::vector<std::int64_t>& output = model.layers.back().output_shape;
  if (output != std::vector{classes}) {
    contradict("the last layer's output_shape", nlohmann::json(output).dump(),
               fmt::format("data.test.class_counts has {} classes", classes));
  }
  check_layers(result);
}

void check_split(const std::string& name, const SplitSummary& split,
                 std::optional<std::int64_t> limit) {
  require_sum(fmt::format("data.{}.samples", name), split.samples,
              fmt::format("data.{}.class_counts", name), split.class_counts);
  if (limit && split.samples > *limit) {
    contradict(fmt::format("data.{}.samples", name), std::to_string(split.samples),
               fmt::format("config.data.{}_limit is {}", name, *limit));
  }
}

/// Throws unless each of the four files is there once. A failure may be recorded for a run of
/// 0.1.0, which names none, as may a record of the first schema.
void check_files(const RunResult& result, bool first) {
  const std::vector<DataFile>& files = result.data->files;
  if (files.empty() && (first || result.status == RunStatus::failed)) return;
  std::vector<std::string> expected;
  for (const FileRole role : {FileRole::train_images, FileRole::train_labels, FileRole::test_images,
                              FileRole::test_labels}) {
    expected.emplace_back(to_string(role));
  }
  std::vector<std::string> found;
  for (const DataFile& file : files) found.push_back(file.role);
  if (std::is_permutation(found.begin(), found.end(), expected.begin(), expected.end())) return;
  contradict("data.files", fmt::format("of {}", excerpt(nlohmann::json(found))),
             fmt::format("a data set has one of each of {}", nlohmann::json(expected).dump()));
}

/// Throws unless the constants are those that the config asks for.
void check_normalization(const RunResult& result) {
  const DataSummary& data = *result.data;
  if (!(data.std > 0.0)) {
    contradict("data.normalization.std", fmt::format("{}", data.std), "it is divided by");
  }
  const PixelScaling asked =
      normalization_constants(normalization_of(result.config), {.mean = data.mean, .sd = data.std});
  const auto require = [](const char* member, double said, double should) {
    if (nearly(said, should)) return;
    contradict(member, fmt::format("{}", said),
               fmt::format("config.data.normalization gives {}", should));
  };
  require("data.normalization.mean", data.mean, asked.mean);
  require("data.normalization.std", data.std, asked.sd);
}

void require_classes(const std::string& name, const SplitSummary& split,
                     const SplitSummary& train) {
  if (split.class_counts.size() == train.class_counts.size()) return;
  contradict(fmt::format("data.{}.class_counts", name),
             fmt::format("of {} classes", split.class_counts.size()),
             fmt::format("data.train.class_counts is of {}", train.class_counts.size()));
}

/// Throws unless as many images are held back as the config asks for, from the training file.
void check_validation(const RunResult& result) {
  const std::optional<SplitSummary>& held_back = result.data->validation;
  const std::int64_t said = held_back ? held_back->samples : 0;
  if (said != result.config.data.validation.value_or(0)) {
    contradict(
        "data.validation.samples", std::to_string(said),
        fmt::format("config.data.validation is {}",
                    result.config.data.validation ? std::to_string(*result.config.data.validation)
                                                  : "null"));
  }
  if (!held_back) return;
  check_split("validation", *held_back, std::nullopt);
  require_classes("validation", *held_back, result.data->train);
  if (held_back->sha256 == result.data->train.sha256) return;
  contradict("data.validation.sha256", held_back->sha256,
             fmt::format("data.train.sha256 is {}", result.data->train.sha256));
}

void check_data(const RunResult& result, bool first) {
  if (!result.data) return;
  const DataSummary& data = *result.data;
  check_split("train", data.train, result.config.data.train_limit);
  check_split("test", data.test, result.config.data.test_limit);
  require_classes("test", data.test, data.train);
  check_validation(result);
  check_normalization(result);
  check_files(result, first);
}

/// Throws unless `text` is a time as utc_now() writes it: what strptime reads and strftime gives
/// back.
void require_utc(const std::string& member, const std::string& text) {
  constexpr const char* kUtc = "%Y-%m-%dT%H:%M:%SZ";
  std::tm time{};
  const char* const end = strptime(text.c_str(), kUtc, &time);
  std::array<char, 32> written{};
  if (end && *end == '\0' &&
      std::string_view(written.data(),
                       std::strftime(written.data(), written.size(), kUtc, &time)) == text) {
    return;
  }
  contradict(member, excerpt(nlohmann::json(text)), "a time in UTC is like 2026-01-31T23:59:59Z");
}

void check_provenance(const RunResult& result) {
  if (!result.provenance) return;
  const Provenance& provenance = *result.provenance;
  require_utc("provenance.started_at", provenance.started_at);
  if (provenance.threads < 1 || provenance.jobs < 1) {
    contradict(provenance.threads < 1 ? "provenance.threads" : "provenance.jobs", "0",
               "something computed");
  }
  std::int64_t least = 1;
  for (const std::int64_t epoch : provenance.resumed_after) {
    if (epoch < least || epoch > static_cast<std::int64_t>(result.epochs.size())) {
      contradict("provenance.resumed_after", nlohmann::json(provenance.resumed_after).dump(),
                 fmt::format("the run has {} epochs, one after the other", result.epochs.size()));
    }
    least = epoch;
  }
  const bool on_cpu = provenance.device == "cpu";
  if (!on_cpu && !provenance.device.starts_with("cuda")) {
    contradict("provenance.device", excerpt(nlohmann::json(provenance.device)),
               "a run computes on cpu or cuda:N");
  }
  // The config of a failure may be that of the process that failed, the rest of one before it.
  if (result.status == RunStatus::failed) return;
  const std::optional<std::int64_t> threads = result.config.threads;
  if (threads && provenance.threads != *threads) {
    contradict("provenance.threads", std::to_string(provenance.threads),
               fmt::format("config.threads is {}", *threads));
  }
  const std::string& wanted = result.config.device;
  if (wanted == "auto" || (wanted == "cpu") == on_cpu) return;
  contradict("provenance.device", excerpt(nlohmann::json(provenance.device)),
             fmt::format("config.device is \"{}\"", wanted));
}

/// What a status promises.
void check_status(const RunResult& result, bool first) {
  const std::string status = fmt::format("\"{}\"", to_string(result.status));
  const bool is_trained = is_network(result.config.model);
  const std::int64_t epochs = epochs_of(result);
  const bool all = is_trained ? static_cast<std::int64_t>(result.epochs.size()) == epochs
                              : result.timing.fit_seconds && result.test;
  const auto require = [&](bool holds, const std::string& otherwise) {
    if (!holds) contradict("status", status, otherwise);
  };
  const auto number = [&] {
    if (!is_trained) return std::string("it is not fitted and tested");
    return fmt::format("it has {} of {} epochs", result.epochs.size(), epochs);
  };
  require(result.test || !result.probabilities_sha256, "probabilities_sha256 is without a test");
  switch (result.status) {
    case RunStatus::completed:
      require(all, number());
      require(result.test.has_value(), "test is null");
      require(result.parameters_sha256.has_value() == is_trained,
              is_trained ? "parameters_sha256 is null" : "parameters_sha256 is not null");
      require(first || result.predictions_sha256, "predictions_sha256 is null");
      require(!result.error, "error is not null");
      break;
    case RunStatus::interrupted:
      require(!all, is_trained ? "it has all epochs" : "it is fitted and tested");
      require(result.test.has_value() == !result.epochs.empty(),
              result.test ? "test is present without an epoch" : "test is null");
      require(first || result.predictions_sha256.has_value() == result.test.has_value(),
              result.test ? "predictions_sha256 is null" : "predictions_sha256 is not null");
      require(!result.parameters_sha256, "parameters_sha256 is not null");
      require(result.error.has_value(), "error is null");
      break;
    case RunStatus::diverged:
      require(!all, "it has all epochs");
      require(!result.test, "test is not null");
      require(!result.predictions_sha256, "predictions_sha256 is not null");
      require(!result.parameters_sha256, "parameters_sha256 is not null");
      require(result.error.has_value(), "error is null");
      break;
    case RunStatus::failed:  // at any time, so any part may be there
      require(result.error.has_value(), "error is null");
      break;
  }
}

}  // namespace

void check_result(RunResult& result, const JsonValue& record) {
  const bool first = record.at("schema").text() == kFirstResultSchema;
  check_status(result, first);
  check_data(result, first);
  check_epochs(result, first);
  check_model(result);
  check_test(result);
  check_timing(result);
  check_provenance(result);
  check_computed(result, record, first);
}

}  // namespace mnist_bench
