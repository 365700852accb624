#include "report/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <regex>

#include "report/format/draw.h"
#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::vector<Figure> all_figures(const RunGroup& group) {
  std::vector<Figure> figures;
  for (const FigureSet& set : figures_of({group})) {
    for (const FigureData& figure : set.figures) figures.push_back(draw(figure));
  }
  return figures;
}

template <typename Content>
std::string svg_of(const Content& content) {
  return page_svg(draw(content));
}

/// The same as they stand in a page.
std::vector<std::string> all_svgs(const RunGroup& group) {
  std::vector<std::string> svgs;
  for (const Figure& figure : all_figures(group)) svgs.push_back(page_svg(figure));
  return svgs;
}

TEST(Figures, DrawABandWhereThereIsADeviationAndNoneForOneRun) {
  EXPECT_EQ(count_of(svg_of(accuracy_curves({group_with("mlp", {9'768, 9'801})})), "\"band\""), 1U);
  EXPECT_EQ(count_of(svg_of(accuracy_curves({group_with("mlp", {9'768})})), "\"band\""), 0U);
}

TEST(Figures, TellTheValueOfEachPoint) {
  RunGroup group = group_with("mlp", {9'768, 9'801});
  group.completed[0].result.epochs[0].test->accuracy = 0.9;
  group.completed[1].result.epochs[0].test->accuracy = 0.94;
  EXPECT_THAT(svg_of(accuracy_curves({group})),
              HasSubstr("<title>mlp, epoch 1: 92.0 (SD 2.8, n = 2)</title>"));
}

TEST(LearningCurves, NameOnlyTheExperimentsThatAreDrawn) {
  const std::vector<RunGroup> groups = {knn_group({9'600}), group_with("mlp", {9'768})};
  for (const Chart& chart :
       {accuracy_curves(groups), loss_curves(groups), accuracy_against_time(groups)}) {
    EXPECT_THAT(chart.description, EndsWith(", of mlp"));
    for (const ChartSeries& series : chart.series) EXPECT_EQ(series.style, 1U) << series.label;
  }
}

TEST(LearningCurves, OfModelsWithoutEpochsAreNone) {
  for (const FigureSet& set : figures_of({knn_group({9'600})})) {
    if (set.kind->part_id == "learning") {
      EXPECT_TRUE(set.figures.empty()) << set.kind->name;
    }
  }
}

TEST(Figures, NameTheClassesWhereTheyHaveNames) {
  RunGroup group = group_with("mlp", {9'768, 9'801});
  const double plain_width = draw(confusion_of(group)).width;
  for (StoredRun& run : group.completed) {
    run.result.config.data.class_names = ClassNames{"<b>", std::string(40, 'm')};
  }
  const std::string matrix = svg_of(confusion_of(group));
  EXPECT_THAT(matrix, HasSubstr("<title>true &lt;b&gt;, predicted mmmm"));
  EXPECT_THAT(matrix, HasSubstr(">0 &lt;b&gt;<"));
  EXPECT_GT(draw(confusion_of(group)).width, plain_width + 100);
  EXPECT_LT(draw(confusion_of(group)).width, plain_width + 200);  // a long name is cut
  EXPECT_THAT(svg_of(class_errors(group)), HasSubstr("class &lt;b&gt;, precision"));
  group.completed[1].result.config.data.class_names.reset();
  EXPECT_EQ(draw(confusion_of(group)).width, plain_width);
}

TEST(Figures, OfAGroupWithoutACompletedRunAreEmptyButSound) {
  RunGroup group = group_with("mlp", {9'768});
  group.completed.clear();
  for (const std::string& svg : all_svgs(group)) {
    EXPECT_THAT(svg, ContainsRegex("^<svg .*</svg>$"));
    EXPECT_THAT(svg, Not(ContainsRegex("[^a-z](nan|inf)[^a-z]")));
  }
}

TEST(Figures, LeaveOutWhatIsNotFinite) {
  RunGroup group = group_with("mlp", {9'768, 9'801});
  group.completed[0].result.epochs[0].test->loss = std::numeric_limits<double>::quiet_NaN();
  group.completed[0].result.epochs[0].train_loss = std::numeric_limits<double>::infinity();
  group.completed[1].result.epochs[0].test->loss = std::numeric_limits<double>::quiet_NaN();
  const std::string svg = svg_of(loss_curves({group}));
  EXPECT_THAT(svg, Not(ContainsRegex("[^a-z](nan|inf)[^a-z]")));
}

TEST(Figures, CarryNoMarkupOfALabel) {
  RunGroup group = group_with("mlp", {9'768, 9'801});
  group.label = "<script>\"&";
  for (const std::string& svg : all_svgs(group)) {
    EXPECT_THAT(svg, Not(HasSubstr("<script>")));
    EXPECT_THAT(svg, HasSubstr("&lt;script&gt;&quot;&amp;"));
  }
}

TEST(ConfusionFigure, SumsTheRunsAndGivesEachCellItsShareOfTheRow) {
  const std::string svg = svg_of(confusion_of(group_with("mlp", {9'768, 9'802})));
  // (4,884 + 4,901) of 2 × 5,000
  EXPECT_THAT(svg, HasSubstr("<title>true 0, predicted 0: 9785 of 10000 (97.85 %)</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>true 0, predicted 1: 215 of 10000 (2.15 %)</title>"));
  EXPECT_EQ(count_of(svg, "class=\"cell "), 4U);
}

TEST(ConfusionFigure, OfADeterministicModelCountsItsOneResultOnce) {
  const Confusion figure = confusion_of(knn_group({9'600, 9'600}));
  EXPECT_EQ(figure.title, "Confusion matrix of knn, 2 runs with one result");
  EXPECT_EQ(figure.counts.at(0).at(0), 4'800);
}

/// A group of one run with these counts.
RunGroup group_of(const ConfusionMatrix& counts) {
  RunGroup group = group_with("mlp", {9'768});
  group.completed[0].result.test->confusion = counts;
  group.completed[0].result.test->metrics = classification_metrics(counts);
  return group;
}

TEST(Figures, LeaveOutClassesThatOccurNowhere) {
  const RunGroup group = group_of({{0, 0, 0, 0}, {0, 4, 0, 1}, {0, 0, 0, 0}, {0, 0, 0, 5}});
  EXPECT_EQ(count_of(svg_of(confusion_of(group)), "class=\"cell "), 4U);
  EXPECT_THAT(svg_of(confusion_of(group)), HasSubstr("true 1, predicted 3: 1 of 5"));
  EXPECT_EQ(count_of(svg_of(class_errors(group)), "<title>class "), 6U);
  EXPECT_THAT(svg_of(class_errors(group)), HasSubstr("class 3, recall: 100 %"));
  EXPECT_THAT(svg_of(class_errors(group)), Not(HasSubstr("class 2,")));
}

TEST(Figures, OfRunsWithDifferentNumbersOfClassesAreSound) {
  RunGroup group = group_of({{4, 0, 0}, {0, 5, 0}, {0, 0, 6}});
  group.completed.push_back(group_of({{4, 1}, {0, 5}}).completed[0]);
  EXPECT_THAT(svg_of(class_errors(group)), HasSubstr("class 2, F1: 100 % (SD – pp, n = 1)"));
  EXPECT_THAT(svg_of(class_errors(group)), HasSubstr("class 1, recall: 100 % (SD 0 pp, n = 2)"));
  EXPECT_EQ(count_of(svg_of(confusion_of(group)), "class=\"cell "), 9U);
}

TEST(Figures, Of256ClassesScrollAndDrawWhatIsNotEmpty) {
  ConfusionMatrix counts(256, std::vector<std::int64_t>(256, 0));
  for (std::size_t k = 0; k < 256; ++k) counts[k][k] = 1;
  const RunGroup group = group_of(counts);
  EXPECT_EQ(count_of(svg_of(confusion_of(group)), "class=\"cell "), 256U);
  EXPECT_THAT(svg_of(confusion_of(group)), HasSubstr("min-width:"));
  EXPECT_THAT(svg_of(class_errors(group)), HasSubstr("min-width:"));
  EXPECT_THAT(svg_of(confusion_of(group_with("mlp", {9'768}))), Not(HasSubstr("min-width:")));
}

TEST(Figures, TellNothingFinerThanOneImage) {
  RunGroup group = group_of({{90, 10}, {7, 93}});  // 200 images
  for (EpochRecord& epoch : group.completed[0].result.epochs) epoch.test->accuracy = 0.915;
  group.completed[0].result.epochs[0].train_seconds = 12'345;
  EXPECT_THAT(svg_of(accuracy_curves({group})), HasSubstr("epoch 1: 91.5 (SD –, n = 1)"));
  EXPECT_THAT(svg_of(accuracy_against_time({group})), HasSubstr("91.5 % after 12300 s"));
  EXPECT_THAT(svg_of(class_errors(group)), HasSubstr("class 0, recall: 90.0 %"));
  EXPECT_THAT(svg_of(confusion_of(group)), HasSubstr("90 of 100 (90 %)"));
}

TEST(ClassErrors, OfADeterministicModelHaveNoWhiskers) {
  const std::string svg = svg_of(class_errors(knn_group({9'600, 9'600})));
  EXPECT_THAT(svg, HasSubstr("class 0, recall: 96.00 % (deterministic, n = 2)"));
  EXPECT_THAT(svg, Not(HasSubstr("class=\"whisker\"")));
}

TEST(ClassErrors, HaveWhiskersWithin0And100PerCent) {
  // 50 ± 71 % are missing; the axis ends at 105.
  const std::string svg = svg_of(class_errors(group_with("mlp", {10'000, 0})));
  const std::regex whisker(R"(class="whisker" x1="[0-9.]+" x2="[0-9.]+" y1="20.57" y2="192"/>)");
  EXPECT_TRUE(std::regex_search(svg, whisker)) << svg;
}

/// The numbers along an axis: text that is placed like `where`.
std::vector<double> axis_numbers(const std::string& svg, const std::string& where) {
  std::vector<double> values;
  const std::regex label("<text " + where + ">([-+.e0-9]+)</text>");
  for (std::sregex_iterator at(svg.begin(), svg.end(), label); at != std::sregex_iterator(); ++at) {
    values.push_back(std::stod((*at)[1]));
  }
  return values;
}

constexpr const char* kLeftOfAxis = R"(x="[0-9.]+" y="[0-9.]+" text-anchor="end")";
constexpr const char* kBelowAxis = R"(x="[0-9.]+" y="265" text-anchor="middle")";

TEST(AccuracyFigures, EndAt100PerCent) {
  for (const std::vector<double>& accuracies : {std::vector{1.0, 0.9}, {1.0, 1.0}, {0.0, 0.0}}) {
    RunGroup group = group_with("mlp", {9'768, 9'801});
    for (std::size_t i = 0; i < 2; ++i) {
      for (EpochRecord& epoch : group.completed[i].result.epochs) {
        epoch.test->accuracy = accuracies[i];
      }
    }
    const std::vector<double> numbers = axis_numbers(svg_of(accuracy_curves({group})), kLeftOfAxis);
    ASSERT_GE(numbers.size(), 2U);
    EXPECT_GE(numbers.front(), 0.0);
    EXPECT_LE(numbers.back(), 100.0);
  }
}

TEST(TimeFigure, HasNumbersAlongItsAxisWhateverTheTimes) {
  for (const double seconds : {3.0, 0.0042, 12'345.0, 1e7}) {
    for (const double longer : {1.0, 1.5, 20.0, 1e6}) {
      SCOPED_TRACE(testing::Message() << seconds << " times " << longer);
      RunGroup group = group_with("mlp", {9'768, 9'801});
      for (std::size_t i = 0; i < 2; ++i) {
        auto& epochs = group.completed[i].result.epochs;
        epochs.resize(1);
        epochs[0].train_seconds = i == 0 ? seconds : seconds * longer;
      }
      const std::string svg = svg_of(accuracy_against_time({group}));
      EXPECT_GE(axis_numbers(svg, kBelowAxis).size(), 2U);
    }
  }
}

TEST(StandaloneSvg, HasLiteralColoursAWhitePageASizeAndATitle) {
  const RunGroup group = group_with("mlp", {9'768, 9'801});
  for (const Figure& figure : all_figures(group)) {
    const std::string svg = standalone_svg({figure});
    EXPECT_THAT(svg, testing::StartsWith("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg "));
    EXPECT_THAT(svg, Not(HasSubstr("var(")));
    EXPECT_THAT(svg, Not(HasSubstr("prefers-color-scheme")));
    EXPECT_THAT(svg, ContainsRegex("<svg [^>]*width=\"[0-9.]+\" height=\"[0-9.]+\" viewBox="));
    EXPECT_THAT(svg,
                ContainsRegex("<rect width=\"[0-9.]+\" height=\"[0-9.]+\" fill=\"#ffffff\"/>"));
    EXPECT_THAT(svg, ContainsRegex("<title>[A-Z][^<]+</title>"));
  }
}

TEST(StandaloneSvg, NamesEachOfSeveralFigures) {
  const Figure one = draw(confusion_of(group_with("mlp", {9'768})));
  EXPECT_EQ(count_of(standalone_svg({one, one}), ">Confusion matrix of mlp, 1 run</text>"), 2U);
  EXPECT_EQ(count_of(standalone_svg({one}), "arrow keys read its cells</text>"), 0U);
  EXPECT_EQ(count_of(standalone_svg({}), "<svg"), 1U);
}

}  // namespace
}  // namespace mnist_bench
