#include "record/check_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "record/read_predictions.h"
#include "record/read_result.h"
#include "record/record_text.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;

/// One value of a sound record is another, and what the refusal has to name.
struct Lie {
  const char* pointer;
  Json value;
  const char* named;
};

const std::vector<Lie>& lies() {
  static const std::vector<Lie> all = {
      // Counts
      {"/test/confusion_matrix/counts/0/0", 5, "counts[0] is 6 images, but"},
      {"/test/confusion_matrix/counts/0/0", -50, "counts[0][0] is -50"},
      {"/test/confusion_matrix/counts/0/0", 4.0, "counts[0][0] is 4.0"},
      {"/test/confusion_matrix/counts/0/0", true, "counts[0][0] is true"},
      {"/test/confusion_matrix/counts/0/0", std::uint64_t{1} << 62U, "more images"},
      {"/test/confusion_matrix/counts/0/0", ~std::uint64_t{0}, "counts[0][0] is 184467"},
      {"/test/confusion_matrix/counts", {{5, 0}, {0, 5}}, "test.accuracy is 1"},
      {"/test/confusion_matrix/counts", {{4, 1, 0}, {1, 4, 0}, {0, 0, 0}}, "of 3 classes"},
      {"/test/confusion_matrix/counts", {{4, 1}, {5}}, "not square"},
      {"/test/confusion_matrix/counts", Json::array(), "of 0 classes"},
      {"/test/confusion_matrix/axes", {"predicted", "true"}, "test.confusion_matrix.axes[0]"},
      {"/data/test/class_counts/0", 6, "data.test.samples is 10"},
      {"/data/test/class_counts", {4, 6}, "counts[0] is 5 images"},
      {"/data/test/class_counts", {5, 5, 0}, "data.test.class_counts is of 3 classes"},
      {"/data/test/samples", 11, "data.test.samples is 11"},
      {"/data/train/samples", 60000, "data.train.samples is 60000"},
      {"/data/train/class_counts", {-10, 30}, "data.train.class_counts[0] is -10"},
      {"/config/data/train_limit", 10, "config.data.train_limit is 10"},
      {"/preactivations", Json::array({{{"layer", "nosuch"}, {"mean", 0.0}, {"sd", 1.0}}}),
       "preactivations[].layer is nosuch, but by model.layers they are fc1, fc2, fc3"},
      // What follows from them
      {"/test/accuracy", 0.9839, "test.accuracy is 0.9839, but the rest of the record gives 0.8"},
      {"/test/accuracy", nullptr, "test.accuracy is null"},
      {"/test/accuracy", "0.8", "test.accuracy is \"0.8\""},
      {"/test/accuracy_ci95/0", 0.7, "test.accuracy_ci95[0]"},
      {"/test/macro/precision", 0.9, "test.macro.precision"},
      {"/test/macro/recall", 0.9, "test.macro.recall"},
      {"/test/macro/f1", 0.9, "test.macro.f1"},
      {"/test/per_class/1/precision", 1.0, "test.per_class[1].precision"},
      {"/test/per_class/1/recall", 1.0, "test.per_class[1].recall"},
      {"/test/per_class/1/f1", 1.0, "test.per_class[1].f1"},
      {"/test/per_class/1/support", 50, "test.per_class[1].support"},
      {"/test/per_class/1/class", 7, "test.per_class[1].class"},
      {"/test/per_class", Json::array(), "test.per_class"},
      {"/test/undefined", {"precision[0]"}, "test.undefined"},
      {"/test/samples", 10000, "test.samples is 10000"},
      // Epochs
      {"/epochs", Json::array(), "status is \"completed\", but it has 0 of 2 epochs"},
      {"/epochs/1/epoch", 3, "epochs[1].epoch is 3"},
      {"/epochs/0/engine", "native", "epochs[0].engine is \"native\""},
      {"/epochs/0/engine", "magic", "epochs[0].engine"},
      {"/epochs/0/train_loss", -0.5, "epochs[0].train_loss"},
      {"/epochs/0/train_loss", nullptr, "epochs[0].train_loss is null"},
      {"/epochs/0/train_accuracy", nullptr, "epochs[0].train_accuracy is null"},
      {"/epochs/0/test/accuracy", nullptr, "epochs[0].test.accuracy is null"},
      {"/epochs/0/test/macro_f1", nullptr, "epochs[0].test.macro_f1 is null"},
      {"/epochs/0/train_accuracy", 0.77, "epochs[0].train_accuracy"},
      {"/epochs/0/train_accuracy", 1.5, "epochs[0].train_accuracy"},
      {"/epochs/0/train_seconds", -1.0, "epochs[0].train_seconds"},
      {"/epochs/0/train_seconds", nullptr, "epochs[0].train_seconds"},
      {"/epochs/0/train_seconds", 0.5, "epochs[0].images_per_second"},
      {"/epochs/0/evaluate_seconds", 0.1, "timing.evaluate_seconds"},
      {"/epochs/0/images_per_second", 1e6, "epochs[0].images_per_second"},
      {"/epochs/0/test/accuracy", 0.81, "epochs[0].test.accuracy"},
      {"/epochs/1/test/accuracy", 0.9, "test.accuracy is 0.8, but the last of epochs says 0.9"},
      {"/epochs/1/test/loss", 0.1, "test.loss is 0.4"},
      {"/epochs/1/test/macro_f1", 0.9, "test.macro.f1"},
      {"/config/training/epochs", 1, "2 of 1 epochs"},
      {"/config/training/epochs", 3, "2 of 3 epochs"},
      // Times
      {"/timing/train_seconds", 0.1, "timing.train_seconds is 0.1"},
      {"/timing/evaluate_seconds", 0.1, "timing.evaluate_seconds is 0.1"},
      {"/timing/total_seconds", 1.0, "timing.total_seconds is 1"},
      {"/timing/load_seconds", -0.1, "timing.load_seconds is -0.1"},
      {"/timing/seconds_per_epoch/mean", 0.1, "timing.seconds_per_epoch.mean"},
      {"/timing/seconds_per_epoch/sd", 0.0, "timing.seconds_per_epoch.sd"},
      {"/timing/seconds_per_epoch/n", 9, "timing.seconds_per_epoch.n"},
      {"/timing/peak_rss_bytes", 3.9, "timing.peak_rss_bytes is 3.9"},
      {"/timing/peak_rss_bytes", -1, "timing.peak_rss_bytes is -1"},
      // Status
      {"/status", "done", "status is \"done\""},
      {"/status", "diverged", "status is \"diverged\""},
      {"/status", "interrupted", "status is \"interrupted\""},
      {"/status", "failed", "error is null"},
      {"/error", "out of memory", "error is not null"},
      {"/test", nullptr, "test is null"},
      {"/parameters_sha256", nullptr, "parameters_sha256 is null"},
      {"/parameters_sha256", "abc", "parameters_sha256 is \"abc\""},
      // Config, model, data, provenance
      {"/config_hash", std::string(64, '0'), "config_hash is \"000"},
      {"/config/name", "other", "config_hash"},
      {"/config/optimizer/learning_rate", 0.01, "config_hash"},
      {"/config/model/dropuot", 0.5, "dropuot"},
      {"/model/type", "cnn", "model.type is \"cnn\""},
      {"/model/parameters", 7, "model.parameters is 7"},
      {"/model/macs", 5, "model.macs is 5"},
      {"/model/layers/0/parameters", 5, "model.parameters is 234114"},
      {"/model/layers/6/output_shape", {3}, "output_shape is [3]"},
      {"/model/layers/2/output_shape", {3}, "model.layers[2] is"},
      {"/model/layers/2/name", "relu7", "model.layers[2] is"},
      {"/model/layers/2/type", "Tanh", "model.layers[2] is"},
      {"/model/input_shape", {1, 28, 28}, "model.input_shape is [1,28,28]"},
      {"/model", nullptr, "model is null"},
      {"/data", nullptr, "data is null"},
      {"/data/test/sha256", "mnist", "data.test.sha256 is \"mnist\""},
      {"/data/normalization/std", 0, "data.normalization.std is 0"},
      {"/data/normalization/std", 0.3, "data.normalization.std is 0.3, but"},
      {"/data/normalization/mean", 0.0, "config.data.normalization gives 0.1307"},
      {"/provenance", nullptr, "provenance is null"},
      {"/provenance/threads", 0, "provenance.threads is 0"},
      {"/provenance/threads", 2.5, "provenance.threads is 2.5"},
      {"/provenance/threads", "2", "provenance.threads is \"2\""},
      {"/provenance/jobs", 0, "provenance.jobs is 0"},
      {"/config/threads", 3, "provenance.threads is 2, but config.threads is 3"},
      {"/provenance/started_at", "yesterday", "provenance.started_at is \"yesterday\""},
      {"/provenance/started_at", "2026-01-01 00:00:00", "is like 2026-01-31T23:59:59Z"},
      {"/provenance/started_at", "2026-13-01T00:00:00Z", "is like 2026-01-31T23:59:59Z"},
      {"/provenance/started_at", "2026-1-1T00:00:00Z", "is like 2026-01-31T23:59:59Z"},
      {"/provenance/git_dirty", 1, "provenance.git_dirty is 1"},
      {"/provenance/resumed_after", {3}, "provenance.resumed_after is [3]"},
      {"/provenance/resumed_after", {2, 1}, "provenance.resumed_after is [2,1]"},
      {"/provenance/device", "tpu", "provenance.device is \"tpu\""},
      {"/config/device", "cuda:1", "config.device is \"cuda:1\""},
  };
  return all;
}

