#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/commands.h"
#include "app/expectation.h"
#include "config/read.h"
#include "experiment/run.h"
#include "record/metric_table.h"
#include "report/format/run_text.h"
#include "runtime/interrupt.h"

namespace mnist_bench {
namespace {

struct RunArguments {
  ConfigArguments config;
  std::string output;
  bool resume = false;
  bool force = false;
  bool save_probabilities = false;
  std::vector<std::string> expectations;
};

ExitCode exit_code_of(RunStatus status) {
  if (status == RunStatus::completed) return ExitCode::ok;
  return status == RunStatus::interrupted ? ExitCode::interrupted : ExitCode::run_failed;
}

std::string remedy_for(const RunResult& result, const std::string& folder) {
  if (result.status == RunStatus::diverged) return "try a smaller optimizer.learning_rate";
  if (!is_network(result.config.model)) {
    return "such a model is fitted at once; run the command again with --resume (instead of --force, "
           "if you gave it) to start over";
  }
  if (result.epochs.empty()) {
    const std::int64_t every = result.config.training.evaluate_every;
    return (every == 1
                ? "no epoch was finished"
                : fmt::format("no checkpoint was written yet, as training.evaluate_every is {}",
                              every)) +
           "; run the command again with --resume, instead of --force, if you gave it";
  }
  return fmt::format(
      "the finished epochs are in {}; run the command again with --resume (instead of --force, if "
      "you gave it) to continue after them",
      folder);
}

void run(const RunArguments& arguments, Session& session) {
  std::vector<Expectation> expectations;
  for (const std::string& text : arguments.expectations) {
    expectations.push_back(parse_expectation(text));
  }
  std::vector<std::string> overrides = arguments.config.overrides;
  if (!arguments.output.empty()) overrides.push_back("output=" + arguments.output);
  const ExperimentConfig config = read_experiment(arguments.config.file, overrides);
  require_applicable(expectations, config);

  handle_interrupts();
  Console console(session.console);
  const RunOptions options{.existing = arguments.force    ? Existing::replace
                                       : arguments.resume ? Existing::resume
                                                          : Existing::refuse,
                           .command = session.command_line,
                           .config_origin = config_origin(arguments.config.file),
                           .save_probabilities = arguments.save_probabilities};
  DataCache data;
  const StoredRun finished = run_experiment(config, options, data, console);
  if (!session.console.quiet) {
    print_result("\n" + run_text(finished.result),
                 finished.result.status == RunStatus::interrupted);
  }
  if (finished.result.status != RunStatus::completed) {
    throw Error(exit_code_of(finished.result.status),
                finished.result.error.value_or("the run did not complete"),
                remedy_for(finished.result, finished.folder.string()));
  }
  if (arguments.save_probabilities && !finished.result.probabilities_sha256) {
    console.warn(
        fmt::format("the run was finished without its probabilities: mnist-bench evaluate {} "
                    "--save-probabilities writes them",
                    finished.folder.string()));
  }
  const std::vector<std::string> misses = missed(expectations, finished.result);
  if (!misses.empty()) {
    throw Error(ExitCode::run_failed, fmt::format("{}", fmt::join(misses, "; ")));
  }
}

}  // namespace

void add_run_command(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command = app.add_subcommand("run", "Train and evaluate one experiment");
  command->footer(R"(
examples:
  mnist-bench run configs/mlp.json
  mnist-bench run configs/mlp.json seed=2 threads=1 data.train_limit=5000
  mnist-bench run configs/cnn.json --resume --expect 'accuracy>=0.985'

Ctrl-C, SIGTERM, SIGHUP, SIGUSR1 or SIGUSR2 ends the run after the current step with a record of what
was done; Ctrl-C or SIGTERM twice ends it at once.)");
  add_config_arguments(*command, arguments->config);
  command
      ->add_option("--output", arguments->output,
                   "run folder (default: the config's output, runs/{name}/seed-{seed})")
      ->type_name("DIR");
  auto* resume = command->add_flag("--resume", arguments->resume,
                                   "accept a finished run in the folder, resume an unfinished one");
  command->add_flag("--force", arguments->force, "replace the run in the folder")->excludes(resume);
  command
      ->add_option("--expect", arguments->expectations,
                   fmt::format("exit 1 unless METRIC>=VALUE holds (also <=, >, <, ==); repeatable; "
                               "metrics: {} (higher is better), {} (lower is better)",
                               fmt::join(expectable_metrics(Better::higher), ", "),
                               fmt::join(expectable_metrics(Better::lower), ", ")))
      ->type_name("METRIC>=VALUE")
      ->allow_extra_args(false);
  command->add_flag("--save-probabilities", arguments->save_probabilities,
                    "also write the probabilities of all classes: probabilities.npy in the run "
                    "folder");
  command->add_flag("-q,--quiet", session.console.quiet, "warnings and errors only");
  command->add_flag("-v,--verbose", session.console.verbose, "more detail on stderr");
  command
      ->add_option("--log-format", session.console.format,
                   "lines on stderr for people or for programs: text (default) or json")
      ->transform(one_of<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}))
      ->type_name("FORMAT")
      ->default_str("text");
  command->callback([arguments, &session] { run(*arguments, session); });
}

}  // namespace mnist_bench
