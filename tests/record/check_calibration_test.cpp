#include "record/check_calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "base/error.h"
#include "record/test_record.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;

/// Twelve images of classes 0 and 1, three of them wrong, with confidences 0.53, 0.56 … 0.86.
TestRecord some_test() {
  Predictions predictions{
      .classes = {}, .probabilities = {}, .class_probabilities = {}, .loss = 0.4};
  std::vector<std::uint8_t> labels;
  for (int i = 0; i < 12; ++i) {
    const float confidence = 0.53F + 0.03F * static_cast<float>(i);
    predictions.classes.push_back(0);
    predictions.probabilities.push_back(confidence);
    for (const float p : {confidence, 1.0F - confidence}) {
      predictions.class_probabilities.push_back(p);
    }
    labels.push_back(i % 4 == 1 ? 1 : 0);
  }
  return test_record(predictions, labels, 2);
}

std::string refusal_after(const std::function<void(Calibration&)>& change) {
  TestRecord test = some_test();
  change(*test.calibration);
  try {
    check_calibration(test);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    return error.what();
  }
  return "accepted";
}

TEST(CheckCalibration, AcceptsWhatIsComputed) {
  EXPECT_EQ(refusal_after([](Calibration&) {}), "accepted");
  TestRecord without = some_test();
  without.calibration.reset();
  EXPECT_NO_THROW(check_calibration(without));
  TestRecord infinite = some_test();
  infinite.loss = infinite.calibration->nll = std::numeric_limits<double>::infinity();
  EXPECT_NO_THROW(check_calibration(infinite));
}

TEST(CheckCalibration, ToleratesRounding) {
  EXPECT_EQ(refusal_after([](Calibration& c) {
              c.ece += 1e-15;
              c.mce -= 1e-15;
              c.nll += 1e-15;
              c.bins[9].upper -= 1e-15;
            }),
            "accepted");
}

TEST(CheckCalibration, RefusesAnyValueThatContradictsAnother) {
  struct Lie {
    std::function<void(Calibration&)> change;
    const char* named;
  };
  using C = Calibration;
  const std::vector<Lie> lies = {
      {[](C& c) { c.ece += 0.4; }, "test.calibration.ece"},
      {[](C& c) { c.mce = 0.999; }, "test.calibration.mce is 0.999"},
      {[](C& c) { c.mce_samples += 1; }, "test.calibration.mce_samples"},
      {[](C& c) { c.brier = 7.39; }, "brier is 7.39, but it is 0 … 2"},
      {[](C& c) { c.nll += 0.1; }, "nll is 0.5, but test.loss is 0.4"},
      {[](C& c) { c.bins.pop_back(); }, "the number of test.calibration.bins"},
      {[](C& c) { c.bins[8].lower = 0.5; }, "bins[8].lower is 0.5, but the bin begins at"},
      {[](C& c) { c.bins[8].upper = 0.61; }, "bins[8].upper"},
      {[](C& c) { c.bins[8].confidence = 0.61; }, "bins[8].confidence is 0.61"},
      {[](C& c) { c.bins[8].confidence = 0.5; }, "bins[8].confidence is 0.5"},
      {[](C& c) { c.bins[8].confidence.reset(); }, "bins[8].samples"},
      {[](C& c) { c.bins[8].accuracy = 0.77; }, "bins[8].accuracy is 0.77"},
      {[](C& c) { c.bins[0].accuracy = 1.0; }, "bins[0].samples is 0"},
      {[](C& c) { c.bins[8].samples += 10; }, "test.calibration.bins"},
      {[](C& c) { c.coverage.pop_back(); }, "the number of test.calibration.coverage"},
      {[](C& c) { c.coverage[0].coverage = 0.15; }, "coverage[0].coverage is 0.15"},
      {[](C& c) { c.coverage[3].accuracy = 0.333; }, "coverage[3].accuracy is 0.333"},
      {[](C& c) { c.coverage[3].threshold = 0.99; }, "coverage[3].threshold is 0.99"},
      {[](C& c) { c.coverage[9].accuracy = 1.0; }, "coverage[9].accuracy is 1"},
  };
  for (const Lie& lie : lies) EXPECT_THAT(refusal_after(lie.change), HasSubstr(lie.named));
}

}  // namespace
}  // namespace mnist_bench
