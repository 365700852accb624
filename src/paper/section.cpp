#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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
      "{} claims. Hold: {}; hold in part: {}; do not hold: {}; suggested by these runs, but not "
      "shown: {}; undecided, as these runs do not decide them: {}; cannot be told, as the paper "
      "does not say enough: {}; open, as neither the paper nor these runs measure them: {}. "
      "Verdicts computed from the runs: {}; by arithmetic from what the paper prints: {}; by a "
      "reading of its text: {}.",
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

std::vector<CheckedClaim> checked_claims(const PaperCheck& check) {
  std::vector<CheckedClaim> claims;
  for (const PaperClaim& claim : check.claims) {
    claims.push_back({.place = claim.place,
                      .claim = claim.claim,
                      .verdict = to_string(claim.verdict),
                      .basis = to_string(claim.basis),
                      .basis_in_words = basis_text(claim.basis),
                      .findings = claim.findings,
                      .experiment = claim.experiment});
  }
  return claims;
}

}  // namespace

Section paper_section(const PaperCheck& check) {
  return {.id = "paper",
          .title = "The paper, checked",
          .remarks = check.notes,
          .tables = paper_tables(check),
          .notes = paper_notes(),
          .checked = {.title = "What the paper claims, checked",
                      .tally = tally(check),
                      .notes = notes_on_chance(check),
                      .claims = checked_claims(check),
                      .where_findings_are = "The arithmetic behind each: report DIR --paper -o "
                                            "paper.md, or paper.html"},
          .data = paper_json(check)};
}

}  // namespace mnist_bench
