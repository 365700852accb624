#include "report/format/run_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RunText, ShowsMetricsWithTheirUncertaintyAndTheConfusionMatrix) {
  const std::string text = run_text(sample_result());
  EXPECT_THAT(text, HasSubstr("sample (seed 1): completed after 2 epochs"));
  EXPECT_THAT(text, HasSubstr("accuracy [%]             80  95 % interval 49 to 94"));
  EXPECT_THAT(text, HasSubstr("1.50  SD 0.71, n = 2 epochs"));
  EXPECT_THAT(text, HasSubstr("rows: true class, columns: predicted"));
  EXPECT_THAT(text, HasSubstr("   0  4  1        5      80         80  80\n"));
}

TEST(RunText, SaysWhatIsUndefined) {
  RunResult result = sample_result();
  result.test->confusion = {{5, 0}, {5, 0}};
  result.test->metrics = classification_metrics(result.test->confusion);
  EXPECT_THAT(run_text(result), HasSubstr("undefined (0/0, counted as 0): precision[1]"));
}

TEST(RunText, OfManyClassesLeavesTheMatrixToTheRecord) {
  RunResult result = sample_result();
  result.test->confusion.assign(21, std::vector<std::int64_t>(21, 1));
  result.test->metrics = classification_metrics(result.test->confusion);
  EXPECT_THAT(run_text(result), HasSubstr("the confusion matrix is in result.json"));
  EXPECT_THAT(run_text(result), Not(HasSubstr("columns: predicted")));
}

TEST(RunText, LeavesOutClassesThatOccurNowhere) {
  RunResult result = sample_result();
  result.test->confusion = {{0, 0, 0, 0}, {0, 4, 1, 0}, {0, 0, 5, 0}, {0, 0, 0, 0}};
  result.test->metrics = classification_metrics(result.test->confusion);
  const std::string text = run_text(result);
  EXPECT_THAT(text, HasSubstr("true  1  2  support"));
  EXPECT_THAT(text, HasSubstr("without 2 of 4 classes"));
  EXPECT_THAT(text, Not(HasSubstr("undefined")));
}

TEST(RunText, NamesTheFirstOfManyUndefinedQuotients) {
  RunResult result = sample_result();
  result.test->confusion.assign(200, std::vector<std::int64_t>(200, 0));
  for (auto& row : result.test->confusion) row[0] = 1;
  result.test->metrics = classification_metrics(result.test->confusion);
  EXPECT_THAT(run_text(result), HasSubstr("precision[8] and 191 more\n"));
}

TEST(RunText, OfARunWithoutATestSaysWhy) {
  RunResult result = sample_result();
  result.status = RunStatus::diverged;
  result.error = "the training loss is no longer finite";
  result.test.reset();
  EXPECT_THAT(run_text(result), HasSubstr("diverged"));
  EXPECT_THAT(run_text(result), HasSubstr("no longer finite"));
}

TEST(ModelText, EndsWithTheTotals) {
  EXPECT_THAT(model_text(*sample_result().model),
              HasSubstr("fc1      Linear   [N, 256]         200,960         200,704"));
  EXPECT_THAT(model_text(*sample_result().model),
              HasSubstr("total                              234,114         233,728"));
}

}  // namespace
}  // namespace mnist_bench
