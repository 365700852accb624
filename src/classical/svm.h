#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "classical/keep_going.h"
#include "config/experiment.h"
#include "data/dataset.h"
#include "evaluate/metrics.h"

namespace mnist_bench::classical {

/// One machine for each pair of the classes that occur in training. The machine for classes a < b
/// of `labels` decides for a where Σ_s coefficient(s) · K(s, x) > rho.
struct SvmModel {
  SvmKernel kernel = SvmKernel::rbf;
  double gamma = 0;                  ///< of rbf
  std::vector<std::uint8_t> labels;  ///< that occur, ascending
  std::size_t width = 0;             ///< pixels of an image
  std::int64_t classes = 0;          ///< of the data
  /// [support vectors][width]: the training images that any machine needs, by class.
  std::vector<std::uint8_t> vectors;
  std::vector<std::uint8_t> classes_of_vectors;  ///< indices in `labels`
  /// [support vectors][labels − 1]: for the machine of its class and each of the others.
  std::vector<double> coefficients;
  std::vector<double> rho;  ///< of the pairs (0, 1), (0, 2), …, (1, 2), …
};

/// Trains the machines with LIBSVM, on pixels scaled to 0 … 1; absent where `keep_going`, asked
/// after each, ended it. The model is the same for any number of threads. Throws Error(data) for
/// images that are all of one class or have no variance.
std::optional<SvmModel> fit_svm(const SvmConfig& config, const ImageSet& training,
                                std::int64_t classes, std::int64_t threads,
                                const KeepGoing& keep_going);

/// The classes of `images`: those with most votes, the first of equals. Probabilities are shares
/// of the votes, and so there is no loss: NaN.
std::optional<Predictions> predict(const SvmModel& model, const ImageSet& images,
                                   std::int64_t threads, const KeepGoing& keep_going);

}  // namespace mnist_bench::classical
