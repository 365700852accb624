#include "evaluate/calibration.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/error_of.h"
#include "evaluate/oracle.h"

namespace mnist_bench {
namespace {

using Classes = std::vector<std::int64_t>;

/// Two classes, of which class 0 is predicted with the probabilities `confidences`.
Calibration of_two_classes(const Classes& truth, const std::vector<float>& confidences) {
  std::vector<float> probabilities;
  for (const float confidence : confidences) {
    probabilities.insert(probabilities.end(), {confidence, std::max(0.0F, 1.0F - confidence)});
  }
  return calibration(truth, Classes(truth.size(), 0), probabilities, 2, 0.5);
}

std::size_t bin_of(float confidence) {
  const auto bins = of_two_classes({0}, {confidence}).bins;
  const auto found =
      std::find_if(bins.begin(), bins.end(), [](const auto& bin) { return bin.samples == 1; });
  return static_cast<std::size_t>(found - bins.begin());
}

void expect_near(std::optional<double> value, const nlohmann::json& expected) {
  ASSERT_EQ(value.has_value(), !expected.is_null());
  if (!value) return;
  EXPECT_NEAR(*value, expected.get<double>(), kTolerance);
}

void expect_as_in(const nlohmann::json& expected) {
  const auto unit = static_cast<float>(1024);
  std::vector<float> probabilities;
  for (const auto& numerator : expected["numerators"]) {
    probabilities.push_back(numerator.get<float>() / unit);
  }
  const Calibration found =
      calibration(expected["truth"].get<Classes>(), expected["predicted"].get<Classes>(),
                  probabilities, expected["classes"], expected["log_loss"]);
  expect_near(found.ece, expected["ece"]);
  expect_near(found.mce, expected["mce"]);
  EXPECT_EQ(found.mce_samples, expected["mce_samples"]);
  expect_near(found.brier, expected["brier"]);
  EXPECT_EQ(found.nll, expected["log_loss"]);
  ASSERT_EQ(found.bins.size(), expected["bins"].size());
  for (std::size_t i = 0; i < found.bins.size(); ++i) {
    const auto& bin = expected["bins"][i];
    EXPECT_EQ(found.bins[i].lower, static_cast<double>(i) / 15.0);
    EXPECT_EQ(found.bins[i].upper, static_cast<double>(i + 1) / 15.0);
    EXPECT_EQ(found.bins[i].samples, bin["samples"]);
    expect_near(found.bins[i].confidence, bin["confidence"]);
    expect_near(found.bins[i].accuracy, bin["accuracy"]);
  }
  ASSERT_EQ(found.coverage.size(), expected["coverage"].size());
  for (std::size_t i = 0; i < found.coverage.size(); ++i) {
    const auto& point = expected["coverage"][i];
    expect_near(found.coverage[i].coverage, point["coverage"]);
    EXPECT_EQ(found.coverage[i].threshold, point["threshold"]);
    expect_near(found.coverage[i].accuracy, point["accuracy"]);
  }
}

TEST(Calibration, AgreesWithScikitLearnAndExactFractions) {
  const nlohmann::json values = oracle("calibration_oracle.json");
  ASSERT_EQ(values["unit"], 1024);
  ASSERT_GE(values["cases"].size(), 5U);
  for (const auto& expected : values["cases"]) {
    SCOPED_TRACE(expected["name"].get<std::string>());
    expect_as_in(expected);
  }
}

TEST(Calibration, IsPerfectWhereConfidenceIsAccuracy) {
  // Three of four right at 0.75, and all right at 1.
  const Calibration found = of_two_classes({0, 0, 1, 0, 0}, {0.75F, 0.75F, 0.75F, 0.75F, 1.0F});
  EXPECT_EQ(found.ece, 0.0);
  EXPECT_EQ(found.mce, 0.0);
  EXPECT_EQ(found.mce_samples, 4);
}

TEST(Calibration, OfCertainAndWrongIsTheWorst) {
  const Calibration found = of_two_classes({1, 1}, {1.0F, 1.0F});
  EXPECT_EQ(found.ece, 1.0);
  EXPECT_EQ(found.mce, 1.0);
  EXPECT_EQ(found.mce_samples, 2);
  EXPECT_EQ(found.brier, 2.0);
}

TEST(Calibration, OfCertainAndRightHasNoBrierScore) {
  EXPECT_EQ(of_two_classes({0, 0}, {1.0F, 1.0F}).brier, 0.0);
}

TEST(CalibrationBins, BeginAtTheirLowerEdge) {
  for (std::size_t j = 1; j < 15; ++j) {
    // The float next to j / 15, which no float is but 0 and 1: above it or below.
    const auto edge = static_cast<float>(j) / 15.0F;
    const bool below = std::fma(15.0, double{edge}, -static_cast<double>(j)) < 0.0;
    EXPECT_EQ(bin_of(edge), below ? j - 1 : j) << j;
    EXPECT_EQ(bin_of(std::nextafter(edge, 0.0F)), j - 1) << j;
    EXPECT_EQ(bin_of(std::nextafter(edge, 1.0F)), j) << j;
  }
}

TEST(CalibrationBins, HoldBothEndsAndWhatRoundsBeyondOne) {
  EXPECT_EQ(bin_of(0.0F), 0U);
  EXPECT_EQ(bin_of(std::numeric_limits<float>::denorm_min()), 0U);
  EXPECT_EQ(bin_of(std::nextafter(1.0F, 0.0F)), 14U);
  EXPECT_EQ(bin_of(1.0F), 14U);
  EXPECT_EQ(bin_of(std::nextafter(1.0F, 2.0F)), 14U);
}

TEST(CalibrationBins, HoldEachImageOnce) {
  std::vector<float> confidences;
  for (int i = 0; i <= 1000; ++i) confidences.push_back(static_cast<float>(i) / 1000.0F);
  const Calibration found = of_two_classes(Classes(confidences.size(), 0), confidences);
  std::int64_t samples = 0;
  for (const CalibrationBin& bin : found.bins) {
    samples += bin.samples;
    EXPECT_GE(*bin.confidence, bin.lower);
    EXPECT_LE(*bin.confidence, bin.upper);
    EXPECT_EQ(*bin.accuracy, 1.0);
  }
  EXPECT_EQ(samples, 1001);
}

TEST(Coverage, KeepsTheMostConfidentAndAtLeastOne) {
  const Calibration found = of_two_classes({1, 0, 0}, {0.6F, 0.9F, 0.8F});
  ASSERT_EQ(found.coverage.size(), 10U);
  EXPECT_EQ(found.coverage[0].coverage, 1.0 / 3.0);
  EXPECT_EQ(found.coverage[0].threshold, double{0.9F});
  EXPECT_EQ(found.coverage[0].accuracy, 1.0);
  EXPECT_EQ(found.coverage[3].coverage, 2.0 / 3.0);
  EXPECT_EQ(found.coverage[9].coverage, 1.0);
  EXPECT_EQ(found.coverage[9].threshold, double{0.6F});
  EXPECT_EQ(found.coverage[9].accuracy, 2.0 / 3.0);
}

TEST(Coverage, BreaksTiesByTheLowerIndex) {
  const Calibration found = of_two_classes({0, 1}, {0.7F, 0.7F});
  EXPECT_EQ(found.coverage[0].accuracy, 1.0);
  EXPECT_EQ(of_two_classes({1, 0}, {0.7F, 0.7F}).coverage[0].accuracy, 0.0);
}

std::string calibration_error(const Classes& truth, const Classes& predicted,
                              const std::vector<float>& probabilities, std::int64_t classes = 2) {
  const auto error =
      test::error_of([&] { calibration(truth, predicted, probabilities, classes, 0.0); });
  if (!error) return {};
  EXPECT_EQ(error->code(), ExitCode::run_failed);
  return error->what();
}

TEST(Calibration, RefusesSizesThatDoNotMatch) {
  EXPECT_EQ(calibration_error({0}, {0, 0}, {1, 0}),
            "calibration: 1 true classes, but 2 predicted ones");
  EXPECT_EQ(calibration_error({}, {}, {}), "calibration: there are no images");
  EXPECT_EQ(calibration_error({0}, {0}, {1}),
            "calibration: 1 probabilities, but 1 images of 2 classes");
  EXPECT_EQ(calibration_error({0}, {0}, {1, 0, 0, 0}),
            "calibration: 4 probabilities, but 1 images of 2 classes");
  EXPECT_EQ(calibration_error({0}, {0}, {}, 0), "calibration: 0 classes");
}

TEST(Calibration, RefusesClassesOutOfRange) {
  EXPECT_EQ(calibration_error({2}, {0}, {1, 0}), "calibration: class 2 of image 0 is not in 0 … 1");
  EXPECT_EQ(calibration_error({0, 0}, {0, -1}, {1, 0, 1, 0}),
            "calibration: class -1 of image 1 is not in 0 … 1");
}

TEST(Calibration, RefusesWhatIsNoProbability) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, -0.1F, 1.1F, 1e30F}) {
    EXPECT_EQ(
        calibration_error({0, 1}, {0, 0}, {1, 0, bad, 0}),
        fmt::format("calibration: the probability of class 0 of image 1 is {}, not in 0 … 1", bad));
  }
}

TEST(Calibration, KeepsALossThatIsNotFinite) {
  const Calibration found = calibration(Classes{0}, Classes{0}, std::vector<float>{1, 0}, 2,
                                        std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isinf(found.nll));
}

}  // namespace
}  // namespace mnist_bench
