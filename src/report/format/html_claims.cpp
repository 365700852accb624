#include <fmt/format.h>

#include "report/format/html_parts.h"
#include "report/format/svg.h"

namespace mnist_bench {
namespace {

std::string badge_class(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "badge good";
    case Tone::mixed:
      return "badge mixed";
    case Tone::bad:
      return "badge bad";
    case Tone::unknown:
      break;
  }
  return "badge";
}

/// Hidden until page.js acts on it.
std::string filter_html(const CheckedClaims& checked) {
  std::string html =
      "<div class=\"filter\" role=\"search\" aria-label=\"Claims\" hidden>\n"
      "<div role=\"group\" aria-label=\"Verdicts to show\">\n";
  for (const VerdictCount& count : checked.counts) {
    html += fmt::format(
        "<button type=\"button\" aria-pressed=\"false\" value=\"{0}\">{1} {0}</button>\n",
        markup_escaped(count.verdict.text), count.claims);
  }
  return html +
         "</div>\n<label>Search claims and evidence <input type=\"search\" autocomplete=\"off\">"
         "</label>\n<p role=\"status\"></p>\n</div>\n";
}

std::string claim_html(const std::string& id, const CheckedClaim& claim) {
  const std::string verdict = markup_escaped(claim.verdict.text);
  return fmt::format(
      "<li id=\"{0}\" data-verdict=\"{1}\"><details><summary><span class=\"{2}\">{1}</span> "
      "<span><b>{3}:</b> {4}</span></summary>\n{5}<p class=\"note\">Verdict: {6}{7}. "
      "<a href=\"#{0}\">Link to this claim</a></p></details></li>\n",
      id, verdict, badge_class(claim.verdict.tone), markup_escaped(claim.place),
      markup_escaped(claim.claim), list_html(claim.findings), markup_escaped(claim.basis_in_words),
      claim.experiment.empty()
          ? ""
          : fmt::format("; <code>{}</code>", markup_escaped(claim.experiment)));
}

}  // namespace

std::string verdict_counts_html(const std::string& section_id, const CheckedClaims& checked) {
  if (checked.claims.empty()) return "";
  std::string html = "<ul class=\"counts\" aria-label=\"Claims by verdict\">\n";
  for (const VerdictCount& count : checked.counts) {
    const std::string verdict = markup_escaped(count.verdict.text);
    html += fmt::format(
        "<li><a class=\"{}\" href=\"#{}-claims\" data-verdict=\"{}\"><b>{}</b> {}</a></li>\n",
        badge_class(count.verdict.tone), section_id, verdict, count.claims, verdict);
  }
  return html + "</ul>\n";
}

std::string claims_html(const std::string& section_id, const CheckedClaims& checked) {
  if (checked.claims.empty()) return "";
  std::string html =
      fmt::format("<h3 id=\"{}-claims\">{}</h3>\n", section_id, markup_escaped(checked.title)) +
      notes_html({checked.tally}) + notes_html(checked.notes) + filter_html(checked) +
      "<ol class=\"claims\">\n";
  for (std::size_t i = 0; i < checked.claims.size(); ++i) {
    html += claim_html(fmt::format("{}-claim-{}", section_id, i + 1), checked.claims[i]);
  }
  return html + "</ol>\n";
}

}  // namespace mnist_bench
