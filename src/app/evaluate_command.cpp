#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/evaluation_points.h"
#include "app/expectation.h"
#include "base/error.h"
#include "base/json_of.h"
#include "base/text.h"
#include "config/read.h"
#include "experiment/evaluate_runs.h"
#include "record/metric_table.h"
#include "report/corruption_error.h"
#include "report/robustness.h"
#include "runtime/interrupt.h"
#include "transform/suite.h"

namespace mnist_bench {
namespace {

struct EvaluateArguments {
  std::vector<std::string> folders;
  std::vector<std::string> specs;
  std::string suite;
  std::string data;
  std::string split;
  std::string engine;
  std::string device;
  std::string baseline;
  std::optional<std::int64_t> threads;
  std::vector<std::string> expectations;
  bool json = false;
  bool force = false;
  bool save_probabilities = false;
};

/// Before the folder of the published MNIST-C, where a suite's name is expected.
constexpr std::string_view kMnistCPrefix = "mnist-c:";

bool is_mnist_c(const EvaluateArguments& arguments) {
  return arguments.suite.starts_with(kMnistCPrefix);
}

std::string mnist_c_folder(const std::string& suite) {
  std::string folder = suite.substr(kMnistCPrefix.size());
  if (!folder.empty()) return folder;
  throw Error(ExitCode::usage, fmt::format("--suite {}: no folder is named", suite),
              "write the folder of MNIST-C behind the colon: --suite mnist-c:data/mnist_c");
}

/// `device`, as strictly as in a config.
std::string checked_device(const std::string& device) {
  const nlohmann::json config = {{"model", {{"type", "mlp"}}}, {"device", device}};
  return parse_experiment(config.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                          "--device")
      .device;
}

EvaluationOptions options_of(const EvaluateArguments& arguments, const Session& session) {
  EvaluationOptions options;
  options.points = evaluation_points(arguments.specs, is_mnist_c(arguments) ? "" : arguments.suite);
  if (options.points.empty() && !is_mnist_c(arguments)) options.points.push_back({});
  if (!arguments.data.empty()) options.data = arguments.data;
  options.on_training_images = arguments.split == kOwnTrainingSet;
  if (options.on_training_images && (options.data || is_mnist_c(arguments))) {
    throw Error(
        ExitCode::usage,
        fmt::format("--split {} is of the data that each run was trained on, --{} of others",
                    arguments.split, options.data ? "data" : "suite mnist-c"),
        "leave one of them out");
  }
  if (is_mnist_c(arguments)) options.mnist_c = mnist_c_folder(arguments.suite);
  if (!arguments.engine.empty()) options.engine = engine_of(arguments.engine);
  if (!arguments.device.empty()) options.device = checked_device(arguments.device);
  options.threads = arguments.threads;
  options.force = arguments.force;
  options.save_probabilities = arguments.save_probabilities;
  options.command = session.command_line;
  return options;
}

struct FoundRuns {
  std::vector<StoredRun> completed;
  /// Of records that cannot be read: others are evaluated, but the command does not succeed.
  std::vector<Error> unreadable;
};

/// Warns of runs that are not completed.
FoundRuns runs_in(const std::vector<std::string>& folders, Console& console) {
  constexpr const char* kPutBack = "put the file back, or train the run again with --force";
  const StoredRuns stored = read_runs({folders.begin(), folders.end()});
  FoundRuns found;
  for (const std::string& why : stored.unreadable) {
    found.unreadable.emplace_back(ExitCode::io, why, kPutBack);
  }
  std::vector<std::string> left_out;
  for (const std::filesystem::path& folder : stored.unfinished) {
    left_out.push_back(fmt::format("{} is unfinished", folder.string()));
  }
  for (const StoredRun& run : stored.runs) {
    if (run.result.status == RunStatus::completed) {
      found.completed.push_back(run);
    } else {
      left_out.push_back(fmt::format("{}: {}", run.folder.string(), to_string(run.result.status)));
    }
  }
  if (found.completed.empty()) {
    throw_first(found.unreadable, console);
    if (left_out.empty()) {
      throw Error(ExitCode::io,
                  fmt::format("no run (a folder with a result.json) at or below {}",
                              fmt::join(folders, ", ")),
                  "train one first: mnist-bench run configs/mlp.json");
    }
    throw Error(ExitCode::io, fmt::format("no completed run: {}", listed(left_out, 3)),
                "finish one with run --resume, or name one that is completed");
  }
  for (const std::string& what : left_out) console.warn("left out: " + what);
  return found;
}

/// Whether two paths lead to one run.
bool is_same_run(const StoredRun& a, const StoredRun& b) {
  return std::filesystem::equivalent(a.folder, b.folder);
}

/// The completed runs at or below `folder`, of one experiment; adds to `runs` those that are not
/// among them.
RunGroup add_baseline(const std::string& folder, std::vector<StoredRun>& runs, Console& console) {
  std::vector<StoredRun> baseline;
  const FoundRuns found = runs_in({folder}, console);
  throw_first(found.unreadable, console);
  for (const StoredRun& run : found.completed) {
    const auto known = std::find_if(
        runs.begin(), runs.end(), [&](const StoredRun& other) { return is_same_run(run, other); });
    baseline.push_back(known == runs.end() ? run : *known);
    if (known == runs.end()) runs.push_back(run);
  }
  const std::vector<RunGroup> groups = group_runs(baseline);
  if (groups.size() == 1 && runs.size() == baseline.size()) {
    throw Error(ExitCode::usage, fmt::format("--baseline {}: all runs named belong to it", folder),
                "also name the runs of another experiment");
  }
  if (groups.size() == 1) return groups.front();
  std::vector<std::string> labels;
  for (const RunGroup& group : groups) labels.push_back(group.label);
  throw Error(ExitCode::usage,
              fmt::format("--baseline {}: found {} experiments ({}); allowed: one", folder,
                          groups.size(), listed(labels, 3)),
              "name a run's folder, or the folder of one experiment's runs");
}

/// What the rows say for people, `mce` where a baseline was named.
std::string evaluations_text(const std::vector<RobustnessRow>& rows,
                             const std::optional<CorruptionErrors>& mce) {
  std::string text;
  for (const ReportTable& table : robustness_tables_by_group(rows)) {
    text += (text.empty() ? "" : "\n") + table.title + "\n" +
            text_table(table.columns, table.header, table.rows);
  }
  return mce ? text + "\n" + to_text(*mce) : text;
}

std::string json_text(const std::vector<RobustnessRow>& rows, const EvaluationOutcome& outcome,
                      const std::optional<CorruptionErrors>& mce) {
  using Json = nlohmann::ordered_json;
  Json evaluations = Json::array();
  for (const RunEvaluations& of_run : outcome.runs) {
    for (const StoredEvaluation& stored : of_run.evaluations) {
      const Evaluation& evaluation = stored.evaluation;
      evaluations.push_back({{"folder", of_run.run.folder.string()},
                             {"file", stored.file.string()},
                             {"experiment", of_run.run.result.config.name},
                             {"seed", evaluation.run.seed},
                             {"data", stored.data},
                             {"transform", canonical_spec(evaluation.transform)},
                             {"engine", evaluation.engine},
                             {"accuracy", json_of(evaluation.test.metrics.accuracy)}});
    }
  }
  Json groups = Json::array();
  for (const RobustnessRow& row : rows) groups.push_back(to_json(row));
  Json object = {
      {"schema", "mnist-bench.evaluate/1"}, {"groups", groups}, {"evaluations", evaluations}};
  if (mce) object["mce"] = to_json(*mce);
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Throws Error(run_failed) if evaluations of `runs` miss expectations; if several, warns of each.
void require_met(const std::vector<Expectation>& expectations, const EvaluationOutcome& outcome,
                 const std::vector<StoredRun>& runs, Console& console) {
  constexpr std::size_t kMostShown = 20;
  std::vector<std::string> sentences;
  for (const RunEvaluations& of_run : outcome.runs) {
    const bool is_named = std::any_of(runs.begin(), runs.end(), [&](const StoredRun& run) {
      return run.folder == of_run.run.folder;
    });
    if (!is_named) continue;
    for (const StoredEvaluation& stored : of_run.evaluations) {
      RunResult result = of_run.run.result;
      result.test = stored.evaluation.test;
      for (const std::string& sentence : missed(expectations, result)) {
        sentences.push_back(fmt::format("{}, {}: {}", of_run.run.folder.string(),
                                        canonical_spec(stored.evaluation.transform), sentence));
      }
    }
  }
  if (sentences.empty()) return;
  if (sentences.size() == 1) throw Error(ExitCode::run_failed, sentences.front());
  for (std::size_t i = 0; i < std::min(sentences.size(), kMostShown); ++i) {
    console.warn(sentences[i]);
  }
  if (sentences.size() > kMostShown) {
    console.warn(fmt::format("and {} more", sentences.size() - kMostShown));
  }
  throw Error(ExitCode::run_failed, fmt::format("{} expectations are missed", sentences.size()));
}

void evaluate(const EvaluateArguments& arguments, Session& session) {
  std::vector<Expectation> expectations;
  for (const std::string& text : arguments.expectations) {
    expectations.push_back(parse_expectation(text));
  }
  const EvaluationOptions options = options_of(arguments, session);
  handle_interrupts();
  Console console(session.console);
  const FoundRuns named = runs_in(arguments.folders, console);
  std::vector<StoredRun> runs = named.completed;
  std::optional<RunGroup> baseline;
  if (!arguments.baseline.empty()) baseline = add_baseline(arguments.baseline, runs, console);
  const EvaluationOutcome outcome = evaluate_runs(runs, options, console);
  EvaluationsOfRuns evaluations;
  std::vector<StoredRun> evaluated;
  for (const RunEvaluations& of_run : outcome.runs) {
    if (of_run.evaluations.empty()) continue;
    evaluations[of_run.run.folder] = of_run.evaluations;
    evaluated.push_back(of_run.run);
  }
  if (outcome.computed + outcome.found > 0) {
    console.info(fmt::format("{} computed in {:.1f} s, {} there already",
                             counted(outcome.computed, "evaluation"), outcome.seconds,
                             outcome.found));
  }
  const std::vector<RunGroup> groups = group_runs(evaluated);
  const std::vector<RobustnessRow> rows = robustness_rows(groups, evaluations);
  std::optional<CorruptionErrors> mce;
  if (baseline) {
    std::erase_if(baseline->completed,
                  [&](const StoredRun& run) { return !evaluations.contains(run.folder); });
    if (!baseline->completed.empty()) mce = corruption_errors(*baseline, groups, evaluations);
  }
  if (arguments.json) {
    print_result(json_text(rows, outcome, mce), outcome.interrupted);
  } else if (!rows.empty()) {
    print_result(evaluations_text(rows, mce), outcome.interrupted);
  }
  std::vector<Error> errors;
  if (outcome.interrupted) {
    errors.emplace_back(ExitCode::interrupted, "the evaluation was interrupted",
                        arguments.force
                            ? "the same command without --force computes what is missing"
                            : "the same command computes what is missing");
  }
  errors.insert(errors.end(), named.unreadable.begin(), named.unreadable.end());
  errors.insert(errors.end(), outcome.errors.begin(), outcome.errors.end());
  throw_first(errors, console);
  require_met(expectations, outcome, named.completed, console);
}

}  // namespace

void add_evaluate_command(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<EvaluateArguments>();
  CLI::App* command =
      app.add_subcommand("evaluate", "Evaluate trained runs on transformed or other images");
  command->footer(fmt::format(R"(
A SPEC is a transform with its settings, or several, joined with +:
  rotate:degrees=15+gaussian_noise:sigma=0.1
What is there already in the runs' folders (evaluations/) is not computed again.

examples:
  mnist-bench evaluate runs --transform shift:dx=2
  mnist-bench evaluate runs/mlp runs/cnn --suite standard
  mnist-bench evaluate runs/cnn/seed-1 --data ~/fashion-mnist --expect 'accuracy>=0.5')"));
  command->add_option("RUN", arguments->folders, "run folders, or folders that hold some")
      ->required();
  command
      ->add_option("--transform", arguments->specs,
                   "evaluate on the test images after this transform; repeatable")
      ->type_name("SPEC")
      ->allow_extra_args(false);
  command
      ->add_option("--suite", arguments->suite,
                   fmt::format("evaluate on each of a suite's transforms: {}, a JSON file with a "
                               "list of SPECs, or mnist-c: and the folder of MNIST-C",
                               fmt::join(suite_names(), ", ")))
      ->type_name("NAME|FILE|mnist-c:DIR");
  command
      ->add_option("--data", arguments->data,
                   "folder of the four IDX files whose test set is used (default: the run's own)")
      ->type_name("DIR");
  command
      ->add_option("--split", arguments->split,
                   "test (default), or train: the images that each run was trained on, without "
                   "dropout and augmentation")
      ->check(CLI::IsMember({kOwnTestSet, kOwnTrainingSet}))
      ->type_name("test|train");
  command->add_option("--engine", arguments->engine, "engine that predicts (default: the run's)")
      ->check(CLI::IsMember(enum_names(kEngines)))
      ->type_name("libtorch|native");
  command
      ->add_option("--device", arguments->device, "auto, cpu, cuda or cuda:N (default: the run's)")
      ->type_name("DEVICE");
  command
      ->add_option("--baseline", arguments->baseline,
                   "evaluate these runs of one experiment, too, and print the mean corruption "
                   "error (mCE) relative to the mean of their errors")
      ->type_name("RUN|DIR");
  command->add_option("--threads", arguments->threads, "CPU threads")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command
      ->add_option("--expect", arguments->expectations,
                   "exit 1 unless METRIC>=VALUE holds in each evaluation (also <=, >, <, ==); "
                   "repeatable; the metrics are those of run")
      ->type_name("METRIC>=VALUE")
      ->allow_extra_args(false);
  command->add_flag("--json", arguments->json, "print JSON (schema mnist-bench.evaluate/1)");
  command->add_flag("--force", arguments->force, "compute again what is there already");
  command->add_flag("--save-probabilities", arguments->save_probabilities,
                    "also write the probabilities of all classes, beside each evaluation (.npy)");
  command->add_flag("-q,--quiet", session.console.quiet, "warnings and errors only, and the table");
  command->add_flag("-v,--verbose", session.console.verbose, "more detail on stderr");
  command->callback([arguments, &session] { evaluate(*arguments, session); });
}

}  // namespace mnist_bench
