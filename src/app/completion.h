#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mnist_bench {

/// A word that a shell offers: a command, an option, a config key.
struct CompletedWord {
  /// "run", "--output", "training.epochs".
  std::string name;
  std::string help;
  /// The kind of its value, as in `CompletedCommand::arguments`; empty where it takes none.
  std::string value;
};

/// What may follow one command.
struct CompletedCommand {
  /// "config show"; empty for the program itself.
  std::string path;
  std::vector<CompletedWord> commands;
  std::vector<CompletedWord> options;
  /// The kinds of its other words in order, of which the last one repeats: "config", "key",
  /// "config_or_key", "file", "folder", "free" (anything), or the allowed words joined by '|'.
  std::vector<std::string> arguments;
};

/// All that a shell can complete.
struct Completion {
  std::vector<CompletedCommand> commands;
  std::vector<CompletedWord> keys;
  /// Names of the shipped configs.
  std::vector<std::string> configs;
};

/// From the commands of `app` themselves, the table of config keys and the shipped configs.
Completion completion_of(const CLI::App& app);

/// The script that teaches it to the shell.
std::string bash_completion(const Completion& completion);
std::string zsh_completion(const Completion& completion);

}  // namespace mnist_bench
