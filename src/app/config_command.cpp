#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/commands.h"
#include "config/read.h"
#include "config/schema.h"
#include "config/write.h"
#include "experiment/trainable.h"

namespace mnist_bench {
namespace {

void check_config(const ConfigArguments& arguments) {
  const ExperimentConfig config = read_experiment(arguments.file, arguments.overrides);
  std::optional<DataShape> files;
  try {
    files = shape_of_files(config.data);
  } catch (const Error& error) {  // a config is often checked on a machine without its data
    Console(ConsoleOptions{})
        .warn(fmt::format("the network is not checked, for want of the data: {}", error.what()));
  }
  if (files) {
    naming_config(config_origin(arguments.file),
                  [&] { require_trainable(config, shape_from(*files, config.data)); });
  }
  print(fmt::format("{}: ok (config hash {})\n", arguments.file, config_hash(config)));
}

}  // namespace

void add_config_command(CLI::App& app) {
  CLI::App* config = app.add_subcommand("config", "Show or check a config, or print its schema");
  config->require_subcommand(1);
  config->footer(
      "\nexamples:\n  mnist-bench config check configs/mlp.json\n"
      "  mnist-bench config show configs/cnn.json training.epochs=1");

  auto shown = std::make_shared<ConfigArguments>();
  CLI::App* show = config->add_subcommand("show",
                                          "Print the resolved config: all keys, as a run "
                                          "would see them");
  show->footer("\nexample:\n  mnist-bench config show configs/cnn.json training.epochs=1");
  add_config_arguments(*show, *shown);
  show->callback(
      [shown] { print(to_json(read_experiment(shown->file, shown->overrides)).dump(2) + "\n"); });

  auto checked = std::make_shared<ConfigArguments>();
  CLI::App* check =
      config->add_subcommand("check", "Say whether a config is valid, and its network possible");
  check->footer("\nexample:\n  mnist-bench config check configs/mlp.json seed=3");
  add_config_arguments(*check, *checked);
  check->callback([checked] { check_config(*checked); });

  CLI::App* schema = config->add_subcommand("schema", "Print the JSON Schema of configs");
  schema->footer("\nexample:\n  mnist-bench config schema > schema.json");
  schema->callback([] { print(config_schema().dump(2) + "\n"); });

  CLI::App* reference = config->add_subcommand("reference", "Print all keys as a Markdown table");
  reference->footer("\nexample:\n  mnist-bench config reference");
  reference->callback([] { print(config_reference_markdown()); });
}

}  // namespace mnist_bench
