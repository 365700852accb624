#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "report/evaluated_runs.h"
#include "report/format/draw.h"
#include "report/robustness_section.h"
#include "transform/suite.h"

namespace mnist_bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const RightBySpec kMlp = {{"rotate:degrees=10", {9'000, 9'010, 9'020, 8'990, 9'005, 9'015}},
                          {"rotate:degrees=30", {6'000, 6'500, 5'500, 6'200, 5'800, 6'100}}};
const RightBySpec kCnn = {{"rotate:degrees=10", {9'400, 9'410, 9'390, 9'405, 9'420, 9'380}},
                          {"rotate:degrees=30", {6'100, 6'300, 5'700, 6'150, 5'900, 6'000}}};

/// Six seeds each of two experiments, turned by 10 and 30 degrees.
class Robustness : public testing::Test {
 protected:
  Robustness() {
    groups_ = {group_with("mlp", {9'768, 9'801, 9'775, 9'780, 9'790, 9'770}),
               group_with("cnn", {9'902, 9'911, 9'905, 9'900, 9'895, 9'899})};
    groups_[1].label = "cnn";
    evaluate_group(groups_[0], kMlp, evaluations_);
    evaluate_group(groups_[1], kCnn, evaluations_);
  }

  [[nodiscard]] std::vector<RobustnessComparison> comparisons() const {
    return robustness_comparisons(groups_, transform_families(groups_, evaluations_));
  }
  [[nodiscard]] Section section() const { return robustness_section(groups_, evaluations_); }
  [[nodiscard]] Chart chart() const {
    return std::get<Chart>(robustness_figures(groups_, evaluations_).at(0).content);
  }
  /// The table with this title.
  static const ReportTable& table_of(const Section& section, const std::string& title) {
    return *std::find_if(section.tables.begin(), section.tables.end(),
                         [&](const ReportTable& table) { return table.title == title; });
  }

  std::vector<RunGroup> groups_;
  EvaluationsOfRuns evaluations_;
};

constexpr const char* kSuites = "Mean accuracy over each suite";
constexpr const char* kComparisons = "Which experiment is more accurate, severity by severity";
constexpr const char* kRows = "Accuracy on transformed images";

// The figures of the differences are numpy's and scipy's: t.ppf(0.975, 5), and all 64 flips.
TEST_F(Robustness, IsJudgedSeverityBySeverityInPairsOfOneSeed) {
  const std::vector<RobustnessComparison> found = comparisons();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].family, "rotate");
  ASSERT_EQ(found[0].severities.size(), 2U);
  const Judgement& small = found[0].severities[0].judgement;
  EXPECT_EQ(small.difference.n, 6);
  EXPECT_NEAR(*small.difference.mean, 0.03941666666666667, 1e-12);
  EXPECT_NEAR(small.difference.ci95->low, 0.03713148190510008, 1e-9);
  EXPECT_DOUBLE_EQ(small.test->p_value, 0.03125);
  EXPECT_EQ(small.conclusion, Conclusion::shown);
  const Judgement& large = found[0].severities[1].judgement;
  EXPECT_NEAR(large.difference.ci95->low, -0.014879023233351362, 1e-9);
  EXPECT_DOUBLE_EQ(large.test->p_value, 1.0);
  EXPECT_EQ(large.conclusion, Conclusion::not_shown);
  EXPECT_EQ(found[0].joint.conclusion, JointConclusion::in_part);
}

TEST_F(Robustness, NamesTheSeveritiesOfAnInPart) {
  EXPECT_THAT(table_of(section(), kComparisons).rows,
              ElementsAre(ElementsAre("mlp", "cnn", "rotate", "6", "+0.1 to +3.9", "in part",
                                      "B higher: shown for 10; not shown for 30")));
  EXPECT_THAT(section().notes, Contains(HasSubstr("2 conclusions in this section rest on")));
}

