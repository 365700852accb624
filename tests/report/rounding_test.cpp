#include "report/rounding.h"

#include <gtest/gtest.h>

#include <limits>

namespace mnist_bench {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

const Metric& accuracy() { return metric_of("accuracy"); }

TEST(SupportedDecimals, KeepTwoDigitsUpTo354AndOneBeyond) {
  // The examples of the Particle Data Group: 0.827 ± 0.119 → 0.83 ± 0.12, 0.827 ± 0.367 → 0.8 ±
  // 0.4.
  EXPECT_EQ(supported_decimals(0.119), 2);
  EXPECT_EQ(supported_decimals(0.354), 2);
  EXPECT_EQ(supported_decimals(0.355), 1);
  EXPECT_EQ(supported_decimals(0.367), 1);
  EXPECT_EQ(supported_decimals(0.949), 1);
  EXPECT_EQ(supported_decimals(0.96), 1);  // → 1.0
  EXPECT_EQ(supported_decimals(1.0), 1);
  EXPECT_EQ(supported_decimals(0.001), 4);
  EXPECT_EQ(supported_decimals(4.0), 0);
  EXPECT_EQ(supported_decimals(120.0), -1);
  EXPECT_EQ(supported_decimals(9999.0), -3);  // → 10000
}

TEST(SupportedDecimals, DoNotExistWithoutAnUncertainty) {
  EXPECT_FALSE(supported_decimals(0.0));
  EXPECT_FALSE(supported_decimals(-1.0));
  EXPECT_FALSE(supported_decimals(kInfinite));
  EXPECT_FALSE(supported_decimals(std::numeric_limits<double>::quiet_NaN()));
}

TEST(TellingDecimals, LeaveTwoSignificantDigitsOfSmallNumbers) {
  EXPECT_EQ(telling_decimals(7.4, 2), 2);
  EXPECT_EQ(telling_decimals(0.1, 2), 2);
  EXPECT_EQ(telling_decimals(0.0021, 2), 4);
  EXPECT_EQ(telling_decimals(-0.0021, 2), 4);
  EXPECT_EQ(telling_decimals(0.0, 2), 2);
  EXPECT_EQ(telling_decimals(kInfinite, 2), 2);
}

TEST(Rounded, GoesToTensAndHundredsAndHasNoNegativeZero) {
  EXPECT_EQ(rounded(97.8149, 2), "97.81");
  EXPECT_EQ(rounded(1234.0, -1), "1230");
  EXPECT_EQ(rounded(-0.001, 2), "0.00");
  EXPECT_EQ(rounded(-0.5, 1), "-0.5");
  EXPECT_EQ(rounded(-3.0, -2), "0");
  EXPECT_EQ(rounded(1.234e30, 4), "1.23e+30");
  EXPECT_EQ(rounded(-1.0e15, 2), "-1.00e+15");
  EXPECT_EQ(rounded(999999999999999.0, 0), "999999999999999");
}

TEST(SummaryText, RoundsAllToTheDigitsOfTheDeviation) {
  const SummaryText text = summary_text(summary_of({0.9768, 0.9801, 0.9775}), accuracy(), 10'000);
  EXPECT_EQ(text.mean_and_sd(), "97.81 ± 0.17");
  EXPECT_EQ(text.interval(), "97.38 to 98.25");
  EXPECT_EQ(text.minimum, "97.68");
  EXPECT_EQ(text.maximum, "98.01");
  EXPECT_EQ(summary_text(summary_of({0.90, 0.92, 0.88}), accuracy(), 10'000).mean_and_sd(),
            "90.0 ± 2.0");
  EXPECT_EQ(summary_text(summary_of({0.5, 0.9, 0.1}), accuracy(), 10'000).mean_and_sd(), "50 ± 40");
}

TEST(SummaryText, OfOneRunHasNoDeviationAndItsOwnDigits) {
  const SummaryText text = summary_text(summary_of({0.9781}), accuracy(), 10'000);
  EXPECT_EQ(text.mean_and_sd(), "97.81");
  EXPECT_EQ(text.interval(), "–");
  EXPECT_EQ(text.minimum, "97.81");
}

TEST(SummaryText, OfNoRunIsADash) {
  EXPECT_EQ(summary_text(SampleSummary{}, accuracy(), {}).mean_and_sd(), "–");
  EXPECT_EQ(summary_text(SampleSummary{}, accuracy(), {}).maximum, "–");
}

TEST(SummaryText, OfEqualRunsDoesNotInventDigits) {
  EXPECT_EQ(summary_text(summary_of({0.8, 0.8, 0.8}), accuracy(), 10'000).mean_and_sd(),
            "80.00 ± 0.00");
  EXPECT_EQ(summary_text(summary_of({0.8, 0.8, 0.8 + 1e-16}), accuracy(), 10'000).mean_and_sd(),
            "80.00 ± 0.00");
}

TEST(DecimalsOfImages, TellOneImageFromTheNext) {
  EXPECT_EQ(decimals_of_images(10), 0);
  EXPECT_EQ(decimals_of_images(100), 0);
  EXPECT_EQ(decimals_of_images(101), 1);
  EXPECT_EQ(decimals_of_images(200), 1);
  EXPECT_EQ(decimals_of_images(1'000), 1);
  EXPECT_EQ(decimals_of_images(10'000), 2);
  EXPECT_EQ(decimals_of_images(60'000), 3);
  EXPECT_EQ(percent_of_images(0.885, 200), "88.5");
  EXPECT_EQ(percent_of_images(0.9769, 10'000), "97.69");
  EXPECT_EQ(percent_of_images(0.8, 10), "80");
}

TEST(SummaryText, OfPercentagesIsNeverFinerThanOneTestImage) {
  // As in a report of two seeds of 0.1.0: "88.9215 ± 0.0007".
  const SampleSummary close = summary_of({0.88921, 0.88922});
  EXPECT_EQ(summary_text(close, accuracy(), 10'000).mean_and_sd(), "88.92 ± 0.00");
  EXPECT_EQ(summary_text(close, accuracy(), 200).mean_and_sd(), "88.9 ± 0.0");
  EXPECT_EQ(summary_text(close, accuracy(), 50).mean_and_sd(), "89 ± 0");
  EXPECT_EQ(summary_text(summary_of({0.885, 0.895}), accuracy(), 200).mean_and_sd(), "89.0 ± 0.7");
  // A loss is no number of images.
  const Metric& loss = metric_of("loss");
  ASSERT_EQ(loss.key, "loss");
  EXPECT_EQ(summary_text(summary_of({0.08921, 0.08922}), loss, 200).mean_and_sd(),
            "0.089215 ± 0.000007");
}

TEST(SummaryText, HasIntervalsThatEndWhereTheValuesDo) {
  const Metric& seconds = metric_of("seconds_per_epoch");
  ASSERT_EQ(seconds.key, "seconds_per_epoch");
  const SummaryText times = summary_text(summary_of({0.5, 1.5}), seconds, 10'000);  // 1 ± 6.4
  EXPECT_EQ(times.low, "0.0");
  EXPECT_EQ(times.high, "7.4");
  EXPECT_EQ(summary_text(summary_of({0.99, 0.999}), accuracy(), 10'000).high, "100.0");
}

TEST(CountText, GroupsByThousands) {
  EXPECT_EQ(count_text(4'241'152.0), "4,241,152");
  EXPECT_EQ(count_text(std::nullopt), "–");
}

TEST(PText, HasThreeDigitsAndAFloor) {
  EXPECT_EQ(p_text(0.0625), "p = 0.0625");
  EXPECT_EQ(p_text(0.5), "p = 0.500");
  EXPECT_EQ(p_text(1.0), "p = 1");
  EXPECT_EQ(p_text(0.00123), "p = 0.00123");
  EXPECT_EQ(p_text(1e-12), "p < 0.0001");
  EXPECT_EQ(p_text(0.0), "p < 0.0001");
}

TEST(ShortCount, HasTwoDigitsFromAThousandOn) {
  const std::vector<std::pair<std::int64_t, const char*>> cases = {
      {0, "0"},        {999, "999"},      {1'000, "1.0k"},   {9'949, "9.9k"},    {9'950, "10k"},
      {57'912, "58k"}, {999'499, "999k"}, {999'500, "1.0M"}, {1'234'567, "1.2M"}};
  for (const auto& [count, text] : cases) EXPECT_EQ(short_count(count), text);
}

}  // namespace
}  // namespace mnist_bench
