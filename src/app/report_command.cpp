#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "app/commands.h"
#include "app/output_file.h"
#include "base/error.h"
#include "paper/check.h"
#include "record/latency.h"
#include "record/read_result.h"
#include "report/format/formats.h"

namespace mnist_bench {
namespace {

struct ReportArguments {
  std::vector<std::string> folders;
  std::vector<std::string> files;
  std::string latency_file;
  bool paper = false;
};

/// Throws if `option` adds a section that neither the terminal nor any of the files shows.
void require_sections(const std::vector<std::string>& files, const std::string& option,
                      const std::string& figure = "") {
  const bool shows =
      files.empty() || std::any_of(files.begin(), files.end(), [&](const auto& file) {
        const Format& format = format_of(file);
        return format.shows_sections || format.ending == figure;
      });
  if (shows) return;
  std::vector<std::string> endings;
  for (const Format& format : formats()) {
    if (format.shows_sections) endings.push_back(format.ending);
  }
  throw Error(
      ExitCode::usage,
      fmt::format("{}: none of these files shows it: {}", option, fmt::join(files, ", ")),
      fmt::format("write one of {}, or leave out -o for the terminal", fmt::join(endings, ", ")));
}

void report(const ReportArguments& arguments) {
  for (const std::string& file : arguments.files) format_of(file);
  check_output_files(arguments.files);
  if (arguments.paper) require_sections(arguments.files, "--paper");
  if (!arguments.latency_file.empty()) {
    require_sections(arguments.files, "--latency", "efficiency.svg");
  }
  for (const std::string& folder : arguments.folders) {
    // `report a -o x.md y.csv` reads y.csv as a folder.
    require_folder(folder,
                   "name a run folder, or a folder that holds run folders; -o takes one file and "
                   "can be repeated: -o a.md -o b.csv");
  }
  std::vector<Latency> latencies;
  if (!arguments.latency_file.empty()) latencies = read_latencies(arguments.latency_file);
  const StoredRuns stored = read_runs({arguments.folders.begin(), arguments.folders.end()});
  if (stored.runs.empty() && !stored.unreadable.empty()) {
    throw Error(ExitCode::io, stored.unreadable.front(),
                "there is no other run to report; train it again with --force");
  }
  if (stored.runs.empty()) {
    throw Error(ExitCode::io,
                fmt::format("no run (a folder with a result.json) at or below {}",
                            fmt::join(arguments.folders, ", ")),
                stored.unfinished.empty()
                    ? "train one first: mnist-bench run configs/mlp.json"
                    : fmt::format("unfinished: {}; the same command with --resume continues it",
                                  stored.unfinished.front().string()));
  }
  ReportOptions options;
  options.latencies = std::move(latencies);
  if (arguments.paper) {
    options.further.push_back(
        {.option = "--paper",
         .make = [](const std::vector<RunGroup>& groups, const EvaluationsOfRuns& evaluations) {
           return paper_section(check_paper(groups, evaluations));
         }});
  }
  for (const std::string& file : arguments.files) {
    options.mistakes = options.mistakes || format_of(file).shows_mistakes;
    options.pictures = options.pictures || format_of(file).shows_pictures;
  }
  const Report made = make_report(stored, options);
  if (arguments.files.empty()) {
    print(text_report(made));
    return;
  }
  // All are rendered before the first is written.
  std::vector<std::string> contents;
  for (const std::string& file : arguments.files) contents.push_back(format_of(file).render(made));
  Console console(ConsoleOptions{});
  for (std::size_t i = 0; i < contents.size(); ++i) {
    write_output_file(arguments.files[i], contents[i]);
    console.info("wrote " + arguments.files[i]);
  }
  for (const std::string& warning : made.warnings) console.warn(warning);
}

}  // namespace

void add_report_command(CLI::App& app) {
  auto arguments = std::make_shared<ReportArguments>();
  CLI::App* command = app.add_subcommand(
      "report", "Mean ± SD tables over the seeds of each experiment, for people and programs");
  command->footer(R"(
examples:
  mnist-bench report runs
  mnist-bench report runs/mlp runs/cnn --paper
  mnist-bench report runs -o report.html -o table.md -o runs.csv
  mnist-bench report runs -o accuracy.svg -o mnist-confusion.svg
  mnist-bench report runs --latency latency.json -o report.html)");
  command->add_option("DIR", arguments->folders, "Run folders, or folders that hold some")
      ->required();
  std::string kinds;
  for (const Format& format : formats()) {
    kinds += fmt::format("{}{} ({})", kinds.empty() ? "" : ", ", format.ending, format.meaning);
  }
  command
      ->add_option("-o,--output", arguments->files,
                   "Write to a file instead of the terminal, its format by how its name ends: " +
                       kinds + "; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--latency", arguments->latency_file,
                   "What bench --inference -o FILE has measured, for the section on efficiency "
                   "(.html, .json, efficiency.svg)")
      ->type_name("FILE");
  command->add_flag(
      "--paper", arguments->paper,
      "Check the paper against these runs: its tables and claims (terminal, .md, .html, "
      ".json, sections.csv)");
  command->callback([arguments] { report(*arguments); });
}

}  // namespace mnist_bench
