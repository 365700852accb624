#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/text.h"
#include "record/verify_run.h"

namespace mnist_bench {
namespace {

struct VerifyArguments {
  std::vector<std::string> folders;
  bool json = false;
};

std::string verify_json(const std::vector<RunCheck>& checks) {
  using Json = nlohmann::ordered_json;
  Json runs = Json::array();
  for (const RunCheck& check : checks) {
    runs.push_back(
        {{"folder", check.folder.string()}, {"status", check.status}, {"faults", check.faults}});
  }
  const Json object = {{"schema", "mnist-bench.verify/1"}, {"runs", runs}};
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string verify_text(const std::vector<RunCheck>& checks) {
  std::string text;
  for (const RunCheck& check : checks) {
    for (const std::string& fault : check.faults) {
      text += one_line(fmt::format("{}/{}", check.folder.string(), fault)) + "\n";
    }
  }
  return text;
}

void verify(const VerifyArguments& arguments) {
  const std::vector<RunCheck> checks =
      verify_runs({arguments.folders.begin(), arguments.folders.end()});
  if (checks.empty()) {
    throw Error(ExitCode::io,
                fmt::format("no run at or below {}", fmt::join(arguments.folders, ", ")),
                "name a run folder, or a folder that holds some");
  }
  std::size_t faults = 0;
  std::size_t unfinished = 0;
  for (const RunCheck& check : checks) {
    faults += check.faults.size();
    unfinished += check.status == "unfinished" ? 1 : 0;
  }
  std::string summary = fmt::format("{} checked", counted(checks.size(), "run"));
  if (unfinished > 0) summary += fmt::format(", {} of them unfinished", unfinished);
  summary += fmt::format(": {}", faults == 0 ? "no fault" : counted(faults, "fault"));
  if (arguments.json) {
    print(verify_json(checks));
  } else {
    print(faults == 0 ? summary + "\n" : verify_text(checks));
  }
  if (faults == 0) return;
  throw Error(ExitCode::io, summary,
              "move what is named above away, or make it again: run --force, evaluate --force");
}

}  // namespace

void add_verify_command(CLI::App& app) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* command =
      app.add_subcommand("verify", "Check the files of runs: checksums and consistency");
  command->footer(R"(
Checks result.json, config.json, epochs.jsonl, predictions.csv and model.safetensors, and
checkpoint.safetensors where there is one. Not log.txt: no number rests on it.
Exits with 0, or with 6 and a line for each fault. An unfinished run is not a fault.

examples:
  mnist-bench verify runs
  mnist-bench verify runs/mlp/seed-1 --json)");
  command->add_option("DIR", arguments->folders, "Run folders, or folders that hold some")
      ->required();
  command->add_flag("--json", arguments->json, "Print JSON (schema mnist-bench.verify/1)");
  command->callback([arguments] { verify(*arguments); });
}

}  // namespace mnist_bench
