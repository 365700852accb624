#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/commands.h"
#include "app/output_file.h"
#include "base/escape.h"
#include "base/text.h"
#include "onnx/export_run.h"
#include "record/read_result.h"
#include "runtime/build_info.h"
#include "transform/transform.h"

namespace mnist_bench {
namespace {

struct ModelExportArguments {
  std::string run;
  std::string file;
};

void export_model(const ModelExportArguments& arguments) {
  check_output_files({arguments.file});
  const StoredRun run = read_recorded_run(arguments.run);
  const OnnxFile model = export_run(run, build_info().version);
  write_output_file(arguments.file, model.bytes);
  print(fmt::format("{}: {} bytes, ONNX opset {}, images [N, {}] to logits [N, {}]\n",
                    one_line(arguments.file),
                    with_commas(static_cast<long long>(model.bytes.size())), kOnnxOpset,
                    fmt::join(model.input, ", "), fmt::join(model.output, ", ")));
  const TransformChain& transform = run.result.config.data.transform;
  if (!transform.empty()) {
    Console(ConsoleOptions{})
        .info(fmt::format("the run's images were transformed: apply {} before the model",
                          canonical_spec(transform)));
  }
}

}  // namespace

void add_export_command(CLI::App& app) {
  auto arguments = std::make_shared<ModelExportArguments>();
  CLI::App* command = app.add_subcommand("export", "Write a trained model as an ONNX file");
  command->footer(R"(
The model's input "images" is float32 [N, 1, rows, columns], pixels 0 to 255 as in the data's files:
the model normalizes them itself. Its output "logits" is float32 [N, classes].

example:
  mnist-bench export runs/cnn/seed-1 -o cnn.onnx)");
  command->add_option("RUN", arguments->run, "folder of a completed run")->required();
  command->add_option("-o,--output", arguments->file, "file to write")
      ->type_name("FILE")
      ->required();
  command->callback([arguments] { export_model(*arguments); });
}

}  // namespace mnist_bench
