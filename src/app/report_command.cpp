#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/commands.h"
#include "record/read_result.h"
#include "report/groups.h"

namespace mnist_bench {
namespace {

struct ReportArguments {
  std::vector<std::string> folders;
  bool paper = false;
};

void report(const ReportArguments& arguments) {
  const StoredRuns stored = read_runs({arguments.folders.begin(), arguments.folders.end()});
  if (stored.runs.empty()) {
    throw Error(ExitCode::io,
                fmt::format("no run (a folder with a result.json) at or below {}",
                            fmt::join(arguments.folders, ", ")),
                "train one first: mnist-bench run configs/mlp.json");
  }
  const std::vector<RunGroup> groups = group_runs(stored.runs);
  print(groups_text(groups));
  if (arguments.paper) print("\n" + paper_text(groups));
}

}  // namespace

void add_report_command(CLI::App& app) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command = app.add_subcommand("report", "mean ± SD over the seeds of each experiment");
  command->footer(R"(
examples:
  mnist-bench report runs
  mnist-bench report runs/mlp runs/cnn --paper)");
  command->add_option("DIR", arguments->folders, "run folders, or folders that hold some")
      ->required();
  command->add_flag("--paper", arguments->paper, "add the paper's Tables 4 and 5 beside ours");
  command->callback([arguments] { report(*arguments); });
}

}  // namespace mnist_bench
