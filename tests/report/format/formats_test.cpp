#include "report/format/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/escape.h"
#include "report/format/sample_report.h"

namespace mnist_bench {
namespace {

using testing::AnyOf;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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
  const Report report =
      make_report({.runs = {stored(failed)}, .unfinished = {}}, {.mistakes = true});
  for (const Format& format : formats()) {
    EXPECT_THAT(format.render(report),
                AnyOf(HasSubstr("sample"), HasSubstr("nothing to show"), Eq("pointer,value\n")));
  }
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

/// With `text` wherever a section can have text.
Section section_of(const std::string& text) {
  return {.id = "part",
          .title = text,
          .remarks = {text},
          .tables = {{.title = text, .columns = {Align::left}, .header = {text}, .rows = {{text}}}},
          .notes = {text},
          .checked = {.title = text,
                      .counts = {{.verdict = {.text = "holds", .tone = Tone::good}, .claims = 1}},
                      .tally = text,
                      .notes = {text},
                      .claims = {{.place = text,
                                  .claim = text,
                                  .verdict = {.text = "holds", .tone = Tone::good},
                                  .basis = "runs",
                                  .basis_in_words = "computed",
                                  .findings = {text}}},
                      .where_findings_are = text},
          .tables_after = {{.title = "after",
                            .columns = {Align::left},
                            .header = {"of"},
                            .rows = {{"the claims"}}}}};
}

TEST(Sections, AreSetByTheFormatsForPeople) {
  Report report = sample_report();
  report.sections.push_back(section_of("a part"));
  const auto times_in = [](const std::string& text) {
    std::size_t times = 0;
    for (std::size_t at = 0; (at = text.find("a part", at)) != std::string::npos; ++at) ++times;
    return times;
  };
  EXPECT_EQ(times_in(text_report(report)), 12U);  // no findings, but where they are
  EXPECT_EQ(times_in(markdown_report(report)), 12U);
  EXPECT_EQ(times_in(html_report(report)), 13U);  // a table's title is its label, too
}

/// Each of `parts` after the one before it.
void expect_in_order(const std::string& text, const std::vector<std::string>& parts) {
  std::size_t at = 0;
  for (const std::string& part : parts) {
    at = text.find(part, at);
    ASSERT_NE(at, std::string::npos) << part;
    at += part.size();
  }
}

TEST(Sections, HaveTheVerdictsThenTablesThenClaimsThenTheOtherTables) {
  Section section = section_of("a part");
  section.tables[0].rows = {{"the table"}};
  section.checked.tally = "how many hold";
  section.checked.claims[0].claim = "it is so";
  expect_in_order(section_text(section), {"how many hold", "the table", "it is so", "the claims"});
  expect_in_order(section_markdown(section),
                  {"how many hold", "the table", "it is so", "the claims"});
  expect_in_order(section_html(section), {"<b>1</b> holds", "the table", "it is so", "the claims"});
}

TEST(Sections, ThatOpenTheReportPrecedeItsResults) {
  Report report = sample_report();
  report.sections.push_back(section_of("a part"));
  const std::string first_result = "97.81";
  for (const bool opens : {true, false}) {
    report.sections.back().opens_report = opens;
    for (std::string (*form)(const Report&) : {&text_report, &markdown_report, &html_report}) {
      const std::string text = (*form)(report);
      EXPECT_EQ(text.find("a part") < text.find(first_result), opens);
    }
  }
}

TEST(HtmlReport, OpensWithTheCountsOfClaimsAndThenTheWarnings) {
  Report report = sample_report();
  report.warnings = {"a warning"};
  report.sections.push_back(section_of("a part"));
  report.sections.back().opens_report = true;
  report.sections.back().tables[0].rows = {{"the table"}};
  expect_in_order(html_report(report), {"<main>", "<b>1</b> holds", "<h3>Read with care</h3>",
                                        "a warning", "the table"});
  report.sections.back().checked.claims.clear();
  expect_in_order(html_report(report),
                  {"<main>", "<h2>Read with care</h2>", "a warning", "a part"});
}

TEST(HtmlReport, FoldsLongWarningsWhereASectionOpensIt) {
  const std::string folded = "<summary><h3>Read with care: ";
  Report report = sample_report();
  report.sections.push_back(section_of("a part"));
  report.warnings = {"short"};
  for (const bool opens : {true, false}) {
    report.sections.back().opens_report = opens;
    EXPECT_THAT(html_report(report), Not(HasSubstr(folded)));
  }
  report.warnings.emplace_back(300, 'w');
  EXPECT_THAT(html_report(report), Not(HasSubstr(folded)));
  report.sections.back().opens_report = true;
  EXPECT_THAT(html_report(report), HasSubstr(folded + "2 warnings</h3></summary>"));
}

TEST(HtmlReport, FoldsTheEvidenceOfEachClaimUnderItsVerdictAndWords) {
  Section section = section_of("a part");
  section.checked.claims[0] = {.place = "Sec. 1",
                               .claim = "a < b",
                               .verdict = {.text = "does not hold", .tone = Tone::bad},
                               .basis = "runs",
                               .basis_in_words = "computed",
                               .findings = {"b < a"},
                               .experiment = "sweep a.json"};
  EXPECT_THAT(section_html(section),
              HasSubstr("<li id=\"part-claim-1\" data-verdict=\"does not hold\">"
                        "<details><summary><span class=\"badge bad\">does not hold</span> "
                        "<span><b>Sec. 1:</b> a &lt; b</span></summary>\n"
                        "<ul><li>b &lt; a</li>\n</ul>\n"
                        "<p class=\"note\">Verdict: computed; <code>sweep a.json</code>. "
                        "<a href=\"#part-claim-1\">Link to this claim</a></p></details></li>"));
}

TEST(Sections, OfAnyKindBringFigures) {
  const std::vector<StoredRun> runs = runs_with("lenet", {9'768, 9'801});
  const auto further = [](const std::vector<RunGroup>& groups, const EvaluationsOfRuns&) {
    Section section = section_of("a part");
    for (FigureSet& set : figures_of(groups)) {
      if (set.kind->name == "accuracy") section.figures.push_back(std::move(set));
    }
    return section;
  };
  const Report plain = make_report({.runs = runs, .unfinished = {}});
  const Report report = make_report({.runs = runs, .unfinished = {}},
                                    {.further = {{.option = "--part", .make = further}}});
  const auto figures_in = [](const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("<svg", at)) != std::string::npos; ++at) ++count;
    return count;
  };
  EXPECT_EQ(figures_in(html_report(report)), figures_in(html_report(plain)) + 1);
  const Format& accuracy = format_of("accuracy.svg");
  EXPECT_GT(figures_in(accuracy.render(report)), figures_in(accuracy.render(plain)));
}