/// Lies about members that the first schema does not have.
const std::vector<Lie>& later_lies() {
  static const std::vector<Lie> all = {
      {"/timing/peak_device_bytes", -1, "timing.peak_device_bytes is -1"},
      {"/predictions_sha256", nullptr, "predictions_sha256 is null"},
      {"/predictions_sha256", "abc", "predictions_sha256 is \"abc\""},
      {"/data/files", Json::array(), "data.files is of []"},
      {"/data/files/1/role", "train_images", "data.files is of [\"train_images\",\"train_images\""},
      {"/data/files/1/role", "labels", "data.files"},
      {"/data/files/2", {{"role", "test_images"}, {"path", "/"}}, "data.files[2].sha256"},
      {"/epochs/0/device", "H200", "epochs[0].device is \"H200\", but provenance has \"cpu\""},
      {"/epochs/0/device", nullptr, "epochs[0].device is lacking"},
      {"/test/macro/classes", {0}, "test.macro.classes"},
  };
  return all;
}

TEST(CheckResult, RefusesEveryLieByNameThoughItsHashIsRight) {
  ASSERT_EQ(test::refusal_of_record(test::record_text(to_json(sample_result()))),
            "it was believed");
  for (const auto& some : {lies(), later_lies()}) {
    for (const Lie& lie : some) {
      Json json = to_json(sample_result());
      json[Json::json_pointer(lie.pointer)] = lie.value;
      EXPECT_THAT(test::refusal_of_record(test::record_text(json)), HasSubstr(lie.named))
          << lie.pointer;
    }
  }
}

