#include "app/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

/// What is wrong with `text`, checked to be a usage error with a remedy; "" if nothing is.
std::string refusal(const std::string& text) {
  try {
    parse_expectation(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage) << text;
    EXPECT_THAT(error.remedy(), HasSubstr("accuracy>=0.97")) << text;
    return error.what();
  }
  return "";
}

std::vector<std::string> missed_by(const RunResult& result, const std::vector<std::string>& texts) {
  std::vector<Expectation> expectations;
  for (const std::string& text : texts) expectations.push_back(parse_expectation(text));
  return missed(expectations, result);
}

TEST(ParseExpectation, ReadsMetricComparisonAndValue) {
  const Expectation e = parse_expectation("accuracy>=0.97");
  EXPECT_EQ(e.metric, "accuracy");
  EXPECT_EQ(e.comparison, ">=");
  EXPECT_EQ(e.value, 0.97);
}

TEST(ParseExpectation, KnowsEveryComparison) {
  for (const std::string comparison : {">=", "<=", ">", "<", "=="}) {
    EXPECT_EQ(parse_expectation("loss" + comparison + "1").comparison, comparison);
  }
}

TEST(ParseExpectation, KnowsEveryMetric) {
  for (const std::string metric : {"accuracy", "macro_precision", "macro_recall", "macro_f1",
                                   "loss", "seconds_per_epoch", "total_seconds"}) {
    EXPECT_EQ(parse_expectation(metric + ">=0.5").metric, metric);
  }
}

TEST(ParseExpectation, AllowsSpacesAroundTheParts) {
  const Expectation e = parse_expectation("  macro_f1  <  0.5 ");
  EXPECT_EQ(e.metric, "macro_f1");
  EXPECT_EQ(e.comparison, "<");
  EXPECT_EQ(e.value, 0.5);
}

TEST(ParseExpectation, ReadsNumbersAsJsonWritesThem) {
  EXPECT_EQ(parse_expectation("loss<=1e-3").value, 1e-3);
  EXPECT_EQ(parse_expectation("loss<=2").value, 2.0);
  EXPECT_EQ(parse_expectation("loss>-1").value, -1.0);
}

TEST(ParseExpectation, NamesTheNearestMetric) {
  EXPECT_THAT(refusal("acuracy>=0.9"),
              AllOf(HasSubstr("'acuracy>=0.9'"), HasSubstr("unknown metric 'acuracy'"),
                    HasSubstr("did you mean 'accuracy'?")));
}

TEST(ParseExpectation, ListsTheMetricsWhenNoneIsNear) {
  const std::string text = refusal("speed>=0.9");
  EXPECT_THAT(text, AllOf(HasSubstr("macro_recall"), HasSubstr("total_seconds")));
  EXPECT_THAT(text, testing::Not(HasSubstr("did you mean")));
}

TEST(ParseExpectation, SaysWhyACountCannotBeExpected) {
  EXPECT_THAT(refusal("parameters>=97"),
              AllOf(HasSubstr("the model alone decides 'parameters'"), HasSubstr("accuracy")));
}

TEST(ParseExpectation, RefusesWhatHasNoMetric) {
  EXPECT_THAT(refusal(">=0.9"), HasSubstr("unknown metric ''"));
  EXPECT_THAT(refusal("Accuracy>=0.9"), HasSubstr("unknown metric 'Accuracy'"));
}

TEST(ParseExpectation, RefusesWhatHasNoComparison) {
  for (const std::string text : {"", "accuracy", "accuracy 0.9", "0.9"}) {
    EXPECT_THAT(refusal(text), HasSubstr("no comparison")) << text;
  }
}

TEST(ParseExpectation, RefusesAnUnknownComparison) {
  for (const std::string comparison : {"=", "=>", "=<", "<>", "===", ">>", ">=="}) {
    EXPECT_THAT(refusal("accuracy" + comparison + "0.9"),
                HasSubstr("unknown comparison '" + comparison + "'"));
  }
}

