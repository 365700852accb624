#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "record/result.h"
#include "transform/transform.h"

namespace mnist_bench {

/// What evaluations of the published MNIST-C have as their data set and suite.
inline constexpr const char* kMnistC = "mnist-c";

/// The images that runs are evaluated on, before any transform.
struct EvaluationImages {
  /// "test", "train", "mnist-c-fog", or where the images are of other data, the start of their
  /// SHA-256.
  std::string name;
  std::string dataset;
  ImageSet images;
  std::vector<std::int64_t> indices;  ///< in their file

  [[nodiscard]] bool is_own() const;
};

/// The test set of `data`: cut as the run's config says where the data are the run's own.
EvaluationImages test_images(const Dataset& data, const RunResult& result, bool is_own);

/// The images of `data` that the run was trained on, which must be its own.
EvaluationImages training_images(const Dataset& data, const RunResult& result);

/// A corruption of the published MNIST-C in `folder`. Throws Error(data) for damaged files.
EvaluationImages corrupted_images(const std::filesystem::path& folder,
                                  const std::string& corruption, std::int64_t classes);

/// The images after a transform, as each run sees them: those with another data.transform see
/// others. Each is made once.
class SeenImages {
 public:
  /// `set` stays the caller's.
  SeenImages(const EvaluationImages& set, const TransformChain& transform, std::int64_t threads);

  struct Seen {
    ImageSet images;
    std::string sha256;  ///< of pixels and labels
  };
  const Seen& after(const TransformChain& own_transform);

  /// Whether the transform, without those of the runs, leaves every image as it is.
  [[nodiscard]] bool are_unchanged() const;

  /// How long the transform took, without those of the runs.
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  const EvaluationImages& set_;
  std::int64_t threads_;
  ImageSet shared_;
  double seconds_ = 0.0;
  std::map<std::string, Seen> seen_;
};

}  // namespace mnist_bench
