#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/commands.h"
#include "base/error.h"
#include "base/number.h"
#include "record/read_predictions.h"
#include "record/read_result.h"
#include "record/result_json.h"
#include "report/compare/text.h"

namespace mnist_bench {
namespace {

struct CompareArguments {
  std::string a;
  std::string b;
  std::vector<std::string> more;  ///< further groups
  bool json = false;
  std::string equivalence;  ///< margin in percentage points, or empty
  std::string not_worse;    ///< the same
};

/// The margin as a difference of accuracies; absent without the option.
std::optional<double> margin_of(const char* option, const std::string& points) {
  if (points.empty()) return std::nullopt;
  const std::optional<double> value = number_in(points);
  if (value && *value > 0.0 && *value <= 100.0) return *value / 100.0;
  throw Error(ExitCode::usage,
              fmt::format("{} {}: allowed: a margin > 0 and ≤ 100", option, points),
              fmt::format("name the difference of mean accuracy, in percentage points, that would "
                          "not matter: {} 0.1",
                          option));
}

bool is_run(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / "result.json");
}

void require_finished(const std::string& folder) {
  if (run_presence(folder) != RunPresence::unfinished) return;
  throw Error(ExitCode::io, fmt::format("the run in {} is unfinished", folder),
              "resume it: mnist-bench run CONFIG --resume");
}

/// The one experiment whose runs are below `folder`.
RunGroup read_group(const std::string& folder) {
  const StoredRuns stored = read_runs({folder});
  if (!stored.unreadable.empty()) {
    throw Error(ExitCode::io, stored.unreadable.front(),
                "move that run out of the folder, or train it again with --force");
  }
  if (stored.runs.empty()) {
    throw Error(ExitCode::io,
                fmt::format("no run (a folder with a result.json) at or below {}", folder),
                stored.unfinished.empty() ? "train one first: mnist-bench run configs/mlp.json"
                                          : "its runs are unfinished; run them with --resume");
  }
  std::vector<RunGroup> groups = group_runs(stored.runs);
  if (groups.size() == 1) return std::move(groups.front());
  std::vector<std::string> names;
  for (const RunGroup& group : groups) {
    names.push_back(fmt::format("{} (n = {}, {} …)", group.label, group.completed.size(),
                                first_run(group).folder.string()));
  }
  throw Error(
      ExitCode::usage,
      fmt::format("{} holds {} experiments: {}", folder, groups.size(), fmt::join(names, "; ")),
      "name a folder that holds the runs of one of them, or a single run");
}

template <typename Comparison>
void show(const Comparison& comparison, bool json) {
  using Json = nlohmann::ordered_json;
  print(json ? compare_json(comparison).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
             : compare_text(comparison));
}

void compare_two_groups(const CompareArguments& arguments, const Margins& margins) {
  const GroupComparison comparison =
      compare_groups(read_group(arguments.a), read_group(arguments.b), margins);
  show(comparison, arguments.json);
  if (comparison.equivalence && comparison.equivalence->obstacle) {
    throw Error(ExitCode::run_failed,
                equivalence_conclusion(*comparison.equivalence, comparison.images));
  }
  if (comparison.not_worse && comparison.not_worse->obstacle) {
    throw Error(ExitCode::run_failed,
                not_worse_conclusion(*comparison.not_worse, comparison.images));
  }
}

/// The option that asks for a margin, where one is given.
const char* margin_option(const Margins& margins) {
  if (margins.equivalence) return "--equivalence";
  return margins.not_worse ? "--not-worse" : nullptr;
}

void compare_many_groups(const std::vector<std::string>& folders, const Margins& margins,
                         bool json) {
  if (margin_option(margins) != nullptr) {
    throw Error(ExitCode::usage,
                fmt::format("{} is for two groups of seeds, not for {}", margin_option(margins),
                            folders.size()),
                "name two folders, or leave the option out");
  }
  if (folders.size() > kMostGroups) {
    throw Error(
        ExitCode::usage,
        fmt::format("{} groups: at most {} can be compared at once", folders.size(), kMostGroups),
        "name fewer folders");
  }
  std::vector<RunGroup> groups;
  for (const std::string& folder : folders) groups.push_back(read_group(folder));
  show(compare_family(groups), json);
}

/// All of them folders, no two the same, and of one kind.
void check_folders(const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    require_folder(folder, "name a run folder, or a folder that holds the runs of one experiment");
    require_finished(folder);
  }
  for (std::size_t i = 0; i < folders.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!std::filesystem::equivalent(folders[j], folders[i])) continue;
      throw Error(ExitCode::usage,
                  fmt::format("{} and {} are the same folder", folders[j], folders[i]),
                  "name two runs, or two folders of runs");
    }
    if (is_run(folders[i]) == is_run(folders[0])) continue;
    const std::string& run = is_run(folders[0]) ? folders[0] : folders[i];
    const std::string& other = is_run(folders[0]) ? folders[i] : folders[0];
    throw Error(ExitCode::usage,
                fmt::format("{} is a single run and {} a folder of runs", run, other),
                "name two runs, or two folders of runs");
  }
}

