#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// The candidate that a mistyped `word` most likely meant, by Damerau–Levenshtein distance;
/// nothing when none is close (at most a third of the word's length, at least 2 edits). Where none
/// is, the only one that has such a part: "gausian" means "gaussian_noise".
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace mnist_bench
