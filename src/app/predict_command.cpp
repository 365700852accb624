#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "app/commands.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/text.h"
#include "data/image_file.h"
#include "experiment/predict_images.h"
#include "record/read_result.h"

namespace mnist_bench {
namespace {

struct PredictArguments {
  std::string run;
  std::vector<std::string> images;
  bool raw = false;
  bool json = false;
};

/// The images of the files, each with a name: "four.png", "t10k-images-idx3-ubyte.gz[3]". Adds an
/// error to `refused` for each file that cannot be read.
std::vector<NamedImage> images_in(const std::vector<std::string>& files,
                                  std::vector<Error>& refused) {
  std::vector<NamedImage> images;
  for (const std::string& file : files) {
    const std::string name = file == "-" ? "stdin" : file;
    std::vector<GreyImage> of_file;
    try {
      of_file = read_image_file(file);
    } catch (const Error& error) {
      refused.push_back(error);
    }
    for (std::size_t i = 0; i < of_file.size(); ++i) {
      images.push_back({.name = of_file.size() == 1 ? name : fmt::format("{}[{}]", name, i),
                        .image = std::move(of_file[i]),
                        .index = static_cast<std::int64_t>(i)});
    }
  }
  return images;
}

/// Classes, the most probable, or with the most votes, first.
std::vector<std::size_t> ranked(const ImagePrediction& prediction) {
  std::vector<std::size_t> order(prediction.probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return prediction.probabilities[a] > prediction.probabilities[b];
  });
  return order;
}

std::string percent(float share) { return fmt::format("{:.1f} %", 100.0F * share); }

/// What the text says of each prediction.
struct Words {
  ClassNames names;
  std::string what;  ///< that a percentage is of: " of the votes"; empty: a probability
};

/// A line per image.
std::string line_of(const ImagePrediction& prediction, const Words& words) {
  return fmt::format("{}: {} ({}{})\n", one_line(prediction.name),
                     class_name(words.names, prediction.predicted), percent(prediction.probability),
                     words.what);
}

/// The same, and a bar for each class that has one.
std::string bars_of(const ImagePrediction& prediction, const Words& words) {
  constexpr double kWidth = 40.0;
  std::string text = line_of(prediction, words);
  std::size_t width = 3;
  for (const std::string& name : words.names) width = std::max(width, code_points(name));
  for (const std::size_t label : ranked(prediction)) {
    const float share = prediction.probabilities[label];
    const auto length = static_cast<int>(std::lround(kWidth * static_cast<double>(share)));
    std::string bar;
    for (int i = 0; i < length; ++i) bar += "█";
    const std::string name = class_name(words.names, static_cast<std::int64_t>(label));
    text += fmt::format("  {}{}  {:>7}  {}\n", std::string(width - code_points(name), ' '), name,
                        percent(share), bar);
  }
  return text;
}

std::string json_of_all(const std::vector<ImagePrediction>& predictions, const ClassNames& names) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const ImagePrediction& prediction : predictions) {
    list.push_back({{"image", prediction.name},
                    {"class", prediction.predicted},
                    {"probability", prediction.probability},
                    {"probabilities", prediction.probabilities}});
    if (!names.empty()) list.back()["class_name"] = class_name(names, prediction.predicted);
  }
  const Json object = {{"schema", "mnist-bench.predict/1"}, {"predictions", list}};
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void predict_command(const PredictArguments& arguments, Session& session) {
  Console console(session.console);
  const StoredRun run = read_recorded_run(arguments.run);
  std::vector<Error> refused;
  const std::vector<NamedImage> images = images_in(arguments.images, refused);
  const auto [predictions, names, refused_later] =
      predict_images(run, images, arguments.raw, console);
  refused.insert(refused.end(), refused_later.begin(), refused_later.end());
  if (arguments.json && !predictions.empty()) print(json_of_all(predictions, names));
  if (!arguments.json) {
    const bool shows_bars = ::isatty(STDOUT_FILENO) == 1;
    // k-NN and SVM vote: their shares are no estimates of probability.
    const Words words{.names = names,
                      .what = is_network(run.result.config.model) ? "" : " of the votes"};
    for (const ImagePrediction& prediction : predictions) {
      print(shows_bars ? bars_of(prediction, words) : line_of(prediction, words));
    }
  }
  throw_first(refused, console);
}

}  // namespace

void add_predict_command(CLI::App& app, Session& session) {
  auto arguments = std::make_shared<PredictArguments>();
  CLI::App* command = app.add_subcommand("predict", "Classify images of your own");
  command->footer(R"(
An image of the model's size is taken as it is. Any other is brought into the form of MNIST's
digits: light ink on black, fit into a box of 20 × 20 and centred by its mass in 28 × 28.

examples:
  mnist-bench predict runs/cnn/seed-1 four.png
  mnist-bench predict runs/cnn/seed-1 *.png --json
  pngtopnm seven.png | mnist-bench predict runs/mlp/seed-1 -)");
  command->add_option("RUN", arguments->run, "folder of a completed run")->required();
  command
      ->add_option("IMAGE", arguments->images,
                   "PNG or PGM files, or IDX files (raw or .gz); - for stdin")
      ->required();
  command->add_flag("--raw", arguments->raw,
                    "take images as they are; they must have the model's size");
  command->add_flag("--json", arguments->json, "print JSON (schema mnist-bench.predict/1)");
  command->add_flag("-q,--quiet", session.console.quiet, "do not say how images are changed");
  command->callback([arguments, &session] { predict_command(*arguments, session); });
}

}  // namespace mnist_bench
