#include "report/latencies.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "config/experiment.h"
#include "report/condition_warnings.h"

namespace mnist_bench {
namespace {

bool is_of(const RunGroup& group, const Latency& latency) {
  if (latency.config_hash != group.config_hash) return false;
  return !latency.seed ||
         std::any_of(group.completed.begin(), group.completed.end(), [&](const StoredRun& run) {
           return static_cast<std::int64_t>(run.result.config.seed) == *latency.seed;
         });
}

/// Leaves only those for which `is_preferred`, if there are any.
template <class Predicate>
void prefer(std::vector<Latency>& latencies, const Predicate& is_preferred) {
  if (std::any_of(latencies.begin(), latencies.end(), is_preferred)) {
    std::erase_if(latencies, [&](const Latency& one) { return !is_preferred(one); });
  }
}

std::vector<Latency> chosen(std::vector<Latency> latencies) {
  if (latencies.empty()) return latencies;
  prefer(latencies, [](const Latency& one) { return engine_of(one.engine) == Engine::native; });
  const auto fewest =
      std::min_element(latencies.begin(), latencies.end(),
                       [](const Latency& a, const Latency& b) { return a.threads < b.threads; });
  prefer(latencies,
         [threads = fewest->threads](const Latency& one) { return one.threads == threads; });
  prefer(latencies, [](const Latency& one) { return one.seed.has_value(); });
  std::set<std::optional<std::int64_t>> seeds;
  std::erase_if(latencies, [&](const Latency& one) { return !seeds.insert(one.seed).second; });
  return latencies;
}

}  // namespace

std::vector<std::string> join_latencies(std::vector<RunGroup>& groups,
                                        const std::vector<Latency>& latencies) {
  std::vector<std::string> of_none;
  bool joined_any = false;
  for (const Latency& latency : latencies) {
    bool joined = false;
    for (RunGroup& group : groups) {
      if (!is_of(group, latency)) continue;
      joined = true;
      if (latency.batch == 1) group.latencies.push_back(latency);
    }
    const std::string name =
        latency.seed ? fmt::format("{} seed {}", latency.name, *latency.seed) : latency.name;
    const bool is_new = std::find(of_none.begin(), of_none.end(), name) == of_none.end();
    if (!joined && is_new) of_none.push_back(name);
    joined_any = joined_any || joined;
  }
  bool any = false;
  for (RunGroup& group : groups) {
    group.latencies = chosen(std::move(group.latencies));
    any = any || !group.latencies.empty();
  }
  std::vector<std::string> warnings;
  if (!of_none.empty()) {
    warnings.push_back("latencies of networks that are none of these experiments are left out: " +
                       listed(of_none, kMostListed));
  }
  if (joined_any && !any) {
    warnings.emplace_back("no latency is of one image (bench --inference --batch 1)");
  }
  return warnings;
}

}  // namespace mnist_bench