TEST_F(Robustness, SaysWhichSideIsHigherAndHowSure) {
  evaluations_.clear();
  evaluate_group(groups_[0],
                 {{"blur:sigma=1", {9'000, 9'010, 9'020, 8'990, 9'005, 9'015}},
                  {"blur:sigma=2", {9'000, 9'010, 9'020, 8'990, 9'005}}},
                 evaluations_);
  evaluate_group(groups_[1],
                 {{"blur:sigma=1", {8'000, 8'010, 8'020, 7'990, 8'005, 8'019}},
                  {"blur:sigma=2", {8'000, 8'010, 8'020, 7'990, 8'009}}},
                 evaluations_);
  EXPECT_THAT(table_of(section(), kComparisons).rows,
              ElementsAre(ElementsAre("mlp", "cnn", "blur", "5 to 6", "-10.0", "in part",
                                      "A higher: shown for 1 and suggested for 2")));
}

TEST_F(Robustness, IsJudgedOverCommonSeedsAlone) {
  groups_[1].completed.erase(groups_[1].completed.begin() + 3, groups_[1].completed.end());
  const std::vector<RobustnessComparison> found = comparisons();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severities[0].judgement.difference.n, 3);
  EXPECT_EQ(found[0].severities[0].judgement.conclusion, Conclusion::suggested);
  groups_[1].completed.resize(1, groups_[1].completed.front());
  EXPECT_THAT(comparisons(), IsEmpty());
}

TEST_F(Robustness, OfTwoDeterministicModelsIsNamedAndNotTested) {
  groups_ = {knn_group({9'700, 9'700}), knn_group({9'600, 9'600}, 3)};
  groups_[1].label = "knn3";
  for (StoredRun& run : groups_[1].completed) run.folder += "-of-3";
  evaluate_group(groups_[0],
                 {{"rotate:degrees=10", {9'000, 9'000}}, {"rotate:degrees=30", {6'000, 6'000}}},
                 evaluations_);
  evaluate_group(groups_[1],
                 {{"rotate:degrees=10", {9'100, 9'100}}, {"rotate:degrees=30", {6'300, 6'300}}},
                 evaluations_);
  EXPECT_THAT(table_of(section(), kComparisons).rows,
              ElementsAre(ElementsAre("knn", "knn3", "rotate", "–", "+1.0 to +3.0", "not tested",
                                      "no seed changes either")));
  EXPECT_THAT(section().notes, Not(Contains(HasSubstr("conclusions in this section"))));
  const auto comparison = section().data["comparisons"][0];
  EXPECT_EQ(comparison["conclusion"], "not tested");
  EXPECT_TRUE(comparison["severities"][0]["p_value"].is_null());
}

TEST_F(Robustness, IsNotJudgedOnOtherTestImages) {
  groups_[1].completed[4].result.data->test.sha256 = std::string(64, 'f');
  EXPECT_THAT(comparisons(), IsEmpty());
}

TEST_F(Robustness, HasTheCleanAccuracyBesideEachChange) {
  const ReportTable table = table_of(section(), kRows);
  EXPECT_THAT(table.header, ElementsAre("experiment", "transform", "n", "clean [%]", "accuracy [%]",
                                        "change [points]", "right→wrong", "wrong→right"));
  ASSERT_EQ(table.rows.size(), 4U);
  EXPECT_THAT(table.rows[0], ElementsAre("mlp", "rotate:degrees=10", "6", "97.81 ± 0.13",
                                         "90.07 ± 0.11", "-7.74", "779", "5"));
}

TEST_F(Robustness, HasATableForEachGroupWhoseTitleSaysWhatIsTheSameInItsRows) {
  const std::vector<ReportTable> tables =
      robustness_tables_by_group(robustness_rows(groups_, evaluations_));
  ASSERT_EQ(tables.size(), 2U);
  EXPECT_EQ(tables[0].title,
            "mlp: 10,000 images, own test set, native, n = 6, clean 97.81 ± 0.13 %");
  EXPECT_THAT(tables[0].header,
              ElementsAre("transform", "accuracy [%]", "points", "right→wrong", "wrong→right"));
  EXPECT_THAT(tables[0].rows[0],
              ElementsAre("rotate:degrees=10", "90.07 ± 0.11", "-7.74", "779", "5"));
  // A row of fewer runs, which are others without the transform, too.
  evaluate_group(groups_[1], {{"invert", {2'000}}}, evaluations_);
  const ReportTable cnn = robustness_tables_by_group(robustness_rows(groups_, evaluations_))[1];
  EXPECT_EQ(cnn.title, "cnn: 10,000 images, own test set, native");
  EXPECT_THAT(cnn.header, ElementsAre("transform", "n", "clean [%]", "accuracy [%]", "points",
                                      "right→wrong", "wrong→right"));
}

TEST_F(Robustness, TellsTheEnginesApartWhereThereAreSeveral) {
  StoredEvaluation other = evaluated(groups_[0].completed[0], "rotate:degrees=10", 9'001);
  other.evaluation.engine = "libtorch";
  evaluations_[groups_[0].completed[0].folder].push_back(other);
  const ReportTable table = table_of(section(), kRows);
  ASSERT_EQ(table.rows.size(), 5U);
  EXPECT_EQ(table.header.at(2), "engine");
  EXPECT_EQ(table.rows[0].at(2), "libtorch");
  EXPECT_EQ(table.rows[0].at(3), "1");
  EXPECT_EQ(table.rows[1].at(2), "native");
}

TEST_F(Robustness, IsInTheOrderOfTheKindsAndTheirSeveritiesWhateverTheFilesOrder) {
  evaluations_.clear();
  const StoredRun& run = groups_[0].completed[0];
  for (const char* spec :
       {"invert", "rotate:degrees=9+invert", "rotate:degrees=30", "shift:dx=-10", "blur:sigma=1",
        "rotate:degrees=-10", "rotate:degrees=9", "shift:dy=2", "identity"}) {
    evaluations_[run.folder].push_back(evaluated(run, spec, 9'000));
  }
  std::vector<std::string> specs;
  for (const RobustnessRow& row : robustness_rows(groups_, evaluations_)) specs.push_back(row.spec);
  EXPECT_THAT(specs, ElementsAre("identity", "shift:dy=2", "shift:dx=-10", "rotate:degrees=-10",
                                 "rotate:degrees=9", "rotate:degrees=30", "blur:sigma=1", "invert",
                                 "rotate:degrees=9+invert"));
}

TEST_F(Robustness, KeepsMnistCInATableOfItsOwn) {
  StoredEvaluation fog = evaluated(groups_[0].completed[0], "identity", 5'000);
  fog.data = "mnist-c-fog";
  evaluations_[groups_[0].completed[0].folder].push_back(fog);
  const ReportTable table = table_of(section(), "Accuracy on MNIST-C");
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_THAT(table.rows[0], Contains("mnist-c-fog"));
  EXPECT_EQ(table_of(section(), kRows).rows.size(), 4U);
}

TEST_F(Robustness, LeavesALongTableToThePages) {
  EXPECT_FALSE(table_of(section(), kRows).pages_only);
  for (int i = 1; i <= 40; ++i) {
    evaluations_[groups_[0].completed[0].folder].push_back(
        evaluated(groups_[0].completed[0], fmt::format("shift:dx={}", i), 5'000));
  }
  EXPECT_TRUE(table_of(section(), kRows).pages_only);
  EXPECT_THAT(section().notes, Contains(HasSubstr("all 44 sets of images")));
  EXPECT_FALSE(table_of(section(), kComparisons).pages_only);
}

TEST_F(Robustness, IsNoSectionWithoutEvaluations) {
  evaluations_.clear();
  EXPECT_TRUE(section().is_empty());
  EXPECT_TRUE(section().data.is_null());
  EXPECT_THAT(robustness_figures(groups_, evaluations_), IsEmpty());
}

TEST_F(Robustness, IsDrawnAsTheMeanAndTheRangeOfTheSeedsWithTheCleanSet) {
  const Chart drawn = chart();
  ASSERT_EQ(drawn.series.size(), 2U);
  EXPECT_EQ(drawn.series[0].label, "mlp (n = 6)");
  ASSERT_EQ(drawn.series[0].points.size(), 3U);
  const ChartPoint& clean = drawn.series[0].points[0];
  EXPECT_EQ(clean.x, 0.0);
  EXPECT_NEAR(clean.y, 97.806667, 1e-6);
  EXPECT_DOUBLE_EQ(clean.range->low, 97.68);
  EXPECT_DOUBLE_EQ(clean.range->high, 98.01);
  const ChartPoint& turned = drawn.series[0].points[2];
  EXPECT_EQ(turned.x, 30.0);
  EXPECT_NEAR(turned.y, 60.166667, 1e-6);
  EXPECT_DOUBLE_EQ(turned.range->low, 55.0);
  EXPECT_DOUBLE_EQ(turned.range->high, 65.0);
  EXPECT_EQ(turned.note, "mlp, 30: 60.2 % (55.0 to 65.0, n = 6)");
}

TEST_F(Robustness, HasNoBandOfOneSeedAndTheNumberOfSeedsInTheLegend) {
  groups_[1].completed.resize(1, groups_[1].completed.front());
  auto& of_second = evaluations_[groups_[0].completed[1].folder];
  of_second.erase(of_second.begin());
  const Chart drawn = chart();
  EXPECT_EQ(drawn.series[0].label, "mlp (n = 5 to 6)");
  EXPECT_EQ(drawn.series[1].label, "cnn (n = 1)");
  for (const ChartPoint& point : drawn.series[1].points) {
    EXPECT_FALSE(point.range);
    EXPECT_THAT(point.note, HasSubstr("n = 1"));
  }
  const std::string svg = page_svg(draw(drawn));
  EXPECT_EQ(svg.find("\"band\""), svg.rfind("\"band\""));
  EXPECT_THAT(svg, HasSubstr("cnn (n = 1)"));
}

TEST_F(Robustness, ShowsTheCleanAccuracyAsADashedLineWhereNoSeverityIsNone) {
  evaluations_.clear();
  evaluate_group(groups_[0],
                 {{"shot_noise:peak=3", {7'000, 7'100}}, {"shot_noise:peak=60", {9'700, 9'700}}},
                 evaluations_);
  const Chart drawn = chart();
  ASSERT_EQ(drawn.series.size(), 2U);
  EXPECT_TRUE(drawn.series[1].dashed);
  ASSERT_EQ(drawn.series[1].points.size(), 2U);
  EXPECT_NEAR(drawn.series[1].points[0].y, (97.68 + 98.01) / 2, 1e-9);
  EXPECT_EQ(drawn.series[1].points[1].x, 60.0);
}

TEST_F(Robustness, AveragesASuiteOverRunsWithTheSamePointsAlone) {
  evaluations_.clear();
  evaluate_group(groups_[0],
                 {{"identity", {9'800, 9'700}},
                  {"rotate:degrees=10", {9'000, 9'100}},
                  {"rotate:degrees=30", {6'000, 6'400}}},
                 evaluations_, "mine");
  const StoredRun& third = groups_[0].completed[2];
  evaluations_[third.folder] = {evaluated(third, "rotate:degrees=10", 9'000, "mine")};
  const std::vector<SuiteMean> means = suite_means(groups_, evaluations_);
  ASSERT_EQ(means.size(), 2U);
  EXPECT_EQ(means[0].specs.size(), 3U);
  EXPECT_EQ(means[0].accuracy.n, 2);
  EXPECT_NEAR(*means[0].accuracy.mean, 0.8333333333333334, 1e-12);
  EXPECT_NEAR(*means[0].accuracy.sd, 0.009428090415820616, 1e-12);
  EXPECT_EQ(means[1].specs.size(), 1U);
  EXPECT_EQ(means[1].accuracy.n, 1);
  EXPECT_THAT(table_of(section(), kSuites).rows.at(0),
              ElementsAre("mine", "mlp", "3", "2", "97.84 ± 0.23", "83.3 ± 0.9"));
}

TEST_F(Robustness, OfADeterministicModelHasNoScatter) {
  const RunGroup knn = knn_group({9'700, 9'700});
  const RightBySpec right = {{"rotate:degrees=10", {9'000, 9'000}},
                             {"rotate:degrees=30", {6'000, 6'000}}};
  evaluate_group(knn, right, evaluations_, "mine");
  groups_ = {knn};
  EXPECT_THAT(
      table_of(section(), kSuites).rows.at(0),
      ElementsAre("mine", "knn", "2", "2", "97.00 (deterministic)", "75.00 (deterministic)"));
  EXPECT_THAT(section().data["suites"][0]["accuracy"]["sd"], nlohmann::ordered_json());
  const ChartPoint turned = chart().series.at(0).points.at(2);
  EXPECT_FALSE(turned.range);
  EXPECT_EQ(turned.note, "knn, 30: 60.00 % (deterministic, n = 2)");
  EXPECT_EQ(robustness_tables_by_group(robustness_rows(groups_, evaluations_)).at(0).title,
            "knn: 10,000 images, own test set, native, n = 2, clean 97.00 % (deterministic)");
}

TEST_F(Robustness, CountsAPointOfAShippedSuiteWhateverSuiteItWasAskedForIn) {
  evaluations_.clear();
  const StoredRun& run = groups_[0].completed[0];
  const Suite quick = *shipped_suite("quick");
  for (const TransformChain& chain : quick.points) {
    const bool other = canonical_spec(chain) == "rotate:degrees=15";
    evaluations_[run.folder].push_back(
        evaluated(run, canonical_spec(chain), other ? 8'000 : 9'000, other ? "mine" : "quick"));
  }
  const std::vector<SuiteMean> means = suite_means(groups_, evaluations_);
  ASSERT_EQ(means.size(), 2U);
  EXPECT_EQ(means[1].suite, "quick");
  EXPECT_EQ(means[1].specs.size(), 9U);
  EXPECT_NEAR(*means[1].accuracy.mean, (8 * 0.9 + 0.8) / 9, 1e-12);
}

TEST_F(Robustness, GivesAllNumbersForJson) {
  const auto data = section().data;
  EXPECT_EQ(data["rows"].size(), 4U);
  EXPECT_EQ(data["families"][0]["axis"], "degrees");
  EXPECT_EQ(data["families"][0]["points"][1]["groups"][0]["runs"][5]["seed"], 6);
  EXPECT_EQ(data["families"][0]["points"][1]["groups"][0]["runs"][5]["accuracy"], 0.61);
  EXPECT_EQ(data["comparisons"][0]["severities"][0]["p_value"], 0.03125);
  EXPECT_EQ(data["comparisons"][0]["conclusion"], "in part");
}

}  // namespace
}  // namespace mnist_bench
