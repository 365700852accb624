#include "classical/classifier.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/overloaded.h"
#include "base/text.h"
#include "kernels/byte_distance.h"

namespace mnist_bench::classical {
namespace {

/// Images whose neighbours or sums are in memory at a time. With 62 classes an SVM keeps 30 kB for
/// each of them.
constexpr std::int64_t kImagesAtOnce = 4096;

std::vector<std::int64_t> range(std::int64_t first, std::int64_t end) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(end - first));
  std::iota(indices.begin(), indices.end(), first);
  return indices;
}

void append(const Predictions& part, Predictions& all) {
  const auto append_to = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append_to(all.classes, part.classes);
  append_to(all.probabilities, part.probabilities);
  append_to(all.class_probabilities, part.class_probabilities);
}

}  // namespace

void check_device(const std::string& device) {
  if (device == "auto" || device == "cpu") return;
  throw Error(ExitCode::usage,
              fmt::format("k-NN and SVM compute on the CPU only, but the device is \"{}\"", device),
              "use device=cpu");
}

void require_fittable(const ClassicalConfig& config, ImageShape image, std::int64_t images) {
  const std::int64_t pixels = image.rows * image.columns;
  if (pixels > static_cast<std::int64_t>(kernels::kMostDistanceBytes)) {
    throw Error(ExitCode::usage,
                fmt::format("the distances of images of {} pixels are too large to be exact; "
                            "allowed: up to {}",
                            pixels, kernels::kMostDistanceBytes),
                "make the images smaller with data.transform");
  }
  // A limit of two takes one of each of two classes.
  if (std::holds_alternative<SvmConfig>(config) && images < 2) {
    throw Error(ExitCode::usage,
                "a support vector machine needs training images of two classes, but there is only "
                "1 training image",
                "use a larger data.train_limit, or a smaller data.validation");
  }
  const auto* const knn = std::get_if<KnnConfig>(&config);
  if (knn == nullptr || knn->k <= images) return;
  throw Error(ExitCode::usage,
              fmt::format("model.k is {}, but there are only {}", knn->k,
                          counted(images, "training image")),
              "use a smaller model.k, or more training images");
}

std::optional<Classifier> fit(const ClassicalConfig& config, const ImageSet& training,
                              std::int64_t classes, std::int64_t threads,
                              const KeepGoing& keep_going) {
  return std::visit(Overloaded{[&](const KnnConfig& knn) -> std::optional<Classifier> {
                                 return KnnModel{
                                     .config = knn, .training = training, .classes = classes};
                               },
                               [&](const SvmConfig& svm) -> std::optional<Classifier> {
                                 return fit_svm(svm, training, classes, threads, keep_going);
                               }},
                    config);
}

std::optional<Predictions> predict(const Classifier& classifier, const ImageSet& images,
                                   std::int64_t threads, const KeepGoing& keep_going) {
  Predictions all{.classes = {},
                  .probabilities = {},
                  .class_probabilities = {},
                  .loss = std::numeric_limits<double>::quiet_NaN()};
  for (std::int64_t first = 0; first < images.size(); first += kImagesAtOnce) {
    const std::int64_t end = std::min(first + kImagesAtOnce, images.size());
    const KeepGoing keep_going_in_part = [&](double done) {
      const double images_done =
          static_cast<double>(first) + done * static_cast<double>(end - first);
      return keep_going(images_done / static_cast<double>(images.size()));
    };
    const ImageSet part = select(images, range(first, end));
    const auto predictions = std::visit(
        [&](const auto& model) { return predict(model, part, threads, keep_going_in_part); },
        classifier);
    if (!predictions) return std::nullopt;
    append(*predictions, all);
  }
  return all;
}

std::int64_t stored_bytes(const Classifier& classifier) {
  return std::visit(
      Overloaded{
          [](const KnnModel& knn) { return static_cast<std::int64_t>(knn.training.pixels.size()); },
          [](const SvmModel& svm) {
            const std::size_t numbers = svm.coefficients.size() + svm.rho.size();
            return static_cast<std::int64_t>(svm.vectors.size() + numbers * sizeof(double));
          }},
      classifier);
}

std::optional<std::int64_t> support_vectors(const Classifier& classifier) {
  const auto* const svm = std::get_if<SvmModel>(&classifier);
  if (svm == nullptr) return std::nullopt;
  return static_cast<std::int64_t>(svm->classes_of_vectors.size());
}

}  // namespace mnist_bench::classical
