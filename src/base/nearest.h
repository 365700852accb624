#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// The candidate that a mistyped `word` most likely meant, by Damerau–Levenshtein distance;
/// close is at most a third of the word's length, at least 2 edits. If none is close, the only
/// candidate with a part (between _, . or -) close to the word: "gausian" means "gaussian_noise".
/// Else nothing.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace mnist_bench
