#include "report/format/formats.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/escape.h"
#include "report/format/run_columns.h"
#include "report/stored_runs.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Two groups of three and one run, and one run that failed.
Report sample_report() {
  std::vector<StoredRun> runs = runs_with("mlp", {9'768, 9'801, 9'775});
  runs.push_back(stored(run_with("cnn", 1, 9'902)));
  RunResult failed = sample_result("mlp", 4);
  failed.status = RunStatus::diverged;
  failed.error = "50 % of \"it\", or more\nis not finite";
  failed.test.reset();
  failed.data.reset();
  runs.push_back(stored(failed));
  return make_report({.runs = runs, .unfinished = {"runs/mlp/seed-5"}});
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Formats, AreFoundByExtensionInEitherCase) {
  EXPECT_EQ(format_of("a/b.md").ending, ".md");
  EXPECT_EQ(format_of("B.JSON").ending, ".json");
  EXPECT_EQ(format_of("x.y.tex").ending, ".tex");
}

TEST(Formats, OfUnknownExtensionsAreRefusedWithAListOfTheKnown) {
  for (const char* file : {"a.docx", "a", ".md", "csv", "a.md.gz"}) {
    try {
      format_of(file);
      ADD_FAILURE() << file;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_THAT(error.what(), HasSubstr(file));
      for (const Format& format : formats()) {
        EXPECT_THAT(error.remedy(), HasSubstr(format.ending));
      }
    }
  }
}

TEST(Formats, AllRenderAReportWithoutACompletedRun) {
  RunResult failed = sample_result();
  failed.status = RunStatus::failed;
  failed.test.reset();
  failed.model.reset();
  failed.provenance.reset();
  failed.data.reset();
  failed.epochs.clear();
  const Report report = make_report({.runs = {stored(failed)}, .unfinished = {}});
  for (const Format& format : formats()) EXPECT_THAT(format.render(report), HasSubstr("sample"));
  EXPECT_THAT(text_report(report), HasSubstr("failed: sample seed 1: failed"));
}

TEST(TextReport, HasMeansRangesFailedRunsAndWarnings) {
  const std::string text = text_report(sample_report());
  EXPECT_THAT(text, HasSubstr("97.81 ± 0.17"));
  EXPECT_THAT(text, HasSubstr("  99.02  "));
  EXPECT_THAT(text, HasSubstr("97.38 to 98.25"));
  EXPECT_THAT(text, HasSubstr("failed: mlp seed 4: diverged"));
  EXPECT_THAT(text, HasSubstr("warning: without a result"));
  EXPECT_THAT(text, Not(HasSubstr("paper")));
}

TEST(TextReport, HasThePapersTablesWhereAskedFor) {
  Report report = sample_report();
  report.paper = true;
  EXPECT_THAT(text_report(report), HasSubstr("97.7 ± 0.2"));
  EXPECT_THAT(markdown_report(report), HasSubstr("97.7 ± 0.2"));
}

TEST(MarkdownReport, IsATableOfEquallyManyCellsInEachRow) {
  const std::string text = markdown_report(sample_report());
  EXPECT_THAT(text, StartsWith("## Mean ± SD over the seeds\n\n| experiment | n | failed | "));
  EXPECT_THAT(text, HasSubstr("| mlp | 3 | 1 | 97.81 ± 0.17 |"));
  EXPECT_THAT(text, HasSubstr("| cnn | 1 | 0 | 99.02 |"));
  EXPECT_THAT(text, HasSubstr("accuracy \\[%\\] | mlp | 3 | 97.81 | 0.17 | 97.38 to 98.25 | 97.68 "
                              "| 98.01 |"));
  EXPECT_THAT(text, HasSubstr("- mlp seed 4: diverged: 50 % of \"it\", or more is not finite"));
  std::size_t width = 0;
  for (const std::string& line : lines_of(text)) {
    if (!line.starts_with("|")) {
      width = 0;
      continue;
    }
    const auto bars = static_cast<std::size_t>(std::count(line.begin(), line.end(), '|'));
    if (width == 0) width = bars;
    EXPECT_EQ(bars, width) << line;
  }
}

// ESC, a C1 control (CSI), a bidi override, a noncharacter.
constexpr const char* kObeyed = "\x1b[31m \xc2\x9b \xe2\x80\xae \xef\xbf\xbf";

/// What XML 1.0 allows (section 2.2), less what reorders text or is obeyed by terminals.
bool is_plain(const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_sequence(std::string_view(text).substr(at));
    if (length == 0) return false;
    const std::uint32_t point = code_point(std::string_view(text).substr(at, length));
    const bool control = (point < 0x20 && point != '\n' && point != '\t') ||
                         (point >= 0x7F && point < 0xA0) || point == 0xFFFE || point == 0xFFFF;
    if (control || (point >= 0x202A && point <= 0x202E)) return false;
    at += length;
  }
  return true;
}

TEST(Formats, OfFilesThatAreReadAsTheyStandShowControlCharactersOfNamesAndErrors) {
  RunResult run = run_with(kObeyed, 1, 9'768);
  RunResult failed = sample_result(kObeyed, 2);
  failed.status = RunStatus::failed;
  failed.error = std::string(kObeyed) + "\xff";  // no UTF-8
  Report report = make_report({.runs = {stored(run), stored(failed)}, .unfinished = {kObeyed}});
  report.paper = true;
  ASSERT_FALSE(is_plain(kObeyed));
  for (const Format& format : formats()) {
    if (format.ending == ".json") continue;  // the strings themselves
    SCOPED_TRACE(format.ending);
    const std::string text = format.render(report);
    EXPECT_TRUE(is_plain(text));
    EXPECT_THAT(text, HasSubstr("u202e"));
  }
}

TEST(MarkdownEscaped, KeepsTextFromBecomingMarkup) {
  EXPECT_EQ(markdown_escaped("a|b"), "a\\|b");
  EXPECT_EQ(markdown_escaped("*x* [y](z) `c` <b> \\ &amp; #1 ~s~"),
            "\\*x\\* \\[y\\](z) \\`c\\` \\<b\\> \\\\ \\&amp; \\#1 \\~s\\~");
  EXPECT_EQ(markdown_escaped("optimizer.learning_rate _x_"), "optimizer.learning_rate \\_x\\_");
  EXPECT_EQ(markdown_escaped("two\nlines\r"), "two lines\\\\x0d");
}

TEST(CsvReport, HasALinePerRunWithUnroundedValues) {
  const std::vector<std::string> lines = lines_of(csv_report(sample_report()));
  EXPECT_THAT(lines.at(0), StartsWith("experiment,config_hash,seed,status,counted,accuracy,"));
  EXPECT_THAT(lines.at(1), HasSubstr(",1,completed,true,0.9768,"));
  EXPECT_THAT(lines.at(3), HasSubstr(",3,completed,true,0.9775,"));
  // The failed run's error holds a comma, quotes and a line feed.
  EXPECT_THAT(lines.at(4), HasSubstr(",4,diverged,false,,,,,,1.5,6,4,"));
  EXPECT_THAT(lines.at(4), HasSubstr(",\"50 % of \"\"it\"\", or more"));
  EXPECT_EQ(lines.at(5), "is not finite\"");
  EXPECT_THAT(lines.at(6), StartsWith("cnn,"));
  EXPECT_EQ(lines.size(), 7U);
}

TEST(CsvReport, MarksARepeatedRunAsNotCounted) {
  const StoredRun run = stored(sample_result());
  const Report report = make_report({.runs = {run, run}, .unfinished = {}});
  EXPECT_THAT(lines_of(csv_report(report)).at(2), HasSubstr("completed,false,0.8,"));
}

TEST(CsvReport, DescribesEachOfItsColumns) {
  for (const RunColumn& column : run_columns()) EXPECT_FALSE(column.meaning.empty());
}

TEST(CsvEscaped, QuotesByRfc4180) {
  EXPECT_EQ(csv_escaped("plain text"), "plain text");
  EXPECT_EQ(csv_escaped("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_escaped("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv_escaped("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_escaped("a\rb"), "a\\x0db");
  EXPECT_EQ(csv_escaped(""), "");
}

TEST(CsvEscaped, TextIsNoFormulaAndNumbersStayNumbers) {
  for (const char* text : {"=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "-", "--5", "-0x5"}) {
    EXPECT_EQ(csv_escaped(text), fmt::format("\"'{}\"", text));
  }
  EXPECT_EQ(csv_escaped("=HYPERLINK(\"a\",\"b\")"), "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\"");
  for (const char* text : {"-0.5", "-1e-05", "1=1", " =1", "a@b"})
    EXPECT_EQ(csv_escaped(text), text);
}

TEST(JsonReport, HoldsStatisticsAndEachRun) {
  const auto json = nlohmann::json::parse(json_report(sample_report()));
  EXPECT_EQ(json["schema"], "mnist-bench.report/1");
  const auto& mlp = json["groups"][0];
  EXPECT_EQ(mlp["label"], "mlp");
  EXPECT_EQ(mlp["n"], 3);
  EXPECT_EQ(mlp["failed"], 1);
  EXPECT_EQ(mlp["model"]["parameters"], 6);
  EXPECT_FALSE(mlp["config"].contains("seed"));
  EXPECT_NEAR(mlp["statistics"]["accuracy"]["mean"].get<double>(), 0.97813333, 1e-8);
  EXPECT_EQ(mlp["statistics"]["accuracy"]["ci95"].size(), 2U);
  ASSERT_EQ(mlp["runs"].size(), 4U);
  EXPECT_EQ(mlp["runs"][0]["accuracy"], 0.9768);
  EXPECT_EQ(mlp["runs"][0]["parameters"], 6);
  EXPECT_EQ(mlp["runs"][3]["status"], "diverged");
  EXPECT_TRUE(mlp["runs"][3]["accuracy"].is_null());
  EXPECT_TRUE(mlp["runs"][3]["test_samples"].is_null());
  EXPECT_EQ(json["unfinished"][0], "runs/mlp/seed-5");
  EXPECT_EQ(json["warnings"].size(), 1U);
}

TEST(JsonReport, OfOneRunHasNullWhereNothingCanBeSaid) {
  const auto json = nlohmann::json::parse(json_report(sample_report()));
  const auto& accuracy = json["groups"][1]["statistics"]["accuracy"];
  EXPECT_EQ(accuracy["n"], 1);
  EXPECT_EQ(accuracy["mean"], 0.9902);
  EXPECT_TRUE(accuracy["sd"].is_null());
  EXPECT_TRUE(accuracy["ci95"].is_null());
}

TEST(JsonReport, SurvivesAFolderThatIsNotUtf8) {
  StoredRun run = stored(sample_result());
  run.folder = "runs/\xFF";
  EXPECT_NO_THROW(
      nlohmann::json::parse(json_report(make_report({.runs = {run}, .unfinished = {}}))));
}

TEST(LatexReport, IsMadeOfBooktabsTablesWithEqualRows) {
  const std::string text = latex_report(sample_report());
  EXPECT_THAT(text,
              HasSubstr("\\begin{tabular}{@{}lrrrrrr@{}}\n\\toprule\nexperiment & n & failed & "
                        "accuracy {[}\\%{]} & "));
  EXPECT_THAT(text, HasSubstr("mlp & 3 & 1 & 97.81 $\\pm$ 0.17 & "));
  EXPECT_THAT(text, HasSubstr("cnn & 1 & 0 & 99.02 & "));
  EXPECT_THAT(text, HasSubstr("experiment & loss & training {[}s/epoch{]} & parameters & MACs"));
  EXPECT_THAT(text, HasSubstr("50 \\% of ''it'', or more is not finite"));
  EXPECT_THAT(text, Not(HasSubstr("±")));
}

TEST(LatexEscaped, LeavesNothingForLatexToObey) {
  EXPECT_EQ(latex_escaped("\\input{x} 5 % & $y$ #1 a_b a^b ~"),
            "\\textbackslash{}input\\{x\\} 5 \\% \\& \\$y\\$ \\#1 a\\_b a\\textasciicircum{}b "
            "\\textasciitilde{}");
  EXPECT_EQ(latex_escaped("[0] *"), "{[}0{]} {*}");
  EXPECT_EQ(latex_escaped("a--b ---"), "a-{}-b -{}-{}-");
  EXPECT_EQ(latex_escaped("two\nlines"), "two lines");
  EXPECT_EQ(latex_escaped("1 ± 2 – 3 → 4"), "1 $\\pm$ 2 -- 3 $\\to$ 4");
}

TEST(LatexEscaped, WritesLettersThatLatexMayLackAsCodePoints) {
  EXPECT_EQ(latex_escaped("Zoë"), "Zoë");
  EXPECT_EQ(latex_escaped("数字"), "\\texttt{U+6570}\\texttt{U+5B57}");
  EXPECT_EQ(latex_escaped("🙂"), "\\texttt{U+1F642}");
  EXPECT_EQ(latex_escaped("\xFF\x80 \xE6\x95"),
            "\\textbackslash{}xff\\textbackslash{}x80 "
            "\\textbackslash{}xe6\\textbackslash{}x95");
}

}  // namespace
}  // namespace mnist_bench
