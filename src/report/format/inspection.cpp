#include "report/format/inspection.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/json_of.h"
#include "base/overloaded.h"
#include "report/format/file_endings.h"
#include "report/format/formats.h"
#include "report/format/html_parts.h"
#include "report/format/inspection_figures.h"
#include "report/groups.h"
#include "report/settings.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

/// Some figures under a title, with sentences on how to read them.
struct FigurePart {
  std::string id;
  std::string title;
  std::vector<std::string> notes;
  std::vector<Figure> figures;
};

std::vector<FigurePart> parts_of(const Inspection& inspection) {
  std::vector<FigurePart> parts = {
      {.id = "image",
       .title = "The image",
       .notes = {fmt::format("Image {} of the test set: {}. Blue is the true class, orange another "
                             "one that was predicted. The probabilities are the softmax of the "
                             "logits.",
                             inspection.image.index, inspection.image.reason)},
       .figures = {image_figure(inspection)}}};
  if (inspection.weights) {
    parts.push_back(
        {.id = "weights",
         .title = "What the first layer looks for",
         .notes = {"Where a weight is red, a larger pixel value (ink, in MNIST) raises the "
                   "unit's value; where it is blue, it lowers it; white is 0."},
         .figures = {weights_figure(inspection, *inspection.weights)}});
  }
  FigurePart layers{.id = "layers",
                    .title = "The image, layer by layer",
                    .notes = {"White is 0, red above, blue below; each layer has a scale of its "
                              "own. Layers that only hand on their input (flatten, dropout) are "
                              "left out."},
                    .figures = {}};
  for (const LayerOutput& layer : inspection.layers) {
    if (!passes_its_input_on(layer.kind)) layers.figures.push_back(layer_figure(layer));
  }
  parts.push_back(std::move(layers));
  FigurePart pairs{.id = "pairs",
                   .title = "The classes that it confuses most",
                   .notes = {"The most confident images of each direction, with the probability of "
                             "the wrong class and the index in the test file, for --image."},
                   .figures = {}};
  for (const ConfusedClasses& pair : inspection.pairs) {
    pairs.figures.push_back(
        pair_figure(pair, inspection.as_read.shape, class_names_of(inspection)));
  }
  if (!pairs.figures.empty()) parts.push_back(std::move(pairs));
  return parts;
}

std::string captioned_html(const Figure& figure) {
  return fmt::format("<figure><div class=\"scroll\">{}</div><figcaption>{}</figcaption></figure>\n",
                     page_svg(figure), markup_escaped(figure.title));
}

/// "cnn, seed 1 (runs/cnn/seed-1)"
std::string run_text(const StoredRun& run) {
  return fmt::format("{}, seed {} ({})", run.result.config.name, run.result.config.seed,
                     run.folder.string());
}

std::string inspection_html(const Inspection& inspection) {
  std::string body = notes_html({run_text(inspection.run) + ", computed by LibTorch on the CPU."});
  for (const FigurePart& part : parts_of(inspection)) {
    std::string figures;
    for (const Figure& figure : part.figures) figures += captioned_html(figure);
    body += titled_section(part.id, part.title,
                           notes_html(part.notes) + "<div class=\"figures\">" + figures + "</div>");
  }
  const Section settings = settings_section(group_runs({inspection.run}));
  body += titled_section(settings.id, settings.title, section_html(settings));
  return page_html("mnist-bench inspect", body);
}

std::string inspection_svg(const Inspection& inspection) {
  std::vector<Figure> figures;
  for (FigurePart& part : parts_of(inspection)) {
    for (Figure& figure : part.figures) figures.push_back(std::move(figure));
  }
  figures.front().title = run_text(inspection.run) + ". " + figures.front().title;
  return standalone_svg(figures);
}

/// All outputs in full.
std::string safetensors_of(const Inspection& inspection) {
  Safetensors content{
      .tensors = {},
      .metadata = {{"format", "pt"}, {"image", std::to_string(inspection.image.index)}}};
  for (const LayerOutput& layer : inspection.layers) content.tensors.push_back(layer.output);
  return safetensors_bytes(content);
}

Json statistics(const NamedTensor& tensor, const std::string& name, const layer::Kind& kind) {
  const std::vector<float>& values = tensor.values;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {{"name", name},          {"type", torch_name(kind)},
          {"shape", tensor.shape}, {"min", json_of(*low)},
          {"max", json_of(*high)}, {"mean", json_of(sum / static_cast<double>(values.size()))}};
}

Json direction_json(const ConfusedImages& images) {
  Json shown = Json::array();
  for (const Mistake& mistake : images.shown) {
    shown.push_back({{"image", mistake.index}, {"probability", mistake.confidence}});
  }
  return {{"true", images.truth},
          {"predicted", images.predicted},
          {"images", images.images},
          {"most_confident", std::move(shown)}};
}

}  // namespace

const std::vector<InspectionFormat>& inspection_formats() {
  static const std::vector<InspectionFormat> formats = {
      {".html", "a page", inspection_html},
      {".svg", "the same pictures", inspection_svg},
      {".safetensors", "the layers' outputs in full", safetensors_of}};
  return formats;
}

const InspectionFormat& inspection_format_of(const std::filesystem::path& file) {
  return format_by_ending(inspection_formats(), file);
}

std::string inspection_json(const Inspection& inspection) {
  Json layers = Json::array();
  for (const LayerOutput& layer : inspection.layers) {
    layers.push_back(statistics(layer.output, layer.output.name, layer.kind));
  }
  Json pairs = Json::array();
  for (const ConfusedClasses& pair : inspection.pairs) {
    pairs.push_back({direction_json(pair.first_as_second), direction_json(pair.second_as_first)});
  }
  const std::optional<FirstWeights>& weights = inspection.weights;
  Json object = {
      {"schema", "mnist-bench.inspect/1"},
      {"folder", inspection.run.folder.string()},
      {"image", inspection.image.index},
      {"chosen_as", inspection.image.reason},
      {"truth", inspection.truth},
      {"predicted", inspection.predicted},
      {"logits", inspection.layers.back().output.values},
      {"probabilities", inspection.probabilities},
      {"weights", weights ? statistics(weights->pictures, weights->layer, weights->kind) : Json()},
      {"layers", std::move(layers)},
      {"confused", std::move(pairs)}};
  if (const ClassNames names = class_names_of(inspection); !names.empty()) {
    object["class_names"] = names;
  }
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mnist_bench