TEST(Sections, WithoutClaimsHaveNoListOfThem) {
  Section section = section_of("a part");
  section.checked.claims.clear();
  EXPECT_THAT(section_text(section), Not(HasSubstr("holds")));
  EXPECT_THAT(section_markdown(section), Not(HasSubstr("holds")));
  EXPECT_THAT(section_html(section), Not(AnyOf(HasSubstr("<ol"), HasSubstr("holds"))));
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
  const auto further = [](const std::vector<RunGroup>&, const EvaluationsOfRuns&) {
    return section_of(kObeyed);
  };
  const Report report =
      make_report({.runs = {stored(run), stored(failed)}, .unfinished = {kObeyed}},
                  {.further = {{.option = "--part", .make = further}}, .mistakes = true});
  ASSERT_FALSE(is_plain(kObeyed));
  for (const Format& format : formats()) {
    if (format.ending == ".json") continue;  // the strings themselves
    SCOPED_TRACE(format.ending);
    const std::string text = format.render(report);
    EXPECT_TRUE(is_plain(text));
    EXPECT_THAT(text, AnyOf(HasSubstr("u202e"), HasSubstr("nothing to show")));
  }
}

TEST(MarkdownEscaped, KeepsTextFromBecomingMarkup) {
  EXPECT_EQ(markdown_escaped("a|b"), "a\\|b");
  EXPECT_EQ(markdown_escaped("*x* [y](z) `c` <b> \\ &amp; #1 ~s~"),
            "\\*x\\* \\[y\\](z) \\`c\\` \\<b\\> \\\\ \\&amp; \\#1 \\~s\\~");
  EXPECT_EQ(markdown_escaped("optimizer.learning_rate _x_"), "optimizer.learning_rate \\_x\\_");
  EXPECT_EQ(markdown_escaped("two\nlines\r"), "two lines\\\\x0d");
}

}  // namespace
}  // namespace mnist_bench
