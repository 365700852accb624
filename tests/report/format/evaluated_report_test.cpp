// A report of runs with evaluations, in every format.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "base/temporary_folder.h"
#include "data/dataset.h"
#include "report/evaluated_runs.h"
#include "report/format/formats.h"
#include "report/format/sample_report.h"

namespace mnist_bench {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class EvaluatedReport : public testing::Test {
 protected:
  EvaluatedReport() {
    stored_.runs = runs_on_disk(folder_.path(), "mlp", {9'768, 9'801},
                                {{"identity", {9'768, 9'801}},
                                 {"shift:dx=1", {9'500, 9'510}},
                                 {"rotate:degrees=15", {9'000, 9'010}}});
    for (StoredRun& run : runs_on_disk(folder_.path(), "cnn", {9'902, 9'911},
                                       {{"identity", {9'902, 9'911}},
                                        {"shift:dx=1", {9'850, 9'840}},
                                        {"rotate:degrees=15", {9'400, 9'500}}})) {
      stored_.runs.push_back(std::move(run));
    }
  }

  [[nodiscard]] Report report() const { return make_report(stored_); }
  [[nodiscard]] std::string rendered(const char* file) const {
    return format_of(file).render(report());
  }

  const test::TemporaryFolder folder_;
  StoredRuns stored_;
};

TEST_F(EvaluatedReport, HasTheRobustnessForPeople) {
  for (const std::string& text : {text_report(report()), rendered("a.md"), rendered("a.html")}) {
    EXPECT_THAT(text, AllOf(HasSubstr("Robustness"), HasSubstr("shift:dx=1"), HasSubstr("95.05"),
                            HasSubstr("mine"), HasSubstr("rotate:degrees=15")));
  }
}

TEST_F(EvaluatedReport, HasAllItsNumbersInJson) {
  const auto json = nlohmann::json::parse(rendered("a.json"));
  EXPECT_EQ(json["schema"], "mnist-bench.report/1");
  EXPECT_EQ(json["groups"].size(), 2U);
  EXPECT_EQ(json["robustness"]["rows"].size(), 6U);
  EXPECT_EQ(json["robustness"]["suites"][0]["transforms"].size(), 3U);
  EXPECT_EQ(json["robustness"]["comparisons"].size(), 2U);
}

TEST_F(EvaluatedReport, KeepsALinePerRunInCsvAndItsTablesInLatex) {
  EXPECT_EQ(lines_of(rendered("a.csv")).size(), 5U);
  const std::string csv = rendered("a.csv");
  const std::string tex = rendered("a.tex");
  for (const StoredRun& run : stored_.runs) {
    std::filesystem::remove_all(run.folder / kEvaluationsFolder);
  }
  EXPECT_EQ(rendered("a.csv"), csv);
  EXPECT_EQ(rendered("a.tex"), tex);
}

TEST_F(EvaluatedReport, IsATableOfEquallyManyCellsInEachRowOfMarkdown) {
  std::size_t width = 0;
  for (const std::string& line : lines_of(rendered("a.md"))) {
    if (!line.starts_with("|")) {
      width = 0;
      continue;
    }
    const auto bars = static_cast<std::size_t>(std::count(line.begin(), line.end(), '|'));
    if (width == 0) width = bars;
    EXPECT_EQ(bars, width) << line;
  }
}

TEST_F(EvaluatedReport, HasAFigureForEachKindOfTransform) {
  const std::string svg = rendered("robustness.svg");
  EXPECT_THAT(svg, AllOf(HasSubstr("shift"), HasSubstr("rotate"), HasSubstr("mlp (n = 2)"),
                         Not(HasSubstr("nan"))));
  EXPECT_THAT(rendered("a.html"), HasSubstr("mlp (n = 2)"));
}

TEST_F(EvaluatedReport, ShowsWhatEachSeverityLooksLikeWhereTheDataAreThere) {
  EXPECT_THAT(html_report(make_report(stored_)), Not(HasSubstr("What each severity looks like")));
  EXPECT_THAT(html_report(make_report(stored_, {.pictures = true})),
              AllOf(HasSubstr("What each severity looks like</h3>\n<p>Not shown: "),
                    HasSubstr("is not the one that the run was tested on")));
  const std::string sha256 = load_dataset(shipped_mnist()).test.sha256;
  for (StoredRun& run : stored_.runs) run.result.data->test.sha256 = sha256;
  EXPECT_THAT(html_report(make_report(stored_, {.pictures = true})),
              AllOf(HasSubstr("<p>Images 3, 2, 1, 18 of the test set of mlp, a row each"),
                    HasSubstr("<span>as they are</span><span>15</span>"),
                    HasSubstr("alt=\"rotate\" width=\"116\" height=\"236\"")));
}

/// What is in the page, in its order: a chart's caption, or a picture of transformed images.
std::vector<std::string> charts_and_strips(const std::string& page) {
  const std::regex one("<figcaption><b>([a-z]+)</b>: mean over|alt=\"([a-z]+)\" width");
  std::vector<std::string> found;
  for (std::sregex_iterator at(page.begin(), page.end(), one); at != std::sregex_iterator(); ++at) {
    found.push_back((*at)[1].matched ? "chart of " + (*at)[1].str() : (*at)[2].str());
  }
  return found;
}

TEST_F(EvaluatedReport, HasWhatEachSeverityLooksLikeBesideItsCurve) {
  const std::string sha256 = load_dataset(shipped_mnist()).test.sha256;
  for (StoredRun& run : stored_.runs) run.result.data->test.sha256 = sha256;
  EvaluationsOfRuns of_no_severity;
  evaluate_group(group_runs({stored_.runs[0]}).front(), {{"invert", {2'000}}}, of_no_severity);
  for (const StoredEvaluation& each : of_no_severity.begin()->second) {
    write_file_atomically(each.file, evaluation_text(each.evaluation));
  }
  EXPECT_THAT(charts_and_strips(html_report(make_report(stored_, {.pictures = true}))),
              ElementsAre("chart of shift", "shift", "chart of rotate", "rotate", "invert"));
}

TEST_F(EvaluatedReport, FoldsALongTableOfMarkdown) {
  EvaluationsOfRuns many;
  RightBySpec right;
  for (int i = 2; i < 40; ++i) right[fmt::format("shift:dx={}", i)] = {5'000};
  evaluate_group(group_runs({stored_.runs[0]}).front(), right, many);
  for (const StoredEvaluation& each : many.begin()->second) {
    write_file_atomically(each.file, evaluation_text(each.evaluation));
  }
  EXPECT_THAT(rendered("a.md"), HasSubstr("### Accuracy on transformed images\n\n"
                                          "<details><summary>44 rows</summary>\n\n| experiment |"));
  EXPECT_THAT(text_report(report()), Not(HasSubstr("shift:dx=30")));
}

TEST_F(EvaluatedReport, WarnsOfAnEvaluationThatIsDamagedAndLeavesItOut) {
  const auto file =
      evaluation_file(stored_.runs[0].folder, kOwnTestSet, parse_spec("shift:dx=1", "test"), {});
  std::ofstream(file) << "{";
  const Report damaged = report();
  ASSERT_EQ(damaged.warnings.size(), report().warnings.size());
  EXPECT_THAT(text_report(damaged), AllOf(HasSubstr("warning: evaluations that cannot be used"),
                                          HasSubstr(file.filename().string())));
  const auto json = nlohmann::json::parse(json_report(damaged));
  EXPECT_EQ(json["robustness"]["rows"][1]["accuracy"]["n"], 1);
  EXPECT_EQ(json["groups"][0]["n"], 2);
}

TEST_F(EvaluatedReport, OfRunsWithoutEvaluationsIsAsBefore) {
  for (const StoredRun& run : stored_.runs) {
    std::filesystem::remove_all(run.folder / kEvaluationsFolder);
  }
  EXPECT_THAT(text_report(report()), Not(HasSubstr("Robustness")));
  EXPECT_THAT(rendered("a.html"), Not(HasSubstr("Robustness")));
  EXPECT_FALSE(nlohmann::json::parse(rendered("a.json")).contains("robustness"));
}

}  // namespace
}  // namespace mnist_bench
