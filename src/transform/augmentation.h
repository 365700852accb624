#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "transform/form.h"
#include "transform/image_shape.h"

namespace mnist_bench {

/// A random transform of training images, as a config names it. Its numbers are drawn anew for each
/// image and epoch.
struct Augmentation {
  /// "affine"
  std::string type;
  /// All settings, in the order of its form's keys.
  std::vector<Setting> settings;

  bool operator==(const Augmentation&) const = default;
};

/// Applied first to last; empty: the identity.
using AugmentationChain = std::vector<Augmentation>;

/// How each kind of them is written.
std::vector<const TransformForm*> augmentation_forms();

/// What is wrong with a list of augmentations from a config, and where in it.
std::optional<Problem> problem_in_augmentations(const nlohmann::json& list);

/// An augmentation with all its settings, defaults included, and the reverse, for one without a
/// problem.
void to_json(nlohmann::ordered_json& value, const Augmentation& augmentation);
void from_json(const nlohmann::json& value, Augmentation& augmentation);

/// For people: "affine:shift=2,scale=[0.9, 1.1]+gaussian_noise:sigma=0.2"; "none" for an empty one.
std::string spec_of(const AugmentationChain& chain);

/// Makes the bytes of a training image in `epoch`, from 1, from those of the data set. `index`: the
/// image's index in the training file. May be called by several threads at a time.
using EpochMap = std::function<void(std::int64_t epoch, std::int64_t index,
                                    std::span<const std::uint8_t> in, std::span<std::uint8_t> out)>;

/// A chain made ready for the images of a run: its random numbers are a function of the run's seed,
/// the epoch, the image and the place in the chain.
EpochMap prepare_augmentation(const AugmentationChain& chain, ImageShape shape,
                              std::uint64_t run_seed);

}  // namespace mnist_bench
