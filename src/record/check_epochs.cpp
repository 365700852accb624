#include "record/check_epochs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/strict_json.h"
#include "config/schedule.h"
#include "record/contradiction.h"
#include "record/devices.h"
#include "record/result_json.h"

namespace mnist_bench {
namespace {

/// A share of `total` images is that of a whole number of them.
void require_share(const std::string& member, double share, std::int64_t total) {
  const double images = share * static_cast<double>(total);
  if (nearly(images, std::round(images))) return;
  contradict(member, fmt::format("{}", share),
             fmt::format("no number of {} images is that", total));
}

/// Epochs after the last resume ran where the provenance says. Those before it may have run
/// elsewhere, or in version 0.1.0, which does not say where.
void check_device(const RunResult& result, std::size_t i, bool first) {
  const std::string& device = result.epochs[i].device;
  const std::vector<std::int64_t>& resumed = result.provenance->resumed_after;
  const bool before = !resumed.empty() && static_cast<std::int64_t>(i) < resumed.back();
  const bool failed = result.status == RunStatus::failed;  // may be the record of a run of 0.1.0
  if (first && !device.empty()) {
    contradict("schema", fmt::format("\"{}\"", kFirstResultSchema),
               fmt::format("only \"{}\" has epochs[{}].device", kResultSchema, i));
  }
  if (device == device_of(*result.provenance)) return;
  if (device.empty() ? first || before || failed : before) return;
  contradict(
      fmt::format("epochs[{}].device", i),
      device.empty() ? "lacking" : excerpt(nlohmann::json(device)),
      fmt::format("provenance has {}", excerpt(nlohmann::json(device_of(*result.provenance)))));
}

void check_epoch(const RunResult& result, std::size_t i) {
  const EpochRecord& epoch = result.epochs[i];
  const auto member = [&](const char* name) { return fmt::format("epochs[{}].{}", i, name); };
  if (epoch.epoch != static_cast<std::int64_t>(i) + 1) {
    contradict(member("epoch"), std::to_string(epoch.epoch),
               fmt::format("it is number {} of the list", i + 1));
  }
  const std::string_view engine = to_string(result.config.training.engine);
  const bool known = engine_of(epoch.engine).has_value();
  // A run may continue in the other engine, and fail before its record says so.
  const bool may_differ =
      result.status == RunStatus::failed || !result.provenance->resumed_after.empty();
  if (!known || (epoch.engine != engine && !may_differ)) {
    contradict(member("engine"), excerpt(nlohmann::json(epoch.engine)),
               fmt::format("config.training.engine is \"{}\"", engine));
  }
  const Schedule schedule = schedule_of(result.config.training, result.data->train.samples);
  const std::int64_t trained = schedule.images_in(epoch.epoch);
  const double images = epoch.images_per_second * epoch.train_seconds;
  if (std::isfinite(images) && !nearly(images, static_cast<double>(trained), 1e-6)) {
    contradict(member("images_per_second"), fmt::format("{}", epoch.images_per_second),
               fmt::format("{} images in {} s are not that", trained, epoch.train_seconds));
  }
  require_share(member("train_accuracy"), epoch.train_accuracy, trained);
  const bool evaluated = schedule.evaluates_after(epoch.epoch);
  const auto require_scores = [&](const char* name, const std::optional<EpochScores>& scores,
                                  bool wanted, std::int64_t samples) {
    if (scores.has_value() != wanted) {
      contradict(member(name), scores ? "there" : "null",
                 wanted ? "the epoch is evaluated" : "the epoch is not evaluated on it");
    }
    if (scores) require_share(member(name) + ".accuracy", scores->accuracy, samples);
  };
  require_scores("test", epoch.test, evaluated, result.data->test.samples);
  const std::optional<SplitSummary>& held_back = result.data->validation;
  require_scores("validation", epoch.validation, evaluated && held_back,
                 held_back ? held_back->samples : 0);
}

/// Whether the network was evaluated again when the run was resumed, perhaps by other code.
bool was_evaluated_anew(const RunResult& result) {
  const std::vector<std::int64_t>& resumed = result.provenance->resumed_after;
  return !resumed.empty() && resumed.back() == static_cast<std::int64_t>(result.epochs.size());
}

}  // namespace

void check_epochs(const RunResult& result, bool first) {
  if (result.epochs.empty()) return;
  if (!is_network(result.config.model)) {
    contradict("epochs", fmt::format("a list of {}", result.epochs.size()),
               fmt::format("config.model.type is \"{}\"", model_type(result.config.model)));
  }
  if (!result.provenance || !result.data || !result.model) {
    contradict(!result.provenance ? "provenance"
               : !result.data     ? "data"
                                  : "model",
               "null", "there are epochs");
  }
  const std::int64_t wanted = epochs_of(result);
  if (std::ssize(result.epochs) > wanted) {
    contradict("epochs", fmt::format("a list of {}", result.epochs.size()),
               result.config.training.steps ? fmt::format("config.training.steps gives {}", wanted)
                                            : fmt::format("config.training.epochs is {}", wanted));
  }
  const Schedule schedule = schedule_of(result.config.training, result.data->train.samples);
  for (const std::int64_t epoch : result.provenance->resumed_after) {
    if (schedule.evaluates_after(epoch)) continue;
    contradict("provenance.resumed_after", std::to_string(epoch),
               fmt::format("config.training.evaluate_every is {}, so nothing is saved there",
                           schedule.evaluate_every));
  }
  for (std::size_t i = 0; i < result.epochs.size(); ++i) {
    check_epoch(result, i);
    check_device(result, i, first);
  }
}

namespace {

/// Throws unless the record of a split, called `name`, is of its images and of the last epoch.
void check_scores(const RunResult& result, const std::string& name, const TestRecord& test,
                  const SplitSummary& split, const std::optional<EpochScores>& scores) {
  const auto member = [&](const char* inner) { return fmt::format("{}.{}", name, inner); };
  const std::vector<std::int64_t>& classes = split.class_counts;
  if (test.confusion.size() != classes.size()) {
    contradict(member("confusion_matrix.counts"),
               fmt::format("of {} classes", test.confusion.size()),
               fmt::format("data.{}.class_counts is of {}", name, classes.size()));
  }
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const std::int64_t images = test.metrics.per_class[k].support;
    if (images == classes[k]) continue;
    contradict(fmt::format("{}[{}]", member("confusion_matrix.counts"), k),
               fmt::format("{} images", images),
               fmt::format("data.{}.class_counts[{}] is {}", name, k, classes[k]));
  }
  if (!is_network(result.config.model)) return;
  if (!scores) contradict(name, "there", "the last of epochs is not evaluated");
  const EpochScores& last = *scores;
  const bool anew = was_evaluated_anew(result);
  const auto require = [](const std::string& of, double said, double should, double slack) {
    if (std::isfinite(said) == std::isfinite(should) &&
        (!std::isfinite(said) || std::abs(said - should) <= slack)) {
      return;
    }
    contradict(of, fmt::format("{}", said), fmt::format("the last of epochs says {}", should));
  };
  // Another machine or engine decides a few images otherwise.
  const double images = 2.0 / static_cast<double>(std::max<std::int64_t>(test.metrics.samples, 1));
  const double slack = anew ? std::max(images, 1e-3) + kRounding : kRounding;
  require(member("accuracy"), test.metrics.accuracy.value_or(0.0), last.accuracy, slack);
  require(member("loss"), test.loss, last.loss,
          (anew ? 1e-2 : kRounding) * std::max(1.0, std::abs(last.loss)));
  // The epoch may have been recorded by 0.1.0, and the run continued in this version.
  if (anew || nearly(last.macro_f1, macro_over_all_classes(test.metrics).f1)) return;
  require(member("macro.f1"), test.metrics.macro.f1, last.macro_f1, kRounding);
}

}  // namespace

