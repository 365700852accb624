#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "classical/knn.h"
#include "classical/svm.h"
#include "transform/image_shape.h"

namespace mnist_bench::classical {

/// A fitted classifier.
using Classifier = std::variant<KnnModel, SvmModel>;

/// Throws Error(usage) for a device ("auto", "cpu", "cuda:0") other than the CPU.
void check_device(const std::string& device);

/// Throws Error(usage) for so many training images of this shape that `config` cannot be fitted to.
void require_fittable(const ClassicalConfig& config, ImageShape image, std::int64_t images);

/// Absent where `keep_going` ended it. Throws Error(data) for images that have nothing to learn.
std::optional<Classifier> fit(const ClassicalConfig& config, const ImageSet& training,
                              std::int64_t classes, std::int64_t threads,
                              const KeepGoing& keep_going);

/// At least one image, of the shape of the training images. Absent where `keep_going` ended it.
std::optional<Predictions> predict(const Classifier& classifier, const ImageSet& images,
                                   std::int64_t threads, const KeepGoing& keep_going);

/// What predicting needs: of k-NN the training images, of an SVM the distinct support vectors and
/// the machines' numbers.
std::int64_t stored_bytes(const Classifier& classifier);

/// The training images that an SVM needs; k-NN has none.
std::optional<std::int64_t> support_vectors(const Classifier& classifier);

}  // namespace mnist_bench::classical
