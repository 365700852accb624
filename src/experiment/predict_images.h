#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/image_file.h"
#include "experiment/observer.h"
#include "record/read_result.h"

namespace mnist_bench {

struct NamedImage {
  std::string name;
  GreyImage image;
  std::int64_t index = 0;  ///< in its file: what random transforms depend on
};

struct ImagePrediction {
  std::string name;
  std::int64_t predicted = 0;
  float probability = 0.0F;          ///< softmax of the predicted class
  std::vector<float> probabilities;  ///< by class
};

struct ImagePredictions {
  std::vector<ImagePrediction> predictions;
  ClassNames names;            ///< of the run's classes
  std::vector<Error> refused;  ///< one per image without a prediction, naming it
};

/// What the model of a completed run takes the images for. An image of the size of the run's data
/// is taken as it is; any other is brought into the form of MNIST's digits (digit_form), unless
/// `raw`: then it is refused. The run's own data.transform follows. Throws Error(io) for a run
/// without a usable model.
ImagePredictions predict_images(const StoredRun& run, const std::vector<NamedImage>& images,
                                bool raw, Observer& observer);

}  // namespace mnist_bench
