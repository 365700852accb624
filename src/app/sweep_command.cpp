#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <map>
#include <memory>

#include "app/commands.h"
#include "base/text.h"
#include "config/sweep.h"
#include "experiment/sweep.h"
#include "experiment/sweep_plan.h"
#include "record/result_json.h"
#include "record/run_folder.h"
#include "report/format/formats.h"
#include "runtime/interrupt.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kMostNamedRuns = 5;

struct SweepArguments {
  std::string file;
  std::vector<std::string> overrides;
  std::string output;
  std::string seeds;
  std::string shard;
  bool dry_run = false;
  bool keep_going = true;
  SweepOptions options;
};

/// "2/8" is the second of eight.
std::vector<ExperimentConfig> take_shard(const std::vector<ExperimentConfig>& plan,
                                         const std::string& text) {
  if (text.empty()) return plan;
  std::int64_t index = 0;
  std::int64_t count = 0;
  const char* end = text.data() + text.size();
  const auto [slash, error] = std::from_chars(text.data(), end, index);
  const bool divided = error == std::errc() && slash != end && *slash == '/';
  if (divided) {
    const auto [rest, count_error] = std::from_chars(slash + 1, end, count);
    if (count_error == std::errc() && rest == end) {
      if (1 <= index && index <= count) return shard_of(plan, index, count);
      throw Error(ExitCode::usage, fmt::format("--shard {}: I must be 1 to N", text),
                  "write 1/4 to 4/4 for four parts");
    }
  }
  throw Error(ExitCode::usage, fmt::format("--shard {}: not of the form I/N", text),
              "write 1/4 to 4/4 for four parts");
}

/// The sweep's results so far, from the runs' folders.
StoredRuns results_of(const std::vector<ExperimentConfig>& plan) {
  StoredRuns stored;
  for (const ExperimentConfig& config : plan) {
    const RunState state = run_state(config.output, config);
    if (state.result) {
      stored.runs.push_back({.folder = config.output, .result = *state.result});
    } else if (state.started) {
      stored.unfinished.emplace_back(config.output);
    }
  }
  return stored;
}

/// Folders of the plan's runs that are not completed.
struct Shortfall {
  std::vector<std::string> failed;       ///< or diverged: now, or by their records
  std::vector<std::string> interrupted;  ///< only by a signal to their workers
  std::vector<std::string> left;         ///< without a record
};

Shortfall shortfall_of(const std::vector<ExperimentConfig>& plan, const StoredRuns& results,
                       const SweepOutcome& outcome) {
  std::map<std::string, RunStatus> recorded;
  for (const StoredRun& run : results.runs) recorded[run.folder.string()] = run.result.status;
  Shortfall shortfall;
  for (const ExperimentConfig& run : plan) {
    const auto record = recorded.find(run.output);
    const bool failed_now = outcome.failed.contains(run.output);
    if (!failed_now && record == recorded.end()) {
      shortfall.left.push_back(run.output);
    } else if (!failed_now && record->second == RunStatus::interrupted) {
      shortfall.interrupted.push_back(run.output);
    } else if (failed_now || record->second != RunStatus::completed) {
      shortfall.failed.push_back(run.output);
    }
  }
  return shortfall;
}

std::vector<std::string> runs_in_use(const std::vector<ExperimentConfig>& plan) {
  std::vector<std::string> folders;
  for (const ExperimentConfig& run : plan) {
    if (is_run_in_use(run.output)) folders.push_back(run.output);
  }
  return folders;
}

/// Throws unless all runs of the plan are completed.
void require_completed(const Shortfall& shortfall, std::size_t plan, bool fail_fast) {
  std::string interrupted;
  if (!shortfall.interrupted.empty()) {
    interrupted = fmt::format("{} of {} runs interrupted by a signal to the worker: {}",
                              shortfall.interrupted.size(), plan,
                              listed(shortfall.interrupted, kMostNamedRuns));
  }
  if (!shortfall.failed.empty()) {
    std::string what = fmt::format("{} of {} runs failed", shortfall.failed.size(), plan);
    if (fail_fast && !shortfall.left.empty()) {
      what += fmt::format(", {} were not started or are unfinished (--fail-fast)",
                          shortfall.left.size());
    }
    if (!interrupted.empty()) what += "; " + interrupted;
    throw Error(ExitCode::sweep_failed, what,
                "the same command runs them again, except those that diverged");
  }
  if (!interrupted.empty()) {
    throw Error(ExitCode::interrupted, interrupted, "the same command trains what is missing");
  }
  if (!shortfall.left.empty()) {
    throw Error(ExitCode::interrupted,
                fmt::format("{} of {} runs have no result: another process is training them: {}",
                            shortfall.left.size(), plan, listed(shortfall.left, kMostNamedRuns)),
                "the same command waits for it or resumes them");
  }
}

/// Warns of the causes of earlier failures, which nothing else reports under --quiet.
void warn_of_old_failures(const StoredRuns& results, const SweepOutcome& outcome,
                          Console& console) {
  for (const StoredRun& run : results.runs) {
    const RunResult& result = run.result;
    if (result.status == RunStatus::completed || outcome.failed.contains(run.folder.string())) {
      continue;
    }
    console.warn(fmt::format("{}: {}: {}", run.folder.string(), to_string(result.status),
                             result.error.value_or("")));
  }
}

