#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>
#include <optional>
#include <system_error>

#include "app/commands.h"
#include "app/output_file.h"
#include "base/error.h"
#include "experiment/inspect_run.h"
#include "record/read_result.h"
#include "report/format/inspection.h"

namespace mnist_bench {
namespace {

struct InspectArguments {
  std::string run;
  std::optional<std::string> image;  ///< index in the test file
  std::vector<std::string> files;
  bool json = false;
};

std::int64_t index_in(const std::string& text) {
  std::int64_t index = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, index);
  if (error == std::errc() && rest == end && index >= 0) return index;
  throw Error(ExitCode::usage,
              fmt::format("--image: found {}; allowed: the index of a test image, 0 or more", text),
              "leave --image out for the run's most confident mistake");
}

void inspect_command(const InspectArguments& arguments, Session& session) {
  if (arguments.files.empty() && !arguments.json) {
    throw Error(ExitCode::usage, "nothing to write", "name a file, such as -o inspect.html");
  }
  for (const std::string& file : arguments.files) inspection_format_of(file);
  check_output_files(arguments.files);
  std::optional<std::int64_t> index;
  if (arguments.image) index = index_in(*arguments.image);
  Console console(session.console);
  const Inspection inspection = inspect_run(read_recorded_run(arguments.run), index, console);
  console.info(fmt::format("image {} of the test set, {}: {}", inspection.image.index,
                           inspection.image.reason, reading_of(inspection)));
  for (const std::string& file : arguments.files) {
    write_output_file(file, inspection_format_of(file).render(inspection));
    console.info("wrote " + file);
  }
  if (arguments.json) print(inspection_json(inspection));
}

}  // namespace

void add_inspect_command(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* command = app.add_subcommand("inspect", "Show what a trained network sees");
  command->footer(R"(
Shows the weights of the first layer, what each layer makes of one test image, and the classes that
the run confuses most, with their images.

examples:
  mnist-bench inspect runs/cnn/seed-1 -o inspect.html
  mnist-bench inspect runs/cnn/seed-1 --image 582 -o inspect.svg
  mnist-bench inspect runs/mlp/seed-1 --json)");
  command->add_option("RUN", arguments->run, "folder of a completed run")->required();
  command
      ->add_option("--image", arguments->image,
                   "index in the test file; default: the run's most confident mistake")
      ->type_name("N");
  std::string kinds;
  for (const InspectionFormat& format : inspection_formats()) {
    kinds += fmt::format("{}{} ({})", kinds.empty() ? "" : ", ", format.ending, format.meaning);
  }
  command
      ->add_option("-o,--output", arguments->files,
                   "file to write, its format by how its name ends: " + kinds + "; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_flag("--json", arguments->json, "print JSON (schema mnist-bench.inspect/1)");
  command->add_flag("-q,--quiet", session.console.quiet, "do not say which image was chosen");
  command->callback([arguments, &session] { inspect_command(*arguments, session); });
}

}  // namespace mnist_bench
