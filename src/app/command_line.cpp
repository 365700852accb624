#include "app/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/descriptor.h"
#include "base/escape.h"
#include "base/nearest.h"
#include "runtime/build_info.h"
#include "runtime/libtorch_version.h"
#include "runtime/process.h"
#include "runtime/working_folder.h"

namespace mnist_bench {
namespace {

constexpr const char* kDescription =
    "Trains and compares small image classifiers, and records how every number was obtained.";

constexpr const char* kFooter = R"(
examples:
  mnist-bench run configs/mlp.json
  mnist-bench run configs/cnn.json seed=3 training.epochs=1 --output /tmp/try
  mnist-bench run configs/smoke.json --quiet --expect 'accuracy>=0.8'
  mnist-bench evaluate runs --suite quick
  mnist-bench report runs
  mnist-bench compare runs/mlp runs/cnn
  mnist-bench verify runs

exit codes: 0 ok, 1 run failed or diverged, or not shown what was asked for (--expect,
--equivalence, --not-worse), 2 usage or config, 3 data, 4 a sweep ended with failed runs, 5 device
unavailable, 6 input/output or lock, 75 interrupted, 130 interrupted twice)";

std::string version_text() {
  const BuildInfo build = build_info();
  const std::string revision = build.git_revision ? build.git_revision->substr(0, 12) : "unknown";
  return fmt::format("mnist-bench {} (git {}{}, {}, {}, LibTorch {})", build.version, revision,
                     build.git_dirty.value_or(false) ? "-dirty" : "", build.build_type,
                     build.compiler, build.libtorch);
}

/// The deepest command that the command line names, and the word after it, if that names none.
struct NamedCommand {
  const CLI::App* command = nullptr;
  std::string path;
  std::optional<std::string> unknown;
};

NamedCommand named_command(const CLI::App& app, int argc, const char* const* argv) {
  NamedCommand named{.command = &app, .path = "mnist-bench", .unknown = std::nullopt};
  for (int i = 1; i < argc && !named.command->get_subcommands({}).empty(); ++i) {
    const std::string word = argv[i];
    if (word.starts_with('-')) continue;
    const auto below = named.command->get_subcommands(
        [&](const CLI::App* candidate) { return candidate->get_name() == word; });
    if (below.empty()) {
      named.unknown = word;
      break;
    }
    named.command = below.front();
    named.path += " " + word;
  }
  return named;
}

/// The nearest command to a mistyped one, or all of them where none is near or they are few.
std::string advice(const std::string& unknown, const CLI::App& parent) {
  constexpr std::size_t kFew = 2;
  std::vector<std::string> names;
  for (const CLI::App* below : parent.get_subcommands({})) names.push_back(below->get_name());
  const auto close = names.size() > kFew ? nearest(unknown, names) : std::nullopt;
  return close ? fmt::format("did you mean '{}'?", *close)
               : fmt::format("it has {}", fmt::join(names, ", "));
}

/// The error of a command line that does not parse.
Error parse_error(const CLI::App& app, int argc, const char* const* argv,
                  const CLI::ParseError& error) {
  const NamedCommand named = named_command(app, argc, argv);
  const std::string help = fmt::format("see {} --help", named.path);
  if (named.unknown) {
    return {ExitCode::usage,
            fmt::format("{} has no command '{}'; {}", named.path, *named.unknown,
                        advice(*named.unknown, *named.command)),
            help};
  }
  const bool may_mean_key =
      error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError) &&
      named.command->get_option_no_throw("KEY=VALUE") != nullptr;
  return {ExitCode::usage, error.what(),
          help + (may_mean_key ? "; config keys are set as KEY=VALUE, for example training.epochs=1"
                               : "")};
}

/// For every option and argument of every command: an empty text, as from an unset shell variable,
/// is an error and never means "not given".
void refuse_empty_values(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_max() == 0) continue;  // a flag
    option->check([](const std::string& text) {
      return std::string(text.empty() ? "the value is empty" : "");
    });
  }
  for (CLI::App* below : app.get_subcommands({})) refuse_empty_values(*below);
}

/// CLI11 takes the next word as the value of "--output=".
void refuse_missing_values(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word.starts_with("--") && word.find('=') == word.size() - 1) {
      throw Error(ExitCode::usage, fmt::format("{} has no value", word),
                  "name one, or leave the option out");
    }
  }
}

/// Where the working folder has been deleted, that is most likely why a command fails.
bool has_working_folder() {
  std::error_code error;
  return !std::filesystem::current_path(error).empty();
}

/// 0, or the number of the error.
int write_to_stdout(const std::string& text) {
  const std::string shown = printable(text);
  const bool written = std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size() &&
                       std::fflush(stdout) == 0;
  return written ? 0 : errno;
}

std::string joined(int argc, const char* const* argv) {
  return fmt::format("{}", fmt::join(argv, argv + argc, " "));
}

}  // namespace

void add_config_arguments(CLI::App& command, ConfigArguments& arguments) {
  command
      .add_option("CONFIG", arguments.file,
                  "experiment config (JSON), or the name of a shipped one; - for stdin")
      ->required();
  command.add_option("KEY=VALUE", arguments.overrides,
                     "config keys to override, dotted: seed=3 training.epochs=1");
}

void print(const std::string& text) {
  const int error = write_to_stdout(text);
  if (error == 0) return;
  if (error == EPIPE) {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
  }
  throw Error(ExitCode::io, fmt::format("cannot write to stdout: {}", errno_message(error)));
}

void print_result(const std::string& text, bool is_interrupted) {
  if (is_interrupted) {
    write_to_stdout(text);
  } else {
    print(text);
  }
}

void run_command_line(int argc, const char* const* argv, Session& session) {
  return_to_working_folder();
  set_environment_of_libraries();
  tune_allocator();
  session.command_line = joined(argc, argv);
  require_libtorch_of_the_build();
  CLI::App app(kDescription, "mnist-bench");
  app.footer(kFooter);
  app.set_version_flag("--version", version_text(), "Print version, revision, build and LibTorch");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.option_defaults()->always_capture_default();
  add_run_command(app, session);
  add_sweep_command(app, session);
  add_evaluate_command(app, session);
  add_predict_command(app, session);
  add_export_command(app);
  add_inspect_command(app, session);
  add_report_command(app);
  add_compare_command(app);
  add_verify_command(app);
  add_summary_command(app);
  add_bench_command(app, session);
  add_config_command(app);
  add_data_command(app);
  add_doctor_command(app);
  add_completion_command(app);
  refuse_empty_values(app);
  refuse_missing_values(argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    // The help of the deepest command that was named.
    const CLI::App* command = &app;
    std::string parents;
    while (!command->get_subcommands().empty()) {
      parents += (parents.empty() ? "" : " ") + command->get_name();
      command = command->get_subcommands().front();
    }
    print(command->help(parents));
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    throw parse_error(app, argc, argv, error);
  } catch (const Error& error) {
    if (has_working_folder()) throw;
    throw Error(error.code(), error.what(),
                "the current folder no longer exists: cd to one that does", error.cause());
  }
}

}  // namespace mnist_bench
