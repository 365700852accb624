#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/commands.h"
#include "app/evaluation_points.h"
#include "app/output_file.h"
#include "data/dataset.h"
#include "report/contact_sheet.h"
#include "report/format/file_endings.h"
#include "report/format/transform_sheet_formats.h"
#include "transform/suite.h"

namespace mnist_bench {
namespace {

struct SheetArguments {
  std::string output;
  std::string suite;
  std::vector<std::string> specs;
  std::string data;
  std::size_t images = kSheetImages;
};

struct SheetFormat {
  std::string ending;
  std::string (*render)(const TransformSheet& sheet, const std::string& title);
};

void draw_sheet(SheetArguments arguments) {
  const std::vector<SheetFormat> formats = {{".html", transform_sheet_html},
                                            {".svg", transform_sheet_svg}};
  const SheetFormat& format = format_by_ending(formats, arguments.output);
  check_output_files({arguments.output});
  if (arguments.specs.empty() && arguments.suite.empty()) arguments.suite = "standard";
  std::vector<TransformChain> chains = {{}};
  std::string title = "Transforms";
  for (EvaluationPoint& point : evaluation_points(arguments.specs, arguments.suite)) {
    if (point.suite) title = fmt::format("Transforms of the suite {}", *point.suite);
    if (canonical_spec(point.transform) == canonical_spec({})) continue;
    chains.push_back(std::move(point.transform));
  }
  const std::filesystem::path folder = arguments.data;
  const Dataset dataset = load_dataset(folder.empty() ? shipped_mnist() : folder);
  const TransformSheet sheet = transform_sheet(dataset, chains, arguments.images);
  write_output_file(arguments.output, format.render(sheet, title));
  Console(ConsoleOptions{}).info("wrote " + arguments.output);
}

}  // namespace

void add_data_sheet_command(CLI::App& data) {
  auto arguments = std::make_shared<SheetArguments>();
  CLI::App* command = data.add_subcommand(
      "sheet", "Draw test images after each transform: a contact sheet, .html or .svg");
  command->footer(R"(
The images as they are come first. --images 10 shows one of each digit.

examples:
  mnist-bench data sheet -o standard.html
  mnist-bench data sheet -o noise.svg --transform gaussian_noise:sigma=0.3 --images 10)");
  command
      ->add_option("-o,--output", arguments->output,
                   "file to write, its format by how its name ends: .html, .svg")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--suite", arguments->suite,
                   fmt::format("the transforms of a suite: {}, or a JSON file with a list of SPECs "
                               "(default, without --transform: standard)",
                               fmt::join(suite_names(), ", ")))
      ->type_name("NAME|FILE");
  command
      ->add_option("--transform", arguments->specs,
                   "a transform, before those of the suite; repeatable")
      ->type_name("SPEC")
      ->allow_extra_args(false);
  command
      ->add_option("--images", arguments->images,
                   "how many test images: the first of each class from class 0 on, then the second "
                   "of each")
      ->check(CLI::Range(std::size_t{1}, kMostSheetImages))
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--data", arguments->data,
                   "folder of the four IDX files to read (default: the shipped MNIST)")
      ->type_name("DIR");
  command->callback([arguments] { draw_sheet(*arguments); });
}

}  // namespace mnist_bench
