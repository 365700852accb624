#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "paper/check.h"
#include "paper/paper_runs.h"
#include "report/format/formats.h"
#include "report/format/svg.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string text_of(const PaperCheck& check) { return section_text(paper_section(check)); }
std::string markdown_of(const PaperCheck& check) { return section_markdown(paper_section(check)); }
std::string html_of(const PaperCheck& check) { return section_html(paper_section(check)); }

TEST(PaperReport, SaysHowManyConclusionsCanBeWrongByChance) {
  const PaperCheck check = check_paper(group_runs(paper_runs()));
  // 8 cells, 4 metrics, time to classify, time to train, accuracy and macro F1, 1 and 7 in each
  // model, the sizes of the classes.
  EXPECT_EQ(tests_made(check), 19);
  for (const std::string& form : {markdown_of(check), html_of(check), text_of(check)}) {
    EXPECT_THAT(form, HasSubstr("19 conclusions in this section rest"));
  }
  const PaperCheck empty = check_paper({});
  EXPECT_EQ(tests_made(empty), 0);
  EXPECT_THAT(text_of(empty), Not(HasSubstr("conclusions in this section")));
}

TEST(PaperReport, HasAllNumbersAndVerdictsInJson) {
  const PaperCheck check = check_paper(group_runs(paper_runs()));
  const nlohmann::ordered_json json = paper_section(check).data;
  ASSERT_EQ(json["cells"].size(), check.cells.size());
  const auto& accuracy = json["cells"][0];
  EXPECT_EQ(accuracy["metric"], "accuracy");
  EXPECT_EQ(accuracy["model"], "MLP");
  EXPECT_EQ(accuracy["paper"], 97.7);
  EXPECT_EQ(accuracy["ours"]["n"], 3);
  EXPECT_NEAR(accuracy["ours"]["mean"], 0.9770, 1e-12);  // 230 of 10,000 are wrong
  EXPECT_NEAR(accuracy["difference"], 0.0, 1e-9);
  EXPECT_LT(accuracy["range_of_a_run"][0], 97.7);
  EXPECT_GT(accuracy["range_of_a_run"][1], 97.7);
  EXPECT_EQ(accuracy["verdict"], to_string(check.cells[0].verdict));
  ASSERT_EQ(json["claims"].size(), check.claims.size());
  for (std::size_t i = 0; i < check.claims.size(); ++i) {
    EXPECT_EQ(json["claims"][i]["verdict"], to_string(check.claims[i].verdict));
    EXPECT_EQ(json["claims"][i]["findings"], check.claims[i].findings);
  }
  EXPECT_EQ(json["table1"].size(), check.table1.size());
  const nlohmann::ordered_json empty = paper_section(check_paper({})).data;
  EXPECT_TRUE(empty["cells"][0]["ours"]["mean"].is_null());
  EXPECT_TRUE(empty["cells"][0]["difference"].is_null());
  EXPECT_TRUE(empty["cells"][0]["range_of_a_run"].is_null());
}

TEST(PaperReport, CountsEachVerdictThatThereIsAndColoursItAsItsClaims) {
  PaperCheck check;
  for (const ClaimVerdict verdict :
       {ClaimVerdict::does_not_hold, ClaimVerdict::holds, ClaimVerdict::does_not_hold}) {
    check.claims.push_back({.place = "Sec. 1", .claim = "so", .verdict = verdict});
  }
  const Section section = paper_section(check);
  const std::vector<VerdictCount>& counts = section.checked.counts;
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].verdict.text, "holds");
  EXPECT_EQ(counts[0].verdict.tone, Tone::good);
  EXPECT_EQ(counts[0].claims, 1);
  EXPECT_EQ(counts[1].verdict.text, "does not hold");
  EXPECT_EQ(counts[1].verdict.tone, Tone::bad);
  EXPECT_EQ(counts[1].claims, 2);
  EXPECT_EQ(section.checked.claims[0].verdict.tone, Tone::bad);
  EXPECT_THAT(section.checked.tally, HasSubstr("3 claims, of which hold: 1; do not hold: 2."));
}

TEST(PaperReport, OpensWithTable4AndEndsWithTheLayers) {
  const Section section = paper_section(check_paper(group_runs(paper_runs())));
  EXPECT_TRUE(section.opens_report);
  ASSERT_EQ(section.tables.size(), 1U);
  EXPECT_THAT(section.tables[0].title, HasSubstr("Tables 4 and 5"));
  ASSERT_EQ(section.tables_after.size(), 3U);
  EXPECT_THAT(section.tables_after.at(1).title, HasSubstr("Table 1"));
}

TEST(PaperReport, SaysTheSameInTextMarkdownAndHtml) {
  const PaperCheck check = check_paper(group_runs(paper_runs()));
  ASSERT_GE(check.claims.size(), 20U);
  const std::string markdown = markdown_of(check);
  const std::string html = html_of(check);
  // Unwrapped, as each line of a claim after the first begins with 38 spaces.
  std::string text = text_of(check);
  const std::string indent = "\n" + std::string(38, ' ');
  for (std::size_t at; (at = text.find(indent)) != std::string::npos;) {
    text.replace(at, indent.size(), " ");
  }
  for (const PaperClaim& claim : check.claims) {
    EXPECT_THAT(text, HasSubstr(to_string(claim.verdict)));
    EXPECT_THAT(text, HasSubstr(claim.place + ": " + claim.claim + "\n"));
    EXPECT_THAT(markdown, HasSubstr(markdown_escaped(claim.claim) + "  \n    **" +
                                    to_string(claim.verdict) + "** ("));
    EXPECT_THAT(html, HasSubstr(markup_escaped(claim.claim)));
    ASSERT_THAT(claim.findings, Not(IsEmpty())) << claim.claim;
    for (const std::string& finding : claim.findings) {
      EXPECT_THAT(markdown, HasSubstr("    - " + markdown_escaped(finding) + "\n"));
      EXPECT_THAT(html, HasSubstr("<li>" + markup_escaped(finding) + "</li>"));
    }
  }
  for (const std::string& form : {text, markdown, html}) {
    EXPECT_THAT(form, HasSubstr("97.7 ± 0.2"));
    EXPECT_THAT(form, HasSubstr("97.70 ± 0.10"));
    EXPECT_THAT(form, HasSubstr("higher, within the paper"));
    EXPECT_THAT(form, HasSubstr("does not hold"));
    EXPECT_THAT(form, Not(HasSubstr("nan")));
    EXPECT_THAT(form, Not(HasSubstr("inf ")));
  }
}

TEST(PaperReport, WrapsTheTerminalsSentencesAt100Columns) {
  const std::string text = text_of(check_paper(group_runs(paper_runs())));
  std::istringstream lines(text.substr(text.find("What the paper claims")));
  for (std::string line; std::getline(lines, line);) {
    const auto width = std::count_if(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    });
    EXPECT_LE(width, 100) << line;
  }
}

TEST(PaperReport, NeedsNoCompletedRun) {
  RunResult failed = sample_result("mlp");
  failed.status = RunStatus::failed;
  failed.test.reset();
  failed.model.reset();
  failed.data.reset();
  failed.epochs.clear();
  const PaperCheck check = check_paper(group_runs({stored(failed)}));
  EXPECT_THAT(text_of(check), HasSubstr("MLP: no runs."));
  failed.model = sample_result().model;
  EXPECT_THAT(text_of(check_paper(group_runs({stored(failed)}))), HasSubstr("n = 0 seeds"));
}

}  // namespace
}  // namespace mnist_bench
