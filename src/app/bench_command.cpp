#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/output_file.h"
#include "bench/inference.h"
#include "bench/run.h"
#include "config/read.h"
#include "kernels/simd.h"
#include "record/read_result.h"
#include "runtime/default_threads.h"
#include "runtime/interrupt.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

std::map<std::string, Engine> engines_by_name() {
  std::map<std::string, Engine> names;
  for (const EnumName<Engine>& entry : kEngines) names.emplace(entry.name, entry.value);
  return names;
}

struct BenchArguments {
  std::vector<std::string> words;
  BenchOptions options;
  bool inference = false;
  std::vector<std::int64_t> batches = InferenceOptions{}.batches;
  std::string simd;
  std::string output;
  bool json = false;
};

ExperimentConfig paper_model(const std::string& name, ModelConfig model) {
  ExperimentConfig config;
  config.name = name;
  config.model = std::move(model);
  return config;
}

void refuse_what_bench_sets(const std::string& override_word) {
  constexpr std::pair<std::string_view, std::string_view> kOptions[] = {
      {"threads", "--threads"}, {"training.engine", "--engines"}, {"training.epochs", "--epochs"}};
  const std::string_view key = std::string_view(override_word).substr(0, override_word.find('='));
  for (const auto& [own, option] : kOptions) {
    if (key == own) {
      throw Error(ExitCode::usage, fmt::format("bench sets '{}' itself", key),
                  fmt::format("use {}", option));
    }
  }
}

void require_cpu(const ExperimentConfig& config) {
  if (config.device != "auto" && config.device != "cpu") {
    throw Error(ExitCode::usage,
                fmt::format("bench measures the CPU, not device '{}'", config.device),
                "use device=cpu; for a GPU, see timing in the record of a run");
  }
}

/// What the words of the command line name.
struct NamedModels {
  std::vector<std::string> configs;
  std::vector<std::string> overrides;
  std::vector<std::string> runs;  ///< folders
};

NamedModels names_in(const std::vector<std::string>& words) {
  NamedModels names;
  for (const std::string& word : words) {
    std::error_code error;  // what cannot be looked at is no folder
    if (std::filesystem::is_directory(word, error)) {
      names.runs.push_back(word);
    } else if (word.find('=') == std::string::npos) {
      names.configs.push_back(word);
    } else {
      names.overrides.push_back(word);
    }
  }
  if (names.configs.empty() && !names.overrides.empty()) {
    throw Error(
        ExitCode::usage,
        fmt::format("'{}' overrides a key of a config, but no config is named", names.overrides[0]),
        "name one: mnist-bench bench configs/mlp.json " + names.overrides[0]);
  }
  for (const std::string& word : names.overrides) refuse_what_bench_sets(word);
  return names;
}

std::vector<ExperimentConfig> paper_models() {
  return {paper_model("mlp", MlpConfig{}), paper_model("cnn", CnnConfig{})};
}

ExperimentConfig read_model(const std::string& config, const std::vector<std::string>& overrides) {
  ExperimentConfig model = read_experiment(config, overrides);
  require_cpu(model);
  return model;
}

/// The named configs, with the KEY=VALUE applied to each; by default the paper's two models.
std::vector<ExperimentConfig> read_models(const NamedModels& names) {
  if (!names.runs.empty()) {
    throw Error(ExitCode::usage,
                fmt::format("{} is a folder, but bench trains configs", names.runs[0]),
                "for the latency of a trained run add --inference");
  }
  if (names.configs.empty()) return paper_models();
  std::vector<ExperimentConfig> models;
  for (const std::string& config : names.configs) {
    models.push_back(read_model(config, names.overrides));
  }
  return models;
}

/// The same with runs, which come first.
std::vector<InferenceModel> read_inference_models(const NamedModels& names) {
  std::vector<InferenceModel> models;
  for (const std::string& folder : names.runs) models.emplace_back(read_recorded_run(folder));
  for (const std::string& config : names.configs) {
    models.emplace_back(read_model(config, names.overrides));
  }
  if (models.empty()) {
    for (ExperimentConfig& model : paper_models()) models.emplace_back(std::move(model));
  }
  return models;
}

/// Limits both engines of this process to these SIMD instructions, named as by the native engine.
void restrict_simd(const std::string& simd, const std::vector<Engine>& engines) {
  kernels::restrict_simd(simd);
  const bool libtorch =
      std::find(engines.begin(), engines.end(), Engine::libtorch) != engines.end();
  if (libtorch) restrict_libtorch_simd(simd);
}

