#include "app/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <variant>

#include "config/keys.h"
#include "config/shipped_configs.h"

namespace mnist_bench {
namespace {

/// The kind of value that an option or argument takes, by what its help calls it: "DIR",
/// "KEY=VALUE".
std::string kind_of(const std::string& placeholder) {
  if (placeholder == "CONFIG") return "config";
  if (placeholder == "KEY=VALUE") return "key";
  if (placeholder == "CONFIG or KEY=VALUE") return "config_or_key";
  if (placeholder == "DIR" || placeholder == "A" || placeholder == "B") return "folder";
  if (placeholder == "FILE" || placeholder == "SWEEP") return "file";
  return "free";
}

/// The kind of value that an option takes; its name begins with '-'. Empty for a flag.
std::string value_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return "";
  const std::string type = option.get_type_name();
  const std::string placeholder = type.substr(0, type.find_first_of(": "));
  return kind_of(placeholder);
}

/// The allowed words, where `one_of` has named them.
std::optional<std::string> choices_of(CLI::Option& option) {
  try {
    const std::string& name = option.get_validator(0)->get_name();
    if (!name.empty()) return name;
  } catch (const CLI::OptionNotFound&) {  // without any validator
  }
  return std::nullopt;
}

void add_option(const CLI::Option& option, CompletedCommand& to) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): CLI11 2.1 shows validators no other way
  const auto choices = choices_of(const_cast<CLI::Option&>(option));
  if (!option.nonpositional()) {
    to.arguments.push_back(choices.value_or(kind_of(option.get_name(/*positional=*/true))));
    return;
  }
  const std::string value = choices.value_or(value_of(option));
  for (const std::string& name : option.get_lnames()) {
    to.options.push_back({"--" + name, option.get_description(), value});
  }
  for (const std::string& name : option.get_snames()) {
    to.options.push_back({"-" + name, option.get_description(), value});
  }
}

void add_command(const CLI::App& app, const std::string& path, Completion& to) {
  CompletedCommand command{.path = path, .commands = {}, .options = {}, .arguments = {}};
  for (const CLI::Option* option : app.get_options()) add_option(*option, command);
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* sub : below) {
    command.commands.push_back({sub->get_name(), sub->get_description(), ""});
  }
  to.commands.push_back(std::move(command));
  for (const CLI::App* sub : below) {
    add_command(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), to);
  }
}

std::vector<CompletedWord> completed_keys() {
  std::vector<CompletedWord> words;
  for (const Key& key : experiment_keys()) {
    const std::string path = key.path();
    const bool is_known = std::any_of(words.begin(), words.end(),
                                      [&](const CompletedWord& word) { return word.name == path; });
    if (is_known) continue;  // the key of another model, too
    std::string value = "free";
    if (const auto* choice = std::get_if<Choice>(&key.rule)) {
      value = fmt::format("{}", fmt::join(choice->values, "|"));
    } else if (std::holds_alternative<Path>(key.rule)) {
      value = "folder";
    }
    words.push_back({path, key.meaning, value});
  }
  return words;
}

}  // namespace

Completion completion_of(const CLI::App& app) {
  Completion completion;
  add_command(app, "", completion);
  completion.keys = completed_keys();
  completion.configs = shipped_config_names();
  return completion;
}

}  // namespace mnist_bench
