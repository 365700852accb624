#include "report/contact_sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "data/dataset.h"
#include "record/read_predictions.h"
#include "record/tested_data.h"
#include "report/severity.h"
#include "report/test_pictures.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

/// Whether a run gets an image right; absent: not known.
using IsRight = std::optional<bool>;

/// A run whose answers to the sheet's images are known.
struct AnsweringRun {
  std::map<std::int64_t, bool> clean;  ///< by image: whether it gets it right without a transform
  std::map<std::string, const AgainstClean*> changes;  ///< by canonical SPEC
};

AnsweringRun answering_run(const StoredRun& run, const std::vector<std::int64_t>& images,
                           const EvaluationsOfRuns& evaluations) {
  AnsweringRun answers;
  for (const Prediction& p : read_predictions(run.folder, run.result)) {
    if (std::find(images.begin(), images.end(), p.index) == images.end()) continue;
    answers.clean[p.index] = p.predicted == p.truth;
  }
  const auto of_run = evaluations.find(run.folder);
  if (of_run == evaluations.end()) return answers;
  for (const StoredEvaluation& stored : of_run->second) {
    const auto& against = stored.evaluation.against_clean;
    if (!own_accuracy(stored) || !against || !against->right_to_wrong_images) continue;
    answers.changes[canonical_spec(stored.evaluation.transform)] = &*against;
  }
  return answers;
}

/// `spec`: empty for the image as it is.
IsRight is_right(const AnsweringRun& run, std::int64_t image, const std::string& spec) {
  const auto clean = run.clean.find(image);
  if (clean == run.clean.end()) return std::nullopt;
  if (spec.empty()) return clean->second;
  const auto change = run.changes.find(spec);
  if (change == run.changes.end()) return std::nullopt;
  const std::vector<std::int64_t>& turned = clean->second ? *change->second->right_to_wrong_images
                                                          : *change->second->wrong_to_right_images;
  return clean->second != std::binary_search(turned.begin(), turned.end(), image);
}

/// The completed runs of a group on the same test set, as far as their predictions can be read.
struct AnsweringGroup {
  std::string label;
  std::vector<AnsweringRun> runs;
};

std::vector<AnsweringGroup> answering_groups(const std::vector<RunGroup>& groups,
                                             const std::string& test_sha256,
                                             const std::vector<std::int64_t>& images,
                                             const EvaluationsOfRuns& evaluations) {
  std::vector<AnsweringGroup> answering;
  for (const RunGroup& group : groups) {
    AnsweringGroup answers{.label = group.label, .runs = {}};
    for (const StoredRun& run : group.completed) {
      if (run.result.data->test.sha256 != test_sha256) continue;
      try {
        answers.runs.push_back(answering_run(run, images, evaluations));
      } catch (const Error&) {
        continue;  // the page says so where it shows the mistakes
      }
    }
    if (!answers.runs.empty()) answering.push_back(std::move(answers));
  }
  return answering;
}

std::optional<RightCount> right_count(const AnsweringGroup& group, std::int64_t image,
                                      const std::string& spec) {
  RightCount count;
  for (const AnsweringRun& run : group.runs) {
    const IsRight answer = is_right(run, image, spec);
    count.runs += answer ? 1 : 0;
    count.right += answer.value_or(false) ? 1 : 0;
  }
  return count.runs == 0 ? std::nullopt : std::optional(count);
}

/// A row per image and group that tells something of a transformed picture.
std::vector<RightRow> right_rows(const TransformFamily& family,
                                 const std::vector<AnsweringGroup>& groups,
                                 const std::vector<std::int64_t>& images) {
  std::vector<RightRow> rows;
  for (const std::int64_t image : images) {
    for (const AnsweringGroup& group : groups) {
      RightRow row{
          .image = image, .group = group.label, .columns = {right_count(group, image, "")}};
      bool tells = false;
      for (const SeverityPoint& point : family.points) {
        row.columns.push_back(right_count(group, image, point.specs.front()));
        tells = tells || row.columns.back().has_value();
      }
      if (tells) rows.push_back(std::move(row));
    }
  }
  return rows;
}

