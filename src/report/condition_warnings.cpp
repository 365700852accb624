#include "report/condition_warnings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/text.h"
#include "record/devices.h"

namespace mnist_bench {
namespace {

/// A condition under which a run was made; equal where numbers are to be compared.
struct Condition {
  const char* name;
  bool time_only;  ///< matters for times alone, not for the metrics
  std::string (*of)(const Provenance&);
};
const Condition kConditions[] = {
    {"threads", true, [](const Provenance& p) { return counted(p.threads, "thread"); }},
    {"CPU", true, [](const Provenance& p) { return p.cpu; }},
    {"device", true,
     [](const Provenance& p) { return fmt::format("{} ({})", p.device, p.device_name); }},
    {"allocator", true, [](const Provenance& p) { return p.allocator; }},
    {"version", false, [](const Provenance& p) { return p.version; }},
    {"git revision", false,
     [](const Provenance& p) { return p.git_revision.value_or("unknown").substr(0, 12); }},
    {"build type", false, [](const Provenance& p) { return p.build_type; }},
    {"compiler", false, [](const Provenance& p) { return p.compiler; }},
    {"LibTorch", false, [](const Provenance& p) { return p.libtorch; }},
};

/// A value's groups are named up to this number; of more there is an example.
constexpr std::size_t kMostNamed = 2;

std::string first_of(const std::set<std::string>& items) {
  return listed(std::vector<std::string>(items.begin(), items.end()), kMostListed);
}

std::set<std::string> values_in(const RunGroup& group,
                                const std::function<std::string(const RunResult&)>& value_of) {
  std::set<std::string> values;
  for (const StoredRun& run : group.completed) values.insert(value_of(run.result));
  return values;
}

/// The groups that have a value, by their labels.
struct Holders {
  std::string value;
  std::vector<std::string> labels;
};

void add_label(std::vector<Holders>& all, const std::string& value, const std::string& label) {
  auto holders = std::find_if(all.begin(), all.end(),
                              [&](const Holders& each) { return each.value == value; });
  if (holders == all.end()) holders = all.insert(all.end(), {.value = value, .labels = {}});
  holders->labels.push_back(label);
}

/// "2 threads: 55 groups, such as mlp"
std::string holders_text(const Holders& holders) {
  const std::vector<std::string>& labels = holders.labels;
  if (labels.size() <= kMostNamed) {
    return fmt::format("{}: {}", holders.value, fmt::join(labels, " and "));
  }
  return fmt::format("{}: {}, such as {}", holders.value, counted(labels.size(), "group"),
                     labels.front());
}

/// Each value with its groups, that of most groups first.
std::string holders_text(std::vector<Holders> all) {
  std::stable_sort(all.begin(), all.end(), [](const Holders& a, const Holders& b) {
    return a.labels.size() > b.labels.size();
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), kMostListed); ++i) {
    text += (i == 0 ? "" : "; ") + holders_text(all[i]);
  }
  if (all.size() > kMostListed) {
    text += "; and " + counted(all.size() - kMostListed, "other value");
  }
  return text;
}

/// One warning when `values_in` a group differ, or else when they differ between groups. `within`
/// and `across` say what follows from it.
void warn_of_difference(std::vector<std::string>& warnings, const std::vector<RunGroup>& groups,
                        const std::string& name,
                        const std::function<std::string(const RunResult&)>& value_of,
                        const std::string& within, const std::string& across) {
  std::vector<Holders> all;
  bool mixed = false;
  for (const RunGroup& group : groups) {
    const std::set<std::string> values = values_in(group, value_of);
    if (values.empty()) continue;
    if (values.size() == 1) {
      add_label(all, *values.begin(), group.label);
      continue;
    }
    mixed = true;
    warnings.push_back(fmt::format("{}: its runs differ in {} ({}); {}", group.label, name,
                                   first_of(values), within));
  }
  if (mixed || all.size() < 2) return;
  warnings.push_back(
      fmt::format("the groups differ in {} ({}); {}", name, holders_text(std::move(all)), across));
}

void warn_of_conditions(std::vector<std::string>& warnings, const std::vector<RunGroup>& groups) {
  for (const Condition& condition : kConditions) {
    const auto value_of = [&](const RunResult& run) {
      return run.provenance ? condition.of(*run.provenance) : std::string("unknown");
    };
    if (condition.time_only) {
      warn_of_difference(warnings, groups, condition.name, value_of,
                         "their times are not comparable", "do not compare their times");
    } else {
      warn_of_difference(warnings, groups, condition.name, value_of,
                         "times and, in the last digits, metrics may differ for that alone",
                         "times and, in the last digits, metrics may differ for that alone");
    }
  }
}

/// A condition on a run's provenance, and the warning about the runs that meet it.
struct Reservation {
  bool (*applies)(const Provenance&);
  const char* text;
};
const Reservation kReservations[] = {
    {[](const Provenance& p) { return p.git_dirty.value_or(false); },
     "from a build with uncommitted changes: the git revision does not identify the source"},
    {[](const Provenance& p) { return p.build_type == "Debug"; },
     "from a debug build: the times say nothing about a release build"},
    {[](const Provenance& p) { return !p.resumed_after.empty(); },
     "resumed from a checkpoint: the times may mix machines or loads"},
};

void warn_of_builds(std::vector<std::string>& warnings, const std::vector<RunGroup>& groups) {
  for (const Reservation& reservation : kReservations) {
    std::int64_t runs = 0;
    for (const RunGroup& group : groups) {
      for (const StoredRun& run : group.completed) {
        const auto& provenance = run.result.provenance;
        runs += provenance && reservation.applies(*provenance) ? 1 : 0;
      }
    }
    if (runs > 0) warnings.push_back(counted(runs, "run") + " " + reservation.text);
  }
}

void warn_of_jobs(std::vector<std::string>& warnings, const std::vector<RunGroup>& groups) {
  std::vector<Holders> all;
  for (const RunGroup& group : groups) {
    std::int64_t jobs = 1;
    for (const StoredRun& run : group.completed) {
      if (run.result.provenance) jobs = std::max(jobs, run.result.provenance->jobs);
    }
    if (jobs > 1) add_label(all, fmt::format("{} at once", jobs), group.label);
  }
  if (all.empty()) return;
  warnings.push_back(fmt::format(
      "times were taken with several runs side by side ({}); they are not those of a run alone",
      holders_text(std::move(all))));
}

void warn_of_moves(std::vector<std::string>& warnings, const std::vector<RunGroup>& groups) {
  for (const RunGroup& group : groups) {
    if (group.completed.empty() || devices_of(group.completed.front().result).size() < 2) continue;
    warnings.push_back(fmt::format(
        "{}: its runs were resumed on another device ({}): their metrics belong to neither device, "
        "and they have no seconds per epoch",
        group.label, group.device));
  }
}

}  // namespace

std::vector<std::string> condition_warnings(const std::vector<RunGroup>& groups) {
  std::vector<std::string> warnings;
  const auto test_set = [](const RunResult& run) {
    if (!run.data) return std::string("unknown");
    return fmt::format("{} of the images with SHA-256 {}", run.data->test.samples,
                       run.data->test.sha256.substr(0, 12));
  };
  warn_of_difference(warnings, groups, "the test set", test_set, "their metrics are not comparable",
                     "do not compare their metrics");
  warn_of_jobs(warnings, groups);
  warn_of_moves(warnings, groups);
  warn_of_conditions(warnings, groups);
  warn_of_builds(warnings, groups);
  return warnings;
}

}  // namespace mnist_bench
