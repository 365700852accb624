#include "experiment/stored_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "record/layer_tensors.h"
#include "transform/apply.h"

namespace mnist_bench {
namespace {

/// Most images that another engine, or other instructions, may classify otherwise.
constexpr std::int64_t kMostRoundedOtherwise = 2;

/// Whether it computes just as the run did.
bool computes_as_trained(const StoredModel& model) {
  const Provenance& trained = *model.result().provenance;
  const Provenance& now = model.provenance;
  return !model.other_engine() && trained.simd == now.simd &&
         trained.device_name == now.device_name &&
         (model.engine != Engine::libtorch ||
          (trained.threads == now.threads && trained.libtorch == now.libtorch));
}

/// How many images of two matrices of the same images are in other cells.
std::int64_t moved_images(const ConfusionMatrix& a, const ConfusionMatrix& b) {
  std::int64_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < a.size(); ++j) difference += std::abs(a[i][j] - b.at(i).at(j));
  }
  return difference / 2;
}

}  // namespace

Predictions predict(const StoredModel& model, const ImageSet& images) {
  model.predictor->set_parameters(model.tensors);
  return model.predictor->predict(images);
}

void require_fitting(const StoredModel& model, const ImageSet& images) {
  const auto beyond = std::find_if(images.labels.begin(), images.labels.end(),
                                   [&](std::uint8_t label) { return label >= model.classes(); });
  if (beyond != images.labels.end()) {
    throw Error(ExitCode::data,
                fmt::format("{}: the images have a label {}, but the model has {} classes",
                            model.run.folder.string(), *beyond, model.classes()),
                "use data with the classes that the model was trained on");
  }
  const ImageShape found = prepare_chain(model.own_transform(), images.shape()).output;
  if (takes_images(model.result(), found)) return;
  throw Error(ExitCode::data,
              fmt::format("{}: the model does not take images of {} × {} pixels",
                          model.run.folder.string(), found.rows, found.columns),
              "use data with images of the size that it was trained on");
}

void require_reproduced(const StoredModel& model, const ConfusionMatrix& found) {
  const std::int64_t moved = moved_images(model.result().test->confusion, found);
  const std::int64_t allowed = computes_as_trained(model) ? 0 : kMostRoundedOtherwise;
  if (moved <= allowed) return;
  throw Error(ExitCode::run_failed,
              fmt::format("{}: on its own test set {} are classified otherwise than in its "
                          "result.json; allowed: {}",
                          model.run.folder.string(), counted(moved, "image"), allowed),
              "this build or machine computes otherwise than that of the run; evaluate it there");
}

}  // namespace mnist_bench
