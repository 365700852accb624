#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/format/formats.h"
#include "report/format/run_columns.h"
#include "report/format/sample_report.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(CsvReport, HasALinePerRunWithUnroundedValues) {
  const std::vector<std::string> lines = lines_of(csv_report(sample_report()));
  EXPECT_THAT(lines.at(0), StartsWith("experiment,config_hash,seed,status,counted,accuracy,"));
  EXPECT_THAT(lines.at(1), HasSubstr(",1,completed,true,0.9768,"));
  EXPECT_THAT(lines.at(3), HasSubstr(",3,completed,true,0.9775,"));
  // The failed run's error holds a comma, quotes and a line feed.
  EXPECT_THAT(lines.at(4), HasSubstr(",4,diverged,false,,,,,,,1.5,,,234114,233728,"));
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
  EXPECT_EQ(mlp["model"]["parameters"], 234'114);
  EXPECT_FALSE(mlp["config"].contains("seed"));
  EXPECT_NEAR(mlp["statistics"]["accuracy"]["mean"].get<double>(), 0.97813333, 1e-8);
  EXPECT_EQ(mlp["statistics"]["accuracy"]["ci95"].size(), 2U);
  ASSERT_EQ(mlp["runs"].size(), 4U);
  EXPECT_EQ(mlp["runs"][0]["accuracy"], 0.9768);
  EXPECT_EQ(mlp["runs"][0]["parameters"], 234'114);
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
