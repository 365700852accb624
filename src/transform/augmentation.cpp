#include "transform/augmentation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <utility>

#include "base/random.h"
#include "transform/affine.h"
#include "transform/elastic.h"
#include "transform/kind.h"
#include "transform/noise.h"
#include "transform/random_draws.h"

namespace mnist_bench {
namespace {

/// Makes the bytes of one image from those of another and random numbers.
using RandomMap = std::function<void(const ImageStream& stream, std::span<const std::uint8_t> in,
                                     std::span<std::uint8_t> out)>;

struct AugmentationKind : TransformForm {
  std::function<RandomMap(const std::vector<Setting>& settings, ImageShape shape)> prepare = {};
};

/// A kind whose settings are the members of a struct.
template <class Settings>
AugmentationKind augmentation_kind(std::string_view type, const std::string& meaning,
                                   std::vector<MemberKey<Settings>> keys,
                                   RandomMap (*prepare)(const Settings&, ImageShape)) {
  AugmentationKind kind{{.type = type, .meaning = meaning, .keys = keys_of(keys)}};
  kind.prepare = [keys = std::move(keys), prepare](const std::vector<Setting>& values,
                                                   ImageShape shape) {
    return prepare(filled_in(keys, values), shape);
  };
  return kind;
}

/// Draw j of the stream as a number between −1 and 1, both excluded: an odd multiple of 2⁻³².
double uniform(const ImageStream& stream, std::uint64_t j) {
  constexpr std::int64_t kTwoTo32 = std::int64_t{1} << 32U;
  const auto high = static_cast<std::int64_t>(hi32(stream.draw(j)));
  return static_cast<double>(2 * high + 1 - kTwoTo32) / static_cast<double>(kTwoTo32);
}

struct RandomAffine {
  double shift = 0.0;
  double rotate = 0.0;
  std::array<double, 2> scale = {1.0, 1.0};
  double shear = 0.0;
};

AffineMap drawn_map(const RandomAffine& affine, const ImageStream& stream, ImageShape shape) {
  const double down = affine.shift * uniform(stream, 0);
  const double right = affine.shift * uniform(stream, 1);
  const double angle = affine.rotate * uniform(stream, 2) * std::numbers::pi / 180.0;
  const auto [smallest, largest] = affine.scale;
  const double factor = smallest * std::pow(largest / smallest, (uniform(stream, 3) + 1.0) / 2.0);
  const double shear = affine.shear * uniform(stream, 4);
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  const AffineMap map = affine_map({{{(cosine + shear * sine) / factor, sine / factor},
                                     {(shear * cosine - sine) / factor, cosine / factor}}},
                                   shape);
  return moved(map, down, right);
}

RandomMap prepare_affine_augmentation(const RandomAffine& affine, ImageShape shape) {
  return [=](const ImageStream& stream, std::span<const std::uint8_t> in,
             std::span<std::uint8_t> out) {
    apply_affine(drawn_map(affine, stream, shape), shape, in, shape, out);
  };
}

struct RandomElastic {
  double alpha = 0.0;
  double sigma = 4.0;
};

RandomMap prepare_elastic_augmentation(const RandomElastic& elastic, ImageShape shape) {
  return [field = elastic_field(elastic.alpha, elastic.sigma), shape](
             const ImageStream& stream, std::span<const std::uint8_t> in,
             std::span<std::uint8_t> out) { apply_elastic(field, stream, shape, in, out); };
}

struct RandomNoise {
  double sigma = 0.0;
};

RandomMap prepare_noise_augmentation(const RandomNoise& noise, ImageShape /*shape*/) {
  return [table = gaussian_noise_table(noise.sigma)](
             const ImageStream& stream, std::span<const std::uint8_t> in,
             std::span<std::uint8_t> out) { add_noise(table, stream, in, out); };
}

const std::vector<AugmentationKind>& augmentation_kinds() {
  const auto up_to = [](double maximum) { return NumberRange{.minimum = 0.0, .maximum = maximum}; };
  static const std::vector<AugmentationKind> kinds = {
      augmentation_kind<RandomAffine>(
          "affine", "Moves, turns, scales and shears the image.",
          {optional_key("shift", up_to(1'024.0), &RandomAffine::shift,
                        "Largest shift along rows and along columns, in pixels."),
           optional_key("rotate", up_to(360.0), &RandomAffine::rotate,
                        "Largest rotation either way, in degrees."),
           optional_key("scale", NumberInterval{{.minimum = 0.1, .maximum = 10.0}},
                        &RandomAffine::scale, "Smallest and largest factor."),
           optional_key("shear", up_to(2.0), &RandomAffine::shear,
                        "Largest shear either way: columns per row.")},
          prepare_affine_augmentation),
      augmentation_kind<RandomElastic>(
          "elastic", "Distorts the image by smooth random displacements.",
          {required_key("alpha", up_to(100.0), &RandomElastic::alpha,
                        "Factor of the displacements, in pixels."),
           optional_key("sigma", NumberRange{.minimum = 0.1, .maximum = 10.0},
                        &RandomElastic::sigma,
                        "Standard deviation of their smoothing, in pixels.")},
          prepare_elastic_augmentation),
      augmentation_kind<RandomNoise>(
          "gaussian_noise", "Adds normally distributed noise to every pixel.",
          {required_key("sigma", up_to(2.0), &RandomNoise::sigma,
                        "Standard deviation, as a part of the range from 0 to 255.")},
          prepare_noise_augmentation),
  };
  return kinds;
}

/// The kind of this name, which exists.
const AugmentationKind& kind_of(std::string_view type) {
  return *std::find_if(augmentation_kinds().begin(), augmentation_kinds().end(),
                       [&](const AugmentationKind& kind) { return kind.type == type; });
}

/// An augmentation of the chain, ready, with the name of its random streams.
struct Step {
  std::string stream;
  RandomMap map;
};

}  // namespace

std::vector<const TransformForm*> augmentation_forms() { return forms_of(augmentation_kinds()); }

std::optional<Problem> problem_in_augmentations(const nlohmann::json& list) {
  return problem_in_list(list, augmentation_forms());
}

void from_json(const nlohmann::json& value, Augmentation& augmentation) {
  const AugmentationKind& kind = kind_of(value.at("type").get_ref<const std::string&>());
  augmentation = {.type = std::string(kind.type), .settings = settings_from(value, kind)};
}

void to_json(nlohmann::ordered_json& value, const Augmentation& augmentation) {
  value = json_from(augmentation.settings, kind_of(augmentation.type));
}

std::string spec_of(const AugmentationChain& chain) {
  if (chain.empty()) return "none";
  std::vector<std::string> specs;
  for (const Augmentation& each : chain) {
    specs.push_back(spec_from(each.settings, kind_of(each.type)));
  }
  return fmt::format("{}", fmt::join(specs, "+"));
}

EpochMap prepare_augmentation(const AugmentationChain& chain, ImageShape shape,
                              std::uint64_t run_seed) {
  std::vector<Step> steps;
  for (const Augmentation& each : chain) {
    steps.push_back({.stream = fmt::format("augment/{}/{}", steps.size(), each.type),
                     .map = kind_of(each.type).prepare(each.settings, shape)});
  }
  return [steps = std::move(steps), run_seed](std::int64_t epoch, std::int64_t index,
                                              std::span<const std::uint8_t> in,
                                              std::span<std::uint8_t> out) {
    const std::uint64_t epoch_seed =
        split_mix(derive_seed(run_seed, "augment", static_cast<std::uint64_t>(epoch)));
    std::vector<std::uint8_t> before;  // the image between two steps
    if (steps.empty()) std::copy(in.begin(), in.end(), out.begin());
    for (const Step& step : steps) {
      const ImageStream stream(
          derive_seed(epoch_seed, step.stream, static_cast<std::uint64_t>(index)));
      step.map(stream, in, out);
      if (&step == &steps.back()) break;
      before.assign(out.begin(), out.end());
      in = before;
    }
  };
}

}  // namespace mnist_bench
