#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/rule.h"
#include "transform/form.h"

namespace mnist_bench {

/// A pure function from images of bytes to images of bytes, as a config or a SPEC names it.
struct Transform {
  /// The name of its kind: "rotate".
  std::string type;
  /// All settings, in the order of the kind's keys.
  std::vector<Setting> settings;

  bool operator==(const Transform&) const = default;
};

/// Applied first to last; empty: the identity.
using TransformChain = std::vector<Transform>;

inline constexpr std::size_t kMostTransforms = 16;

/// The chain that a SPEC names: "rotate:degrees=15+gaussian_noise:sigma=0.1". Throws Error(usage),
/// naming `origin` (an option, say), for a name, key or value that does not exist.
TransformChain parse_spec(std::string_view spec, std::string_view origin);

/// The SPEC of a chain, the same one for equal chains: keys in the order of the definition,
/// defaults left out, the shortest decimals that are read as the same numbers. "identity" for an
/// empty chain.
std::string canonical_spec(const TransformChain& chain);

/// What is wrong with a list of transforms from a config, and where in it.
std::optional<Problem> problem_in_transforms(const nlohmann::json& list);

/// A transform with all its settings, defaults included, and the reverse, for one without a
/// problem.
void to_json(nlohmann::ordered_json& value, const Transform& transform);
void from_json(const nlohmann::json& value, Transform& transform);

}  // namespace mnist_bench
