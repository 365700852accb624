#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "transform/transform.h"

namespace mnist_bench {

/// Chains that a model is evaluated on, one after the other.
struct Suite {
  std::string name;
  std::vector<TransformChain> points;
};

/// The canonical SPECs of its points, in their order.
std::vector<std::string> specs_of(const Suite& suite);

/// The one with this name that needs no file; nothing where there is none.
std::optional<Suite> shipped_suite(const std::string& name);

/// "standard", "shift", "noise" or "quick", or a JSON file with a list of SPECs. Throws
/// Error(usage).
Suite find_suite(const std::string& name);

/// The names that need no file.
std::vector<std::string> suite_names();

}  // namespace mnist_bench