TEST(CheckResult, RefusesARecordThatIsCalledOldAndHasWhatOldOnesHaveNot) {
  const Json second = to_json(sample_result());
  const Json first = Json::parse(test::first_record_text(second));
  ASSERT_EQ(test::refusal_of_record(first.dump()), "it was believed");
  for (const char* pointer : {"/provenance/cuda", "/provenance/gomp_spincount", "/data/files",
                              "/timing/peak_device_bytes", "/test/macro/classes",
                              "/predictions_sha256", "/epochs/1/device"}) {
    Json json = first;
    json[Json::json_pointer(pointer)] = second.at(Json::json_pointer(pointer));
    const std::string member = pointer + std::string(pointer).rfind('/') + 1;
    EXPECT_THAT(
        test::refusal_of_record(json.dump()),
        AllOf(HasSubstr("schema is \"mnist-bench.result/1\", but only"), HasSubstr(member)));
  }
  Json json = first;
  json["sha256"] = std::string(64, '0');
  EXPECT_THAT(test::refusal_of_record(json.dump()), HasSubstr("it has a sha256"));
}

/// Trained on a GPU after the first epoch.
RunResult moved_result() {
  RunResult result = sample_result();
  move_to_gpu(result, "H200");
  result.epochs[0].device = "cpu";
  result.provenance->resumed_after = {1};
  return result;
}

TEST(CheckResult, BelievesARunThatWentOnOnAnotherDevice) {
  const RunResult moved = moved_result();
  EXPECT_EQ(test::refusal_of_record(result_text(moved)), "it was believed");
  EXPECT_TRUE(to_json(moved)["timing"]["seconds_per_epoch"]["mean"].is_null());
  RunResult lie = moved;
  lie.provenance->resumed_after = {};
  EXPECT_THAT(test::refusal_of_record(result_text(lie)), HasSubstr("epochs[0].device is \"cpu\""));
  lie = moved;
  lie.epochs[1].device = "cpu";
  EXPECT_THAT(test::refusal_of_record(result_text(lie)), HasSubstr("epochs[1].device is \"cpu\""));
}