void compare(const CompareArguments& arguments) {
  const Margins margins{.equivalence = margin_of("--equivalence", arguments.equivalence),
                        .not_worse = margin_of("--not-worse", arguments.not_worse)};
  std::vector<std::string> folders = {arguments.a, arguments.b};
  folders.insert(folders.end(), arguments.more.begin(), arguments.more.end());
  check_folders(folders);
  if (folders.size() > 2) {
    if (is_run(arguments.a)) {
      throw Error(ExitCode::usage,
                  fmt::format("{} single runs: they are compared two at a time", folders.size()),
                  "name two of them, or folders with the runs of all seeds");
    }
    compare_many_groups(folders, margins, arguments.json);
    return;
  }
  if (!is_run(arguments.a)) {
    compare_two_groups(arguments, margins);
    return;
  }
  if (margin_option(margins) != nullptr) {
    throw Error(ExitCode::usage,
                fmt::format("{} is for two groups of seeds, and {} and {} are single runs",
                            margin_option(margins), arguments.a, arguments.b),
                "name the folder that holds the runs of all seeds, for either side");
  }
  const auto read = [](const std::string& folder) {
    StoredRun run{.folder = folder, .result = read_result(folder)};
    if (!run.result.test) {
      throw Error(ExitCode::usage,
                  fmt::format("{} has no predictions to compare: it is {}", folder,
                              to_string(run.result.status)),
                  run.result.error.value_or("name a completed run"));
    }
    return run;
  };
  const StoredRun a = read(arguments.a);
  const StoredRun b = read(arguments.b);
  show(compare_runs(a, read_predictions(a.folder, a.result), b,
                    read_predictions(b.folder, b.result)),
       arguments.json);
}

}  // namespace

void add_compare_command(CLI::App& app) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App* command = app.add_subcommand(
      "compare", "Paired test of two runs (by image) or of two groups of runs (by seed)");
  command->footer(R"(
examples:
  mnist-bench compare runs/mlp/seed-1 runs/cnn/seed-1
  mnist-bench compare runs/mlp runs/cnn --json
  mnist-bench compare runs/mlp runs/cnn runs/lenet5
  mnist-bench compare runs/old runs/new --equivalence 0.1
  mnist-bench compare runs/new runs/old --not-worse 0.1)");
  command
      ->add_option("A", arguments->a, "A run folder, or a folder with the runs of one experiment")
      ->required();
  command->add_option("B", arguments->b, "The same for the other side; differences are B - A")
      ->required();
  command->add_option("C", arguments->more,
                      "Further folders of runs: every pair is tested, p adjusted by Holm's method");
  CLI::Option* equivalence =
      command
          ->add_option("--equivalence", arguments->equivalence,
                       "Of two groups: exit 1 unless their mean accuracies are shown to be within "
                       "POINTS percentage points of each other (two one-sided t-tests at 5 %)")
          ->type_name("POINTS");
  command
      ->add_option("--not-worse", arguments->not_worse,
                   "Of two groups: exit 1 unless A's mean accuracy is shown to be no more than "
                   "POINTS percentage points below B's (one-sided t-test at 5 %)")
      ->type_name("POINTS")
      ->excludes(equivalence);
  command->add_flag("--json", arguments->json, "Print JSON (schema mnist-bench.compare/1)");
  command->callback([arguments] { compare(*arguments); });
}

}  // namespace mnist_bench
