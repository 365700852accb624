#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "evaluate/judge.h"
#include "paper/check.h"

namespace mnist_bench {
namespace {

std::string basis_text(ClaimBasis basis) {
  switch (basis) {
    case ClaimBasis::runs:
      return "computed from the runs";
    case ClaimBasis::arithmetic:
      return "by arithmetic";
    case ClaimBasis::reading:
      return "a reading of the text";
    case ClaimBasis::nothing:
      break;
  }
  return "nothing yet";
}

Tone tone_of(ClaimVerdict verdict) {
  switch (verdict) {
    case ClaimVerdict::holds:
      return Tone::good;
    case ClaimVerdict::holds_in_part:
      return Tone::mixed;
    case ClaimVerdict::does_not_hold:
      return Tone::bad;
    case ClaimVerdict::suggested:
    case ClaimVerdict::undecided:
    case ClaimVerdict::cannot_be_told:
    case ClaimVerdict::open:
      break;
  }
  return Tone::unknown;
}

Verdict verdict_of(ClaimVerdict verdict) {
  return {.text = to_string(verdict), .tone = tone_of(verdict)};
}

/// Of several claims.
std::string verdict_and_reason(ClaimVerdict verdict) {
  switch (verdict) {
    case ClaimVerdict::holds:
      return "hold";
    case ClaimVerdict::holds_in_part:
      return "hold in part";
    case ClaimVerdict::does_not_hold:
      return "do not hold";
    case ClaimVerdict::suggested:
      return "suggested by these runs, but not shown";
    case ClaimVerdict::undecided:
      return "undecided, as these runs do not decide them";
    case ClaimVerdict::cannot_be_told:
      return "cannot be told, as the paper does not say enough";
    case ClaimVerdict::open:
      break;
  }
  return "open, as neither the paper nor these runs measure them";
}

/// Of each verdict that there is, in the order of ClaimVerdict.
std::map<ClaimVerdict, std::int64_t> claims_by_verdict(const PaperCheck& check) {
  std::map<ClaimVerdict, std::int64_t> claims;
  for (const PaperClaim& claim : check.claims) ++claims[claim.verdict];
  return claims;
}

std::vector<VerdictCount> verdict_counts(const PaperCheck& check) {
  std::vector<VerdictCount> counts;
  for (const auto& [verdict, claims] : claims_by_verdict(check)) {
    counts.push_back({.verdict = verdict_of(verdict), .claims = claims});
  }
  return counts;
}

/// How many claims have which verdict, and what that rests on.
std::string tally(const PaperCheck& check) {
  std::vector<std::string> verdicts;
  for (const auto& [verdict, claims] : claims_by_verdict(check)) {
    verdicts.push_back(fmt::format("{}: {}", verdict_and_reason(verdict), claims));
  }
  const auto rest_on = [&](ClaimBasis basis) {
    return std::count_if(check.claims.begin(), check.claims.end(),
                         [&](const PaperClaim& claim) { return claim.basis == basis; });
  };
  return fmt::format(
      "{} claims, of which {}. Verdicts computed from the runs: {}; by arithmetic from what the "
      "paper prints: {}; by a reading of its text: {}.",
      check.claims.size(), fmt::join(verdicts, "; "), rest_on(ClaimBasis::runs),
      rest_on(ClaimBasis::arithmetic), rest_on(ClaimBasis::reading));
}

/// One sentence or none.
std::vector<std::string> notes_on_chance(const PaperCheck& check) {
  const std::int64_t tests = tests_made(check);
  if (tests == 0) return {};
  return {chance_note(tests)};
}

std::vector<CheckedClaim> checked_claims(const PaperCheck& check) {
  std::vector<CheckedClaim> claims;
  for (const PaperClaim& claim : check.claims) {
    claims.push_back(
        {.place = claim.place,
         .claim = claim.claim,
         .verdict = verdict_of(claim.verdict),
         .basis = claim.basis == ClaimBasis::nothing ? kAbsent : to_string(claim.basis),
         .basis_in_words = basis_text(claim.basis),
         .findings = claim.findings,
         .experiment = claim.experiment});
  }
  return claims;
}

}  // namespace

Section paper_section(const PaperCheck& check) {
  std::vector<std::string> notes = check.sources;
  for (std::string& note : paper_notes()) notes.push_back(std::move(note));
  return {.id = "paper",
          .title = "The paper, checked",
          .remarks = check.notes,
          .tables = {cell_table(check.cells)},
          .notes = std::move(notes),
          .checked = {.title = "What the paper claims, checked",
                      .counts = verdict_counts(check),
                      .tally = tally(check),
                      .notes = notes_on_chance(check),
                      .claims = checked_claims(check),
                      .where_findings_are = "The arithmetic behind each: report DIR --paper -o "
                                            "paper.md, or paper.html"},
          .tables_after = {deviation_table(check.cells),
                           layer_table("Table 1: parameters of the MLP", check.table1),
                           layer_table("Table 2: parameters of the CNN", check.table2)},
          .opens_report = true,
          .data = paper_json(check)};
}

}  // namespace mnist_bench