std::string text_of(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// Measures by `run(on_round)` and shows the last result, which the output file gets after each
/// round.
template <class Result>
void show_rounds(const BenchArguments& arguments,
                 const std::function<void(const std::function<void(const Result&)>&)>& run,
                 nlohmann::ordered_json (*json_of)(const Result&),
                 std::string (*text_of_result)(const Result&)) {
  handle_interrupts();
  if (!arguments.output.empty()) check_output_files({arguments.output});
  Result last;
  run([&](const Result& result) {
    last = result;
    if (!arguments.output.empty()) write_output_file(arguments.output, text_of(json_of(result)));
  });
  print(arguments.json ? text_of(json_of(last)) : text_of_result(last));
}

void bench(BenchArguments& arguments, const CLI::App& command, Session& session) {
  const auto is_given = [&](const char* option) { return command.count(option) > 0; };
  if (arguments.inference && is_given("--epochs")) {
    throw Error(ExitCode::usage, "--inference times calls, not epochs", "leave out --epochs");
  }
  if (!arguments.inference && is_given("--batch")) {
    throw Error(ExitCode::usage, "--batch is for --inference",
                "to train with another batch size: training.batch_size=N");
  }
  BenchOptions& options = arguments.options;
  const NamedModels names = names_in(arguments.words);
  options.executable = session.command_line.substr(0, session.command_line.find(' '));
  Console console(session.console);
  if (arguments.inference) {
    const InferenceOptions inference{.models = read_inference_models(names),
                                     .engines = options.engines,
                                     .threads = options.threads,
                                     .batches = arguments.batches,
                                     .rounds = options.rounds,
                                     .executable = options.executable};
    if (!arguments.simd.empty()) restrict_simd(arguments.simd, options.engines);
    show_rounds<InferenceResult>(
        arguments, [&](const auto& on_round) { run_inference(inference, console, on_round); },
        inference_json, inference_text);
    return;
  }
  options.models = read_models(names);
  if (!arguments.simd.empty()) restrict_simd(arguments.simd, options.engines);
  show_rounds<BenchResult>(
      arguments, [&](const auto& on_round) { run_bench(options, console, on_round); }, bench_json,
      bench_text);
}

}  // namespace

void add_bench_command(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<BenchArguments>();
  arguments->options.threads = {1};
  const std::int64_t most = default_threads().threads;
  if (most > 1) arguments->options.threads.push_back(most);
  CLI::App* command =
      app.add_subcommand("bench", "Time training epochs or predictions, by engine and threads");
  command->footer(R"(
examples:
  mnist-bench bench                                      both of the paper's models
  mnist-bench bench configs/cnn.json --threads 1 -o cnn.json
  mnist-bench bench configs/cnn.json --epochs 5          a whole training
  mnist-bench bench configs/mlp.json --simd AVX2 --engines native
  mnist-bench bench --inference runs/cnn/seed-1 lenet5   latency of a forward pass

Every round trains each from fresh parameters, for one epoch or --epochs; 100 warm-up steps are not
timed. The file is rewritten after each round, in Google Benchmark's layout (compare.py
reads it).

With --inference every round times calls on the next test images one by one, for 0.1 s and at least
20 calls of each series: from bytes in memory to the probabilities of all classes. A run's trained
parameters are used, or a config's initial ones.)");
  command
      ->add_option("CONFIG or KEY=VALUE", arguments->words,
                   "experiment configs and keys to override in each (default: the paper's two "
                   "models); with --inference also folders of completed runs")
      ->type_name("TEXT ...");
  command->add_flag("--inference", arguments->inference,
                    "time the forward pass, not training (JSON: mnist-bench.bench-inference/1)");
  command
      ->add_option("--batch", arguments->batches,
                   "images of a call with --inference, 1 to 60000 each")
      ->check(CLI::Range(1, 60'000).description(""))
      ->delimiter(',')
      ->type_name("N,..")
      ->default_str("1,64");
  command->add_option("--engines", arguments->options.engines, "libtorch, native")
      ->transform(one_of(engines_by_name()))
      ->delimiter(',')
      ->type_name("NAME,..")
      ->default_str("libtorch,native");
  command->add_option("--threads", arguments->options.threads, "CPU threads, 1 to 1024 each")
      ->check(CLI::Range(1, 1024).description(""))
      ->delimiter(',')
      ->type_name("N,..")
      ->default_str(most > 1 ? fmt::format("1,{}", most) : "1");
  command->add_option("--rounds", arguments->options.rounds, "how often each is timed, 1 to 1000")
      ->check(CLI::Range(1, 1000).description(""))
      ->type_name("N");
  command
      ->add_option("--epochs", arguments->options.epochs,
                   "epochs of each round, which are averaged, 1 to 1000")
      ->check(CLI::Range(1, 1000).description(""))
      ->type_name("N");
  command
      ->add_option("--simd", arguments->simd,
                   "best SIMD instructions to use, of those that doctor lists (default: all)")
      ->type_name("NAME");
  command->add_option("-o,--output", arguments->output, "JSON file to write")->type_name("FILE");
  command->add_flag("--json", arguments->json, "print JSON instead of tables");
  command->add_flag("-q,--quiet", session.console.quiet, "warnings and errors only");
  command->callback([arguments, command, &session] { bench(*arguments, *command, session); });
}

}  // namespace mnist_bench
