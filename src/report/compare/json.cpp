#include <nlohmann/json.hpp>

#include "base/json_of.h"
#include "config/write.h"
#include "evaluate/interval_json.h"
#include "report/compare/text.h"
#include "report/sample_summary_json.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

Json side_of(const StoredRun& run) {
  const ExperimentConfig& config = run.result.config;
  return {{"name", config.name},
          {"seed", config.seed},
          {"folder", run.folder.string()},
          {"config_hash", config_hash(config)},
          {"accuracy", *run.result.test->metrics.accuracy}};
}

Json side_of(const RunGroup& group) {
  Json folders = Json::array();
  for (const StoredRun& run : group.completed) folders.push_back(run.folder.string());
  return {{"label", group.label},
          {"config_hash", group.config_hash},
          {"folders", folders},
          {"failed", group.failed.size()},
          {"interrupted", group.interrupted.size()}};
}

Json test_of(const McNemarTest& test) {
  return {{"method", test.method == McNemarMethod::exact_binomial ? "exact_binomial"
                                                                  : "chi_squared_corrected"},
          {"discordant_pairs", test.only_first_right + test.only_second_right},
          {"statistic", json_of(test.statistic)},
          {"p", test.p_value}};
}

Json test_of(const std::optional<SignFlipTest>& test) {
  if (!test) return nullptr;
  return {{"measure", "accuracy"},
          {"n", test->n},
          {"p", test->p_value},
          {"smallest_p", test->smallest_p}};
}

Json judgement_of(const Judgement& judgement) {
  const auto adjusted = [&](Json json) {
    if (judgement.adjusted_p) json["adjusted_p"] = *judgement.adjusted_p;
    return json;
  };
  const bool decided = judgement.conclusion == Conclusion::shown;
  const bool suggested = judgement.conclusion == Conclusion::suggested;
  return adjusted({{"measure", "accuracy"},
                   {"n", judgement.difference.n},
                   {"left_out", judgement.left_out},
                   {"difference", to_json(judgement.difference)},
                   {"conclusion", decided     ? "shown"
                                  : suggested ? "suggested"
                                              : "not_shown"},
                   {"higher", decided || suggested ? Json(judgement.b_is_higher() ? "b" : "a")
                                                   : Json(nullptr)}});
}

Json reason_of(const std::optional<EquivalenceObstacle>& obstacle) {
  if (!obstacle) return nullptr;
  switch (*obstacle) {
    case EquivalenceObstacle::too_few_seeds:
      return "too_few_seeds";
    case EquivalenceObstacle::interval_too_wide:
      return "interval_too_wide";
    case EquivalenceObstacle::difference_beyond_margin:
      break;
  }
  return "difference_beyond_margin";
}

Json test_of(const std::optional<EquivalenceTest>& test) {
  if (!test) return nullptr;
  return {{"measure", "accuracy"},
          {"method", "two_one_sided_t_tests"},
          {"margin", test->margin},
          {"n", test->difference.n},
          {"sd", json_of(test->difference.sd)},
          {"least_sd", test->least_sd},
          {"ci90", interval_json(test->ci90)},
          {"p_lower", json_of(test->p_lower)},
          {"p_upper", json_of(test->p_upper)},
          {"p", json_of(test->p_value)},
          {"equivalent", !test->obstacle},
          {"reason", reason_of(test->obstacle)}};
}

Json test_of(const NonInferiorityTest& test) {
  return {{"measure", "accuracy"},
          {"method", "one_sided_t_test"},
          {"margin", test.margin},
          {"n", test.difference.n},
          {"sd", json_of(test.difference.sd)},
          {"least_sd", test.least_sd},
          {"b_minus_a_at_most", test.ci90 ? Json(test.ci90->high) : Json(nullptr)},
          {"p", json_of(test.p_value)},
          {"not_worse", !test.obstacle},
          {"reason", reason_of(test.obstacle)}};
}

}  // namespace

Json compare_json(const RunComparison& c) {
  return {{"schema", kCompareSchema},
          {"kind", "runs"},
          {"a", side_of(c.a)},
          {"b", side_of(c.b)},
          {"config_differences", c.config_differences},
          {"images",
           {{"total", c.images},
            {"both_right", c.both_right},
            {"only_a_right", c.test.only_first_right},
            {"only_b_right", c.test.only_second_right},
            {"both_wrong", c.both_wrong}}},
          {"difference",
           {{"measure", "accuracy"},
            {"b_minus_a", c.difference.difference},
            {"ci95", interval_json(c.difference.ci95)},
            {"ci95_method", "agresti_min"}}},
          {"mcnemar", test_of(c.test)},
          {"notes", c.notes},
          {"verdict", conclusion_text(c)}};
}

Json compare_json(const GroupComparison& c) {
  Json metrics = Json::object();
  for (const MetricComparison& each : c.metrics) {
    metrics[each.metric->key] = {{"a", to_json(each.a)},
                                 {"b", to_json(each.b)},
                                 {"b_minus_a", to_json(each.difference)},
                                 {"b_minus_a_by_seed", each.differences}};
  }
  Json json = {{"schema", kCompareSchema},
               {"kind", "groups"},
               {"a", side_of(c.a)},
               {"b", side_of(c.b)},
               {"config_differences", c.config_differences},
               {"seeds", c.seeds},
               {"only_in_a", c.only_in_a},
               {"only_in_b", c.only_in_b},
               {"measures", metrics},
               {"sign_flip", test_of(c.judgement.test)},
               {"judgement", judgement_of(c.judgement)},
               {"equivalence", test_of(c.equivalence)},
               {"notes", c.notes},
               {"warnings", c.warnings},
               {"verdict", conclusion_text(c)}};
  if (c.not_worse) json["not_worse"] = test_of(*c.not_worse);
  return json;
}

Json compare_json(const FamilyComparison& family) {
  Json groups = Json::array();
  for (std::size_t i = 0; i < family.groups.size(); ++i) {
    const RunGroup& group = family.groups[i];
    Json side = {{"group", group_name(i)}};
    side.update(side_of(group));
    side["accuracy"] = to_json(group.summaries.at(std::string(kAccuracyKey)));
    groups.push_back(std::move(side));
  }
  Json comparisons = Json::array();
  for (const GroupComparison& pair : family.pairs) {
    Json comparison = compare_json(pair);
    for (const char* key : {"schema", "kind", "equivalence", "verdict"}) comparison.erase(key);
    comparison["a"]["group"] = pair.name_a;
    comparison["b"]["group"] = pair.name_b;
    comparisons.push_back(std::move(comparison));
  }
  return {{"schema", kCompareSchema},
          {"kind", "family"},
          {"correction", "holm"},
          {"groups", groups},
          {"comparisons", comparisons},
          {"warnings", family.warnings},
          {"verdict", conclusion_text(family)}};
}

}  // namespace mnist_bench
