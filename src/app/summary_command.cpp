#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "config/read.h"
#include "experiment/trainable.h"
#include "model/summary.h"
#include "record/result_json.h"
#include "report/format/run_text.h"

namespace mnist_bench {
namespace {

struct SummaryArguments {
  ConfigArguments config;
  bool json = false;
};

void summary(const SummaryArguments& arguments) {
  const ExperimentConfig config =
      read_experiment(arguments.config.file, arguments.config.overrides);
  const DataShape data = shape_of(config.data);
  const ModelSummary model = naming_config(config_origin(arguments.config.file), [&] {
    return summarize(config.model, data.image, data.classes);
  });
  print(arguments.json ? to_json(model).dump(2) + "\n" : model_text(model));
}

}  // namespace

void add_summary_command(CLI::App& app) {
  auto arguments = std::make_shared<SummaryArguments>();
  CLI::App* command = app.add_subcommand(
      "summary", "Layers, output shapes, parameters and multiply-accumulates of a model");
  command->footer("\nexample:\n  mnist-bench summary configs/cnn.json model.hidden=64");
  add_config_arguments(*command, arguments->config);
  command->add_flag("--json", arguments->json, "print JSON");
  command->callback([arguments] { summary(*arguments); });
}

}  // namespace mnist_bench
