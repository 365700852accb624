#pragma once

#include <CLI/Error.hpp>
#include <CLI/Validators.hpp>
#include <map>
#include <string>
#include <vector>

#include "app/console.h"

namespace CLI {
class App;
}

namespace mnist_bench {

/// What a command leaves for main: how to report an error.
struct Session {
  ConsoleOptions console;
  /// The command line as it was typed, for the record.
  std::string command_line;
};

/// Each adds one command to `app`. It runs when the command line is parsed, prints its result on
/// stdout and throws Error.
void add_run_command(CLI::App& app, Session& session);
void add_sweep_command(CLI::App& app, Session& session);
void add_evaluate_command(CLI::App& app, Session& session);
void add_predict_command(CLI::App& app, Session& session);
void add_export_command(CLI::App& app);
void add_inspect_command(CLI::App& app, Session& session);
void add_report_command(CLI::App& app);
void add_compare_command(CLI::App& app);
void add_verify_command(CLI::App& app);
void add_bench_command(CLI::App& app, Session& session);
void add_summary_command(CLI::App& app);
void add_config_command(CLI::App& app);
void add_data_command(CLI::App& app);
void add_data_sheet_command(CLI::App& data);
void add_doctor_command(CLI::App& app);
void add_completion_command(CLI::App& app);

/// The positional CONFIG and KEY=VALUE of the commands that take a config.
struct ConfigArguments {
  std::string file;
  std::vector<std::string> overrides;
};
void add_config_arguments(CLI::App& command, ConfigArguments& arguments);

/// Turns the name of an option's value into the value; any other text is refused with the names.
/// The validator is named after them, "json|text", for shells that complete words.
template <class Value>
CLI::Validator one_of(const std::map<std::string, Value>& values) {
  std::string names;
  for (const auto& [name, value] : values) names += (names.empty() ? "" : "|") + name;
  const auto replace = [values](std::string& text) -> std::string {
    const auto found = values.find(text);
    if (found != values.end()) {
      text = std::to_string(static_cast<int>(found->second));
      return "";
    }
    std::string allowed;
    for (const auto& [name, value] : values) allowed += (allowed.empty() ? "" : ", ") + name;
    throw CLI::ValidationError("found " + text + "; allowed: " + allowed);
  };
  return {replace, /*validator_desc=*/"", /*validator_name=*/names};
}

/// Prints `text` on stdout, without what a terminal would obey (see `printable`); Error(io) when
/// it cannot be written (a full disk). Ends the process by SIGPIPE where the reader has gone.
void print(const std::string& text);

/// The same for a result that is recorded. An interrupted run ends as such even if stdout cannot be
/// written: its terminal may be gone (SIGHUP).
void print_result(const std::string& text, bool is_interrupted);

}  // namespace mnist_bench
