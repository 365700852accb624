#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/commands.h"
#include "app/output_file.h"
#include "bench/run.h"
#include "config/read.h"
#include "kernels/simd.h"
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
  std::vector<std::string> configs_and_overrides;
  BenchOptions options;
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

/// The named configs, with the KEY=VALUE applied to each; by default the paper's two models.
std::vector<ExperimentConfig> read_models(const std::vector<std::string>& words) {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
  for (const std::string& word : words) {
    (word.find('=') == std::string::npos ? files : overrides).push_back(word);
  }
  if (files.empty() && !overrides.empty()) {
    throw Error(
        ExitCode::usage,
        fmt::format("'{}' overrides a key of a config, but no config is named", overrides[0]),
        "name one: mnist-bench bench configs/mlp.json " + overrides[0]);
  }
  if (files.empty()) return {paper_model("mlp", MlpConfig{}), paper_model("cnn", CnnConfig{})};
  for (const std::string& word : overrides) refuse_what_bench_sets(word);
  std::vector<ExperimentConfig> models;
  for (const std::string& file : files) {
    models.push_back(read_experiment(file, overrides));
    require_cpu(models.back());
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

void bench(BenchArguments& arguments, Session& session) {
  BenchOptions& options = arguments.options;
  options.models = read_models(arguments.configs_and_overrides);
  if (!arguments.simd.empty()) restrict_simd(arguments.simd, options.engines);
  options.executable = session.command_line.substr(0, session.command_line.find(' '));
  handle_interrupts();
  Console console(session.console);
  const auto text = [](const BenchResult& result) {
    return bench_json(result).dump(2, ' ', false,
                                   nlohmann::ordered_json::error_handler_t::replace) +
           "\n";
  };
  if (!arguments.output.empty()) write_output_file(arguments.output, "{}\n");
  BenchResult last;
  run_bench(options, console, [&](const BenchResult& result) {
    last = result;
    if (!arguments.output.empty()) write_output_file(arguments.output, text(result));
  });
  print(arguments.json ? text(last) : bench_text(last));
}

}  // namespace

void add_bench_command(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<BenchArguments>();
  arguments->options.threads = {1};
  const std::int64_t most = default_threads().threads;
  if (most > 1) arguments->options.threads.push_back(most);
  CLI::App* command =
      app.add_subcommand("bench", "Time training epochs, by engine and number of threads");
  command->footer(R"(
examples:
  mnist-bench bench                                      both of the paper's models
  mnist-bench bench configs/cnn.json --threads 1 -o cnn.json
  mnist-bench bench configs/cnn.json --epochs 5          a whole training
  mnist-bench bench configs/mlp.json --simd AVX2 --engines native

Every round trains each from fresh parameters, for one epoch or --epochs; 100 warm-up steps are not
timed. The file is rewritten after each round, in Google Benchmark's layout (compare.py
reads it).)");
  command
      ->add_option("CONFIG or KEY=VALUE", arguments->configs_and_overrides,
                   "experiment configs and keys to override in each (default: the paper's two "
                   "models)")
      ->type_name("TEXT ...");
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
  command->callback([arguments, &session] { bench(*arguments, session); });
}

}  // namespace mnist_bench
