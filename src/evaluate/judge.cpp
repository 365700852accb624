#include "evaluate/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace mnist_bench {

std::string to_string(Conclusion conclusion) {
  switch (conclusion) {
    case Conclusion::shown:
      return "shown";
    case Conclusion::suggested:
      return "suggested, not shown";
    case Conclusion::not_shown:
      break;
  }
  return "not shown";
}

namespace {

Conclusion conclusion_of(const Judgement& judgement) {
  const std::optional<Interval>& interval = judgement.difference.ci95;
  if (!interval || (interval->low <= 0.0 && interval->high >= 0.0)) return Conclusion::not_shown;
  const double p = judgement.adjusted_p.value_or(judgement.test->p_value);
  const bool both = judgement.difference.n >= kFewestSeeds && p < kLevel;
  return both ? Conclusion::shown : Conclusion::suggested;
}

}  // namespace

Judgement judge(const std::vector<double>& differences, std::int64_t images) {
  const auto judged = std::min(differences.size(), static_cast<std::size_t>(kMostSignFlips));
  const std::vector<double> first(differences.begin(),
                                  differences.begin() + static_cast<std::ptrdiff_t>(judged));
  Judgement judgement;
  judgement.difference = paired_summary(first, images);
  judgement.left_out = static_cast<std::int64_t>(differences.size() - judged);
  if (first.empty()) return judgement;
  judgement.test = sign_flip_test(first);
  judgement.conclusion = conclusion_of(judgement);
  return judgement;
}

void judge_as_family(std::vector<Judgement>& family) {
  std::vector<Judgement*> tested;
  std::vector<double> p_values;
  for (Judgement& each : family) {
    if (each.difference.is_deterministic) continue;
    tested.push_back(&each);
    p_values.push_back(each.test ? each.test->p_value : 1.0);
  }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t i = 0; i < tested.size(); ++i) {
    tested[i]->adjusted_p = adjusted[i];
    if (tested[i]->test) tested[i]->conclusion = conclusion_of(*tested[i]);
  }
}

JointJudgement judge_jointly(const std::vector<NamedJudgement>& comparisons) {
  JointJudgement joint;
  for (const auto& [name, judgement] : comparisons) {
    const bool higher = judgement.b_is_higher();
    switch (judgement.conclusion) {
      case Conclusion::shown:
        (higher ? joint.shown_higher : joint.shown_lower).push_back(name);
        break;
      case Conclusion::suggested:
        (higher ? joint.suggested_higher : joint.suggested_lower).push_back(name);
        break;
      case Conclusion::not_shown:
        joint.not_shown.push_back(name);
        break;
    }
  }
  const std::size_t all = comparisons.size();
  const std::size_t higher = joint.shown_higher.size();
  const std::size_t lower = joint.shown_lower.size();
  if (all == 0) return joint;
  if (higher == all || lower == all) {
    joint.conclusion = JointConclusion::shown;
  } else if (higher + lower > 0) {
    joint.conclusion = JointConclusion::in_part;
  } else if (joint.suggested_higher.size() == all || joint.suggested_lower.size() == all) {
    joint.conclusion = JointConclusion::suggested;
  }
  return joint;
}

std::string chance_note(std::int64_t conclusions) {
  return fmt::format(
      "{} in this section {} on tests or ranges at {:.0f} %, with no correction for "
      "their number: were there nothing to find, about {:.2g} of them would say otherwise by "
      "chance.",
      counted(conclusions, "conclusion"), singular_or_plural(conclusions, "rests", "rest"),
      100.0 * kLevel, kLevel * static_cast<double>(conclusions));
}

}  // namespace mnist_bench
