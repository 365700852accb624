#include "app/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/nearest.h"
#include "runtime/build_info.h"

namespace mnist_bench {
namespace {

constexpr const char* kDescription =
    "Trains and compares small image classifiers, and proves every number it prints.";

constexpr const char* kFooter = R"(
examples:
  mnist-bench run configs/mlp.json
  mnist-bench run configs/cnn.json seed=3 training.epochs=1 --output /tmp/try
  mnist-bench run configs/smoke.json --quiet --expect 'accuracy>=0.8'
  mnist-bench report runs

exit codes: 0 ok, 1 run failed, diverged or an --expect missed, 2 usage or config, 3 data,
5 device unavailable, 6 input/output or lock, 75 interrupted, 130 interrupted twice)";

std::string version_text() {
  const BuildInfo build = build_info();
  const std::string revision = build.git_revision ? build.git_revision->substr(0, 12) : "unknown";
  return fmt::format("mnist-bench {} (git {}{}, {}, {}, LibTorch {})", build.version, revision,
                     build.git_dirty.value_or(false) ? "-dirty" : "", build.build_type,
                     build.compiler, build.libtorch);
}

/// What a mistyped word most likely meant: a command, or the KEY=VALUE form of an option.
std::string hint_for(const CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands({})) commands.push_back(command->get_name());
  const std::string first = argc > 1 ? argv[1] : "";
  const bool known = std::find(commands.begin(), commands.end(), first) != commands.end();
  if (!known && !first.empty() && first.front() != '-') {
    const auto close = nearest(first, commands);
    return close ? fmt::format("there is no command '{}'; did you mean '{}'?", first, *close)
                 : fmt::format("there is no command '{}'; commands are {}", first,
                               fmt::join(commands, ", "));
  }
  if (known) {
    return fmt::format(
        "see mnist-bench {} --help; config keys are set as KEY=VALUE, for example "
        "seed=3 training.epochs=1",
        first);
  }
  return "see mnist-bench --help";
}

std::string joined(int argc, const char* const* argv) {
  return fmt::format("{}", fmt::join(argv, argv + argc, " "));
}

}  // namespace

void add_config_arguments(CLI::App& command, ConfigArguments& arguments) {
  command.add_option("CONFIG", arguments.file, "experiment config (JSON)")->required();
  command.add_option("KEY=VALUE", arguments.overrides,
                     "config keys to override, dotted: seed=3 training.epochs=1");
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw Error(ExitCode::io, fmt::format("cannot write to stdout: {}", std::strerror(errno)));
  }
}

void run_command_line(int argc, const char* const* argv, Session& session) {
  session.command_line = joined(argc, argv);
  CLI::App app(kDescription, "mnist-bench");
  app.footer(kFooter);
  app.set_version_flag("--version", version_text(), "Print version, revision, build and LibTorch");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.option_defaults()->always_capture_default();
  add_run_command(app, session);
  add_report_command(app);
  add_summary_command(app);
  add_config_command(app);
  add_data_command(app);
  add_doctor_command(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    // The help of the deepest command that was named.
    const CLI::App* command = &app;
    while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
    print(command->help(command == &app ? "" : app.get_name()));
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    throw Error(ExitCode::usage, error.what(), hint_for(app, argc, argv));
  }
}

}  // namespace mnist_bench