TEST(CheckResult, BelievesARunOfTheFirstVersionThatWentOn) {
  RunResult result = sample_result();
  result.provenance->resumed_after = {1};
  result.epochs[0].device.clear();
  EXPECT_EQ(test::refusal_of_record(result_text(result)), "it was believed");
  EXPECT_EQ(to_json(result)["timing"]["seconds_per_epoch"]["n"], 2);
  result.epochs[1].device.clear();
  EXPECT_THAT(test::refusal_of_record(result_text(result)),
              HasSubstr("epochs[1].device is lacking"));
  result.status = RunStatus::failed;  // recorded for a run that 0.1.0 left
  result.error = "killed by signal 9";
  result.data->files.clear();
  EXPECT_EQ(test::refusal_of_record(result_text(result)), "it was believed");
}

TEST(CheckResult, RefusesTheSameInARecordOfTheFirstVersion) {
  ASSERT_EQ(test::refusal_of_record(test::first_record_text(to_json(sample_result()))),
            "it was believed");
  for (const Lie& lie : lies()) {
    Json json = to_json(sample_result());
    json[Json::json_pointer(lie.pointer)] = lie.value;
    EXPECT_THAT(test::refusal_of_record(test::first_record_text(json)), HasSubstr(lie.named))
        << lie.pointer;
  }
}

void expect_honest(const RunResult& result, const char* what) {
  EXPECT_EQ(test::refusal_of_record(result_text(result)), "it was believed") << what;
  EXPECT_EQ(test::refusal_of_record(test::first_record_text(to_json(result))), "it was believed")
      << what;
}

TEST(CheckResult, BelievesRunsThatEndedAsTheyMay) {
  for (const RunStatus status :
       {RunStatus::completed, RunStatus::diverged, RunStatus::interrupted, RunStatus::failed}) {
    expect_honest(sample_result_of(status), std::string(to_string(status)).c_str());
  }
  RunResult nothing;  // the record of a failure whose process wrote none
  nothing.status = RunStatus::failed;
  nothing.error = "killed by signal 9";
  nothing.config = sample_result().config;
  expect_honest(nothing, "failed before it began");
  RunResult late = sample_result();  // the model could not be written
  late.status = RunStatus::failed;
  late.error = "no space left on device";
  expect_honest(late, "failed after the last epoch");
  RunResult at_once = sample_result_of(RunStatus::interrupted);
  at_once.epochs.clear();
  at_once.test.reset();
  at_once.predictions_sha256.reset();
  at_once.timing.train_seconds = at_once.timing.evaluate_seconds = 0.0;
  expect_honest(at_once, "interrupted in the first epoch");
}

TEST(CheckResult, BelievesLossesThatAreNotFinite) {
  RunResult result = sample_result();
  result.epochs[0].images_per_second = INFINITY;
  result.epochs[0].test->loss = INFINITY;
  result.epochs[1].test->loss = INFINITY;
  result.test->loss = INFINITY;
  expect_honest(result, "losses beyond bounds");
}

TEST(CheckResult, BelievesARunThatWentOnInTheOtherEngine) {
  RunResult result = sample_result();
  result.epochs[0].engine = "native";
  result.provenance->resumed_after = {1};
  expect_honest(result, "resumed after the first epoch");
  result.status = RunStatus::failed;  // before its record could say that it was resumed
  result.error = "killed by signal 9";
  result.provenance->resumed_after = {};
  expect_honest(result, "killed as soon as it was resumed");
}

TEST(CheckResult, BelievesATestTakenAnewByOtherCode) {
  RunResult result = sample_result();
  result.provenance->resumed_after = {1, 2};
  result.test->confusion = {{5, 0}, {1, 4}};
  result.test->metrics = classification_metrics(result.test->confusion);
  result.test->loss *= 1.0001;
  expect_honest(result, "one image is decided otherwise");
  result.test->confusion = {{5, 0}, {5, 0}};
  result.test->metrics = classification_metrics(result.test->confusion);
  EXPECT_THAT(test::refusal_of_record(result_text(result)), HasSubstr("test.accuracy is 0.5"));
}

TEST(CheckResult, BelievesSumsThatWereRounded) {
  RunResult result = sample_result();
  result.config.training.epochs = 1000;
  const EpochRecord epoch = result.epochs[1];
  result.epochs.clear();
  result.timing = {.load_seconds = 0.1,
                   .train_seconds = 0.0,
                   .evaluate_seconds = 0.0,
                   .total_seconds = 1e4,
                   .peak_rss_bytes = 1};
  for (std::int64_t i = 1; i <= 1000; ++i) {
    result.epochs.push_back(epoch);
    result.epochs.back().epoch = i;
    result.epochs.back().train_seconds = 1.0 / static_cast<double>(i);
    result.epochs.back().images_per_second = 20.0 * static_cast<double>(i);
    result.timing.evaluate_seconds += epoch.evaluate_seconds;
  }
  for (std::size_t i = 1000; i-- > 0;) {  // the other way round
    result.timing.train_seconds += result.epochs[i].train_seconds;
  }
  expect_honest(result, "summed in another order");
}

