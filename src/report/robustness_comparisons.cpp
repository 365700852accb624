#include "report/robustness_section.h"

namespace mnist_bench {

std::int64_t images_of(const SeverityPoint& point) {
  return point.images * static_cast<std::int64_t>(point.specs.size());
}

std::vector<NamedJudgement> judged_severities(const TransformFamily& family, std::size_t a,
                                              std::size_t b) {
  std::vector<NamedJudgement> judged;
  for (const SeverityPoint& point : family.points) {
    const ValuesBySeed& of_a = point.accuracy[a];
    const ValuesBySeed& of_b = point.accuracy[b];
    Judgement judgement = judge(paired_by_seed(of_a, of_b).differences, images_of(point));
    SampleSummary& difference = judgement.difference;
    difference.is_deterministic =
        of_a.is_at_every_seed && of_b.is_at_every_seed && difference.n > 0;
    if (judgement.could_decide() || difference.is_deterministic) {
      judged.push_back({point.name, judgement});
    }
  }
  return judged;
}

std::vector<RobustnessComparison> robustness_comparisons(
    const std::vector<RunGroup>& groups, const std::vector<TransformFamily>& families) {
  std::vector<RobustnessComparison> comparisons;
  for (std::size_t a = 0; a < groups.size(); ++a) {
    for (std::size_t b = a + 1; b < groups.size(); ++b) {
      if (!share_test_images(groups[a], groups[b])) continue;
      for (const TransformFamily& family : families) {
        std::vector<NamedJudgement> judged = judged_severities(family, a, b);
        if (judged.empty()) continue;
        RobustnessComparison comparison{.a = groups[a].label,
                                        .b = groups[b].label,
                                        .family = family.name,
                                        .severities = std::move(judged),
                                        .joint = {}};
        comparison.joint = judge_jointly(comparison.severities);
        comparisons.push_back(std::move(comparison));
      }
    }
  }
  return comparisons;
}

}  // namespace mnist_bench
