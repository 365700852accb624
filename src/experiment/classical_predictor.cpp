#include "experiment/classical_predictor.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "classical/classifier.h"
#include "experiment/data_cache.h"
#include "experiment/run_fit.h"
#include "kernels/simd.h"

namespace mnist_bench {
namespace {

Error interrupted_error(const char* doing) {
  return Error(ExitCode::interrupted, fmt::format("interrupted while {}", doing));
}

class ClassicalPredictor final : public Predictor {
 public:
  ClassicalPredictor(classical::Classifier classifier, std::int64_t threads, Observer& observer)
      : classifier_(std::move(classifier)), threads_(threads), observer_(observer) {}

  [[nodiscard]] std::string simd() const override { return kernels::simd_target(); }
  void set_parameters(const std::vector<NamedTensor>& /*stored*/) override {}
  Predictions predict(const ImageSet& images) override {
    auto predictions = classical::predict(classifier_, images, threads_,
                                          until_interrupted("predicting", observer_));
    if (!predictions) throw interrupted_error("predicting");
    return *std::move(predictions);
  }
  std::vector<float> probabilities(const ImageSet& images) override {
    return predict(images).class_probabilities;
  }

 private:
  classical::Classifier classifier_;
  std::int64_t threads_;
  Observer& observer_;
};

}  // namespace

std::unique_ptr<Predictor> fit_again(const StoredRun& run, std::int64_t threads,
                                     Observer& observer) {
  const RunResult& result = run.result;
  const std::string folder = run.folder.string();
  DataCache data;
  data.load(result.config.data);
  const Dataset& dataset = data.dataset();
  if (dataset.train.sha256 != result.data->train.sha256) {
    throw Error(ExitCode::data,
                fmt::format("{}: its training data in {} are not those that it was fitted to",
                            folder, data_folder(result.config.data).string()),
                "put them back: a run of k-NN or SVM is fitted again to predict");
  }
  auto classifier = classical::fit(classical_of(result.config.model).value(),
                                   training_images_by_index(data), dataset.classes, threads,
                                   until_interrupted(fmt::format("fitting {}", folder), observer));
  observer.status({});
  if (!classifier) throw interrupted_error("fitting");
  if (classical::stored_bytes(*classifier) != result.model->stored_bytes ||
      classical::support_vectors(*classifier) != result.model->support_vectors) {
    throw Error(ExitCode::run_failed,
                fmt::format("{}: fitted again, it keeps other support vectors", folder),
                "this build or machine computes otherwise than that of the run; evaluate it there");
  }
  return std::make_unique<ClassicalPredictor>(*std::move(classifier), threads, observer);
}

}  // namespace mnist_bench