std::string time_text(const SweepOutcome& outcome) {
  const double share =
      outcome.train_seconds / (outcome.seconds * static_cast<double>(outcome.workers));
  return fmt::format("{} in {:.1f} s on {}, {:.0f} % of it training", counted(outcome.ended, "run"),
                     outcome.seconds, counted(outcome.workers, "worker"), 100 * share);
}

void sweep(SweepArguments& arguments, Session& session) {
  const auto given = [](const std::string& option) {
    return option.empty() ? std::nullopt : std::optional(option);
  };
  const SweepConfig config =
      read_sweep(arguments.file, given(arguments.output), given(arguments.seeds));
  const std::vector<ExperimentConfig> plan =
      take_shard(plan_sweep(config, arguments.overrides), arguments.shard);
  const std::vector<PlannedRun> runs = planned_runs(plan, arguments.options.force);
  std::vector<ExperimentConfig> missing;
  std::vector<ExperimentConfig> taken;  // after the others: maybe they are done by then
  for (const PlannedRun& run : runs) {
    if (run.state.in_use) {
      taken.push_back(run.config);
    } else if (arguments.options.force || !run.state.final()) {
      missing.push_back(run.config);
    }
  }
  const std::string count =
      fmt::format("{} of {} runs to do", missing.size(), plan.size()) +
      (taken.empty() ? "" : fmt::format(", {} in use by other processes", taken.size()));
  missing.insert(missing.end(), taken.begin(), taken.end());
  if (arguments.dry_run) print(plan_text(runs) + count + "\n");
  Console console(session.console);
  for (const std::string& warning : seed_warnings(missing)) console.warn(warning);
  DataCache data;
  require_trainable(missing, data);
  require_devices(missing);
  if (arguments.dry_run) return;
  handle_interrupts();
  console.info(fmt::format("{}: {}", config.name, count));
  arguments.options.fail_fast = !arguments.keep_going;
  arguments.options.command = session.command_line;
  arguments.options.worker_observer = [] {
    return std::make_unique<Console>(
        ConsoleOptions{.format = LogFormat::json, .progress_lines = true});
  };
  SweepOutcome outcome = run_sweep(missing, arguments.options, data, console);
  if (outcome.ended > 0) console.info(time_text(outcome));
  const StoredRuns results = results_of(plan);
  if (session.console.quiet) warn_of_old_failures(results, outcome, console);
  if (!session.console.quiet && !results.runs.empty()) {
    print_result("\n" + text_report(make_report(results)), outcome.interrupted);
  }
  if (outcome.interrupted) {
    const std::vector<std::string> in_use = runs_in_use(plan);
    throw Error(ExitCode::interrupted,
                in_use.empty() ? "the sweep was interrupted"
                               : fmt::format("the sweep was interrupted; in use by other "
                                             "processes: {}",
                                             listed(in_use, kMostNamedRuns)),
                "the same command trains what is missing");
  }
  require_completed(shortfall_of(plan, results, outcome), plan.size(), arguments.options.fail_fast);
}

}  // namespace

void add_sweep_command(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<SweepArguments>();
  CLI::App* command = app.add_subcommand("sweep", "Train configs × grid × seeds");
  command->footer(R"(
A sweep file:
  { "configs": ["mlp.json", "cnn.json"],            // relative to this file
    "seeds": { "from": 1, "to": 5 },                // or a list
    "grid": { "optimizer.learning_rate": [0.001, 0.01] },
    "output": "runs/{name}" }                       // name: the file's, or "name"

The same command again trains only what is missing. It waits for runs of other processes.

examples:
  mnist-bench sweep configs/paper/sweep.json --dry-run
  mnist-bench sweep configs/paper/sweep.json --jobs 2 training.epochs=1
  mnist-bench sweep configs/paper/sweep.json --shard 1/4)");
  command->add_option("SWEEP", arguments->file, "sweep file (JSON); - for stdin")->required();
  command->add_option("KEY=VALUE", arguments->overrides,
                      "config keys to override in every run, dotted: training.epochs=1");
  command
      ->add_option("--output", arguments->output,
                   "folder of the run folders (default: the sweep's output, runs/{name})")
      ->type_name("DIR");
  command
      ->add_option("--seeds", arguments->seeds,
                   "a range, 1-10, or a list, 1,2,5 (default: the sweep's)")
      ->type_name("SEEDS");
  command->add_flag("-n,--dry-run", arguments->dry_run, "only list the runs and their states");
  command->add_option("-j,--jobs", arguments->options.jobs, "worker processes side by side")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command
      ->add_option("--threads", arguments->options.threads,
                   "CPU threads of each worker (default: 1 with several jobs, else the config's)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command->add_option("--shard", arguments->shard, "only the I-th of N parts of the runs")
      ->type_name("I/N");
  command->add_flag("--keep-going,!--fail-fast", arguments->keep_going,
                    "continue after a failed run (default), or start no more");
  command->add_flag("--force", arguments->options.force, "train everything again");
  command->add_flag("-q,--quiet", session.console.quiet, "warnings and errors only");
  command->add_flag("-v,--verbose", session.console.verbose, "also show the workers' messages");
  command->callback([arguments, &session] { sweep(*arguments, session); });
}

}  // namespace mnist_bench