TEST(ParseExpectation, RefusesWhatIsNotANumber) {
  for (const std::string number :
       {"", " ", "x", "0.9x", "0,9", "0.9 0.8", "90%", "nan", "inf", "-inf", "1e999", "0x1p-1"}) {
    EXPECT_THAT(refusal("loss<=" + number), HasSubstr("is not a number")) << number;
  }
}

TEST(ParseExpectation, TakesSharesFromZeroToOne) {
  for (const std::string metric : {"accuracy", "macro_precision", "macro_recall", "macro_f1"}) {
    EXPECT_EQ(refusal(metric + ">=0"), "");
    EXPECT_EQ(refusal(metric + ">=1"), "");
    EXPECT_THAT(refusal(metric + ">=-0.0001"), HasSubstr("between 0 and 1"));
    EXPECT_THAT(refusal(metric + ">=1.0001"), HasSubstr("between 0 and 1"));
    EXPECT_THAT(refusal(metric + ">=97"), HasSubstr("97"));
  }
  EXPECT_EQ(refusal("loss<=97"), "");
  EXPECT_EQ(refusal("total_seconds<=600"), "");
}

TEST(Missed, IsEmptyWhenEveryExpectationHolds) {
  EXPECT_THAT(missed_by(sample_result(), {"accuracy>=0.8", "macro_precision>0.7", "macro_recall<1",
                                          "macro_f1<=0.9", "loss==0.4", "total_seconds<3.8"}),
              IsEmpty());
  EXPECT_THAT(missed({}, sample_result()), IsEmpty());
}

TEST(Missed, ComparesStrictlyWhereAsked) {
  const RunResult result = sample_result();  // accuracy 0.8, exactly
  EXPECT_THAT(missed_by(result, {"accuracy>=0.8", "accuracy<=0.8", "accuracy==0.8"}), IsEmpty());
  EXPECT_EQ(missed_by(result, {"accuracy>0.8", "accuracy<0.8"}).size(), 2);
  EXPECT_THAT(missed_by(result, {"accuracy>0.7999", "accuracy<0.8001"}), IsEmpty());
  EXPECT_EQ(missed_by(result, {"accuracy>=0.8001", "accuracy<=0.7999", "accuracy==0.7999"}).size(),
            3);
}

TEST(Missed, SaysWhatWasExpectedAndWhatCame) {
  EXPECT_THAT(missed_by(sample_result(), {"accuracy>=0.97"}),
              ElementsAre("expected accuracy >= 0.97, got 0.8"));
}

TEST(Missed, NamesEachMissInTheOrderGiven) {
  EXPECT_THAT(missed_by(sample_result(), {"loss<0.1", "accuracy>=0.5", "macro_f1==1"}),
              ElementsAre(StartsWith("expected loss < 0.1"), StartsWith("expected macro_f1 == 1")));
}

TEST(Missed, TakesSecondsPerEpochAsTheMeanOverEpochs) {
  EXPECT_THAT(missed_by(sample_result(), {"seconds_per_epoch==1.5"}), IsEmpty());
}

TEST(Missed, HoldsNothingFromARunWithoutATestResult) {
  RunResult result = sample_result();
  result.test.reset();
  EXPECT_THAT(missed_by(result, {"accuracy>=0", "total_seconds>0"}),
              ElementsAre(HasSubstr("no test result"), HasSubstr("no test result")));
}

TEST(Missed, HoldsNothingOfANumberThatIsNotFinite) {
  RunResult result = sample_result();
  result.test->loss = std::nan("");
  EXPECT_EQ(missed_by(result, {"loss>=0", "loss<=0", "loss==0"}).size(), 3);
  result.test->metrics.accuracy.reset();
  EXPECT_EQ(missed_by(result, {"accuracy>=0", "accuracy<=1"}).size(), 2);
}

}  // namespace
}  // namespace mnist_bench