void check_test(const RunResult& result) {
  const bool wanted = result.test && result.data && result.data->validation;
  if (result.validation.has_value() != wanted) {
    contradict("validation", result.validation ? "there" : "lacking",
               wanted ? "data.validation is there" : "there is no test, or no image is held back");
  }
  if (!result.test) return;
  const bool is_trained = is_network(result.config.model);
  if (is_trained && result.epochs.empty()) contradict("test", "there", "no epoch was trained");
  if (!is_trained && (!result.data || !result.model)) {
    contradict(result.data ? "model" : "data", "null", "test is there");
  }
  const EpochRecord last = is_trained ? result.epochs.back() : EpochRecord{};
  check_scores(result, "test", *result.test, result.data->test, last.test);
  if (!result.validation) return;
  check_scores(result, "validation", *result.validation, *result.data->validation, last.validation);
}

void check_timing(const RunResult& result) {
  double train = 0.0;
  double evaluate = 0.0;
  for (const EpochRecord& epoch : result.epochs) {
    train += epoch.train_seconds;
    evaluate += epoch.evaluate_seconds;
  }
  const TimingRecord& timing = result.timing;
  const auto require = [](const char* member, double said, double sum) {
    if (nearly(said, sum)) return;
    contradict(member, fmt::format("{}", said), fmt::format("the epochs have {} in sum", sum));
  };
  require("timing.train_seconds", timing.train_seconds, train);
  if (is_network(result.config.model)) {
    require("timing.evaluate_seconds", timing.evaluate_seconds, evaluate);
  }
  const double parts =
      timing.load_seconds + train + timing.fit_seconds.value_or(0.0) + timing.evaluate_seconds;
  if (timing.total_seconds < parts && !nearly(timing.total_seconds, parts, 1e-3)) {
    contradict("timing.total_seconds", fmt::format("{}", timing.total_seconds),
               fmt::format("loading, training and evaluation have {} in sum", parts));
  }
}

}  // namespace mnist_bench
