#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/text.h"
#include "evaluate/judge.h"
#include "report/format/formats.h"
#include "report/format/html_parts.h"
#include "report/format/svg.h"
#include "report/paper.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kLineWidth = 100;
constexpr const char* kTitle = "The paper, checked";
constexpr const char* kClaimsTitle = "What the paper claims, checked";

std::string basis_text(ClaimBasis basis) {
  switch (basis) {
    case ClaimBasis::runs:
      return "computed from the runs";
    case ClaimBasis::arithmetic:
      return "by arithmetic";
    case ClaimBasis::reading:
      break;
  }
  return "a reading of the text";
}

/// How many claims have which verdict, and what that rests on.
std::string tally(const PaperCheck& check) {
  const auto count = [&](ClaimVerdict verdict) {
    return std::count_if(check.claims.begin(), check.claims.end(),
                         [&](const PaperClaim& claim) { return claim.verdict == verdict; });
  };
  const auto rest_on = [&](ClaimBasis basis) {
    return std::count_if(check.claims.begin(), check.claims.end(),
                         [&](const PaperClaim& claim) { return claim.basis == basis; });
  };
  return fmt::format(
      "Of {} claims {} hold, {} hold in part and {} do not; {} are suggested by these runs, but "
      "not "
      "shown; {} are undecided: these runs do not decide them; {} cannot be told, as the paper "
      "does "
      "not say enough; {} are open: neither the paper nor these runs measure them. {} verdicts are "
      "computed from the runs, {} by arithmetic from what the paper prints, and {} are a reading "
      "of "
      "its text.",
      check.claims.size(), count(ClaimVerdict::holds), count(ClaimVerdict::holds_in_part),
      count(ClaimVerdict::does_not_hold), count(ClaimVerdict::suggested),
      count(ClaimVerdict::undecided), count(ClaimVerdict::cannot_be_told),
      count(ClaimVerdict::open), rest_on(ClaimBasis::runs), rest_on(ClaimBasis::arithmetic),
      rest_on(ClaimBasis::reading));
}

/// One sentence or none.
std::vector<std::string> notes_on_chance(const PaperCheck& check) {
  const std::int64_t tests = tests_made(check);
  if (tests == 0) return {};
  return {chance_note(tests)};
}

/// Lines of at most kLineWidth code points: the first after `first`, the others after as many
/// spaces.
std::string wrapped(const std::string& first, const std::string& text) {
  const std::string indent(code_points(first), ' ');
  std::string lines;
  std::string line = first;
  std::istringstream words(text);
  bool empty = true;
  for (std::string word; words >> word;) {
    if (!empty && code_points(line) + 1 + code_points(word) > kLineWidth) {
      lines += line + "\n";
      line = indent;
      empty = true;
    }
    line += (empty ? "" : " ") + word;
    empty = false;
  }
  return lines + line + "\n";
}

}  // namespace

std::string paper_text(const PaperCheck& check) {
  std::string text = std::string(kTitle) + "\n";
  for (const std::string& note : check.notes) text += wrapped("", note);
  for (const ReportTable& table : paper_tables(check)) {
    text += "\n" + table.title + "\n" + text_table(table.columns, table.header, table.rows);
  }
  text += "\n";
  for (const std::string& note : paper_notes()) text += wrapped("", note);
  text += fmt::format("\n{}\n", kClaimsTitle) + wrapped("", tally(check));
  for (const std::string& note : notes_on_chance(check)) text += wrapped("", note);
  text += "\n";
  for (std::size_t i = 0; i < check.claims.size(); ++i) {
    const PaperClaim& claim = check.claims[i];
    text += wrapped(fmt::format("{:2}  {:20}  {:10}  ", i + 1, to_string(claim.verdict),
                                to_string(claim.basis)),
                    fmt::format("{}: {}", claim.place, claim.claim));
  }
  text += "\n" +
          wrapped("", "The arithmetic behind each: report DIR --paper -o paper.md, or paper.html");
  return text;
}

std::string paper_markdown(const PaperCheck& check) {
  std::string text = fmt::format("## {}\n\n", kTitle);
  for (const std::string& note : check.notes) text += "- " + markdown_escaped(note) + "\n";
  for (const ReportTable& table : paper_tables(check)) {
    text += "\n### " + markdown_escaped(table.title) + "\n\n" + markdown_table(table);
  }
  text += "\n";
  for (const std::string& note : paper_notes()) text += "- " + markdown_escaped(note) + "\n";
  text += fmt::format("\n## {}\n\n{}\n\n", kClaimsTitle, markdown_escaped(tally(check)));
  for (const std::string& note : notes_on_chance(check)) text += markdown_escaped(note) + "\n\n";
  for (std::size_t i = 0; i < check.claims.size(); ++i) {
    const PaperClaim& claim = check.claims[i];
    text += fmt::format("{}. {}: {}  \n    **{}** ({})\n", i + 1, markdown_escaped(claim.place),
                        markdown_escaped(claim.claim), to_string(claim.verdict),
                        basis_text(claim.basis));
    for (const std::string& finding : claim.findings) {
      text += "    - " + markdown_escaped(finding) + "\n";
    }
  }
  return text + "\n";
}

std::string paper_html(const PaperCheck& check) {
  std::string html = list_html(check.notes);
  for (const ReportTable& table : paper_tables(check)) html += table_html(table);
  for (const std::string& note : paper_notes()) {
    html += "<p class=\"note\">" + markup_escaped(note) + "</p>\n";
  }
  html += fmt::format("<h3>{}</h3>\n<p>{}</p>\n", kClaimsTitle, markup_escaped(tally(check)));
  for (const std::string& note : notes_on_chance(check)) {
    html += "<p class=\"note\">" + markup_escaped(note) + "</p>\n";
  }
  html += "<ol class=\"claims\">\n";
  for (const PaperClaim& claim : check.claims) {
    html +=
        fmt::format("<li><p>{}: {}<br><strong>{}</strong> ({})</p>\n{}</li>\n",
                    markup_escaped(claim.place), markup_escaped(claim.claim),
                    to_string(claim.verdict), basis_text(claim.basis), list_html(claim.findings));
  }
  return html + "</ol>\n";
}

}  // namespace mnist_bench
