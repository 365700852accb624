#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/layers.h"
#include "data/dataset.h"
#include "model/layers.h"
#include "record/read_result.h"
#include "record/safetensors.h"
#include "report/mistakes.h"
#include "report/test_pictures.h"

namespace mnist_bench {

/// What a layer makes of an image.
struct LayerOutput {
  layer::Kind kind;
  NamedTensor output;  ///< [channels, rows, columns] or [features], by the layer's name
};

/// The weights of the first layer that has some: a picture for each filter of a convolution, or for
/// each unit that sees the whole image.
struct FirstWeights {
  std::string layer;  ///< its name
  layer::Kind kind;
  NamedTensor pictures;  ///< [units, rows, columns]
};

/// Images of one class that the run took for another.
struct ConfusedImages {
  std::int64_t truth = 0;
  std::int64_t predicted = 0;
  std::int64_t images = 0;     ///< how many there are
  std::vector<Mistake> shown;  ///< the most confident ones
};

/// Two classes, in both directions.
struct ConfusedClasses {
  ConfusedImages first_as_second;
  ConfusedImages second_as_first;
};

/// An image of the test file, and why it was chosen.
struct ChosenImage {
  std::int64_t index = 0;
  std::string reason;  ///< "the most confident mistake of the run"
};

/// What a trained network sees.
struct Inspection {
  StoredRun run;
  ChosenImage image;
  std::int64_t truth = 0;
  std::int64_t predicted = 0;
  Picture as_read = {};                   ///< the image as in the test file
  std::optional<Picture> as_seen = {};    ///< after the run's data.transform, where it has one
  std::vector<float> probabilities = {};  ///< by class
  /// In the order in which they compute: the layers of a residual block before the block. The last
  /// one's are the logits.
  std::vector<LayerOutput> layers = {};
  std::optional<FirstWeights> weights = {};  ///< absent: no layer has any
  std::vector<ConfusedClasses> pairs = {};   ///< the most confused first
};

/// Of the run's classes.
ClassNames class_names_of(const Inspection& inspection);

/// "9 read as 9", "6 taken for 1"
std::string reading_of(const Inspection& inspection);

/// Image `wanted` of the test file; without it the most confident mistake, else the first
/// prediction. `predictions`: at least one. Throws Error(usage) for an index that is not in 0 …
/// `images` − 1.
ChosenImage choose_image(std::optional<std::int64_t> wanted,
                         const std::vector<Prediction>& predictions, std::int64_t images);

/// `tensors`: the network's, by name.
std::optional<FirstWeights> first_weights(const std::vector<PlacedLayer>& layers,
                                          const std::vector<NamedTensor>& tensors);

/// The pairs that the run confused most, with images of its test file, `test`.
std::vector<ConfusedClasses> confused_classes(const StoredRun& run,
                                              const std::vector<Prediction>& predictions,
                                              const ImageSet& test);

}  // namespace mnist_bench