TEST(CheckResult, RefusesRecordsWithoutWhatTheyAreHeldAgainst) {
  for (const char* pointer : {"/config_hash", "/test/accuracy", "/test/macro", "/test/samples"}) {
    Json json = to_json(sample_result());
    const Json::json_pointer member(pointer);
    json.at(member.parent_pointer()).erase(member.back());
    for (const std::string& text : {test::record_text(json), test::first_record_text(json)}) {
      EXPECT_THAT(test::refusal_of_record(text), HasSubstr(member.back())) << pointer;
    }
  }
}

TEST(CheckResult, MissesAnEngineInEpochsOfTheSecondSchemaAlone) {
  Json json = to_json(sample_result());
  json["epochs"][1].erase("engine");
  EXPECT_THAT(test::refusal_of_record(test::record_text(json)),
              HasSubstr("it has no epochs[1].engine"));
  EXPECT_EQ(test::refusal_of_record(test::first_record_text(json)), "it was believed");
}

/// Three classes, of which the last occurs nowhere.
RunResult result_with_absent_class() {
  RunResult result = sample_result();
  result.data->train.class_counts = {10, 10, 0};
  result.data->test.class_counts = {5, 5, 0};
  result.model = summarize(result.config.model, {}, 3);
  result.test->confusion = {{4, 1, 0}, {1, 4, 0}, {0, 0, 0}};
  result.test->metrics = classification_metrics(result.test->confusion);
  result.epochs[1].test->macro_f1 = result.test->metrics.macro.f1;
  return result;
}

TEST(CheckResult, RecomputesMacroAveragesOverAllClassesInFirstRecordsAlone) {
  Json json = to_json(result_with_absent_class());
  const double all = 2 * 0.8 / 3;
  for (const char* average : {"precision", "recall", "f1"}) json["test"]["macro"][average] = all;
  json["epochs"][1]["test"]["macro_f1"] = all;
  const RunResult read = parse_result(test::first_record_text(json));
  EXPECT_EQ(read.test->metrics.macro.f1, result_with_absent_class().test->metrics.macro.f1);
  if (result_with_absent_class().test->metrics.macro.f1 > 0.6) {
    EXPECT_THAT(read.notes, testing::ElementsAre(HasSubstr("macro averages recomputed")));
    EXPECT_THAT(test::refusal_of_record(test::record_text(json)), HasSubstr("test.macro."));
  }
  json["test"]["macro"]["f1"] = 0.7;
  EXPECT_THAT(test::refusal_of_record(test::first_record_text(json)), HasSubstr("test.macro."));
}

TEST(CheckResult, NotesEpochsWhoseMacroAveragesAreOfOtherClasses) {
  RunResult result = result_with_absent_class();
  EXPECT_THAT(parse_result(result_text(result)).notes, testing::IsEmpty());
  result.provenance->resumed_after = {1};
  result.epochs[0].device.clear();
  EXPECT_THAT(parse_result(result_text(result)).notes,
              testing::ElementsAre(HasSubstr("macro F1 of the first 1 epochs")));
}

TEST(CheckPredictions, HoldsThemAgainstTheMatrix) {
  const TestRecord test = *sample_result().test;
  std::vector<Prediction> predictions;
  std::int64_t index = 0;
  for (std::int64_t i = 0; i < 2; ++i) {
    for (std::int64_t j = 0; j < 2; ++j) {
      for (int n = 0; n < (i == j ? 4 : 1); ++n) {
        predictions.push_back({.index = index++, .truth = i, .predicted = j, .probability = 0.5F});
      }
    }
  }
  EXPECT_NO_THROW(check_predictions(test, predictions));
  const auto message = [&] {
    try {
      check_predictions(test, predictions);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  predictions[0].predicted = 1;
  EXPECT_THAT(message(), HasSubstr("3 images of class 0 are predicted as 0"));
  predictions[0].predicted = 2;
  EXPECT_THAT(message(), HasSubstr("image 0 has class 2"));
  predictions[0].predicted = 0;
  predictions.pop_back();
  EXPECT_THAT(message(), HasSubstr("confusion matrix counts 4"));
}

}  // namespace
}  // namespace mnist_bench