bool keeps_shape(const TransformChain& chain, ImageShape shape) {
  try {
    return prepare_chain(chain, shape).output == shape;
  } catch (const Error&) {
    return false;  // it does not take such images
  }
}

/// The severities at which images of this shape can be drawn beside each other: other groups may
/// have images of another one.
TransformFamily drawable(TransformFamily family, ImageShape shape) {
  std::erase_if(family.points, [&](const SeverityPoint& point) {
    return !keeps_shape(parse_spec(point.specs.front(), "evaluation"), shape);
  });
  return family;
}

/// `chosen`: the test images at `images`.
ContactStrip strip_of(const TransformFamily& family, const ImageSet& chosen,
                      const std::vector<std::int64_t>& images) {
  const std::size_t size = chosen.shape().pixels();
  const std::size_t columns = family.points.size() + 1;
  std::vector<std::uint8_t> cells(images.size() * columns * size);
  ContactStrip strip{
      .family = family.name, .columns = {"as they are"}, .first_of_several = {}, .picture = {}};
  const auto set_column = [&](std::size_t column, const std::vector<std::uint8_t>& pixels) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto image = std::span(pixels).subspan(i * size, size);
      std::copy(image.begin(), image.end(),
                std::span(cells).subspan((i * columns + column) * size).begin());
    }
  };
  set_column(0, chosen.pixels);
  for (std::size_t p = 0; p < family.points.size(); ++p) {
    const SeverityPoint& point = family.points[p];
    const TransformChain chain = parse_spec(point.specs.front(), "evaluation");
    set_column(p + 1, transformed(chain, chosen.shape(), chosen.pixels, images).pixels);
    strip.columns.push_back(point.name == family.name ? "after it" : point.name);
    if (point.specs.size() > 1) strip.first_of_several.push_back(point.specs.front());
  }
  strip.picture = mosaic(cells, chosen.shape(), static_cast<std::int64_t>(columns));
  return strip;
}

}  // namespace

ContactSheet contact_sheet(const std::vector<RunGroup>& groups,
                           const std::vector<TransformFamily>& families,
                           const EvaluationsOfRuns& evaluations) {
  const RunGroup& shown = *std::find_if(groups.begin(), groups.end(), [&](const RunGroup& each) {
    return std::any_of(each.completed.begin(), each.completed.end(),
                       [&](const StoredRun& run) { return evaluations.contains(run.folder); });
  });
  ContactSheet sheet{.group = shown.label, .images = {}, .strips = {}, .unavailable = {}};
  try {
    const Dataset dataset = load_data_of(shown.completed.front());
    sheet.images = images_of_each_class(dataset.test, kSheetImages);
    const ImageSet chosen = select(dataset.test, sheet.images);
    const std::vector<AnsweringGroup> answering =
        answering_groups(groups, dataset.test.sha256, sheet.images, evaluations);
    for (const TransformFamily& each : families) {
      const TransformFamily family = drawable(each, chosen.shape());
      if (family.points.empty()) continue;
      sheet.strips.push_back(strip_of(family, chosen, sheet.images));
      sheet.strips.back().right = right_rows(family, answering, sheet.images);
    }
  } catch (const Error& error) {
    return {.group = shown.label, .images = {}, .strips = {}, .unavailable = error.what()};
  }
  return sheet;
}

nlohmann::ordered_json to_json(const ContactSheet& sheet) {
  Json families = Json::array();
  for (const ContactStrip& strip : sheet.strips) {
    Json rows = Json::array();
    for (const RightRow& row : strip.right) {
      Json right = Json::array();
      Json runs = Json::array();
      for (const auto& count : row.columns) {
        right.push_back(count ? Json(count->right) : Json(nullptr));
        runs.push_back(count ? count->runs : 0);
      }
      rows.push_back({{"image", row.image},
                      {"experiment", row.group},
                      {"right", std::move(right)},
                      {"runs", std::move(runs)}});
    }
    families.push_back(
        {{"family", strip.family}, {"columns", strip.columns}, {"rows", std::move(rows)}});
  }
  return {{"experiment", sheet.group},
          {"images", sheet.images},
          {"families", std::move(families)},
          {"unavailable", sheet.unavailable.empty() ? Json(nullptr) : Json(sheet.unavailable)}};
}

}  // namespace mnist_bench
