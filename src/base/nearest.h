#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// The candidate that a mistyped `word` most likely meant, by Damerau–Levenshtein distance;
/// close is at most a third of the word's length, at least 2 edits, whatever the case of letters.
/// If none is close, the only candidate with a part (between _, . or -) close to the word, with the
/// word for its initials, or that begins as the word does: "gausian" means "gaussian_noise", "lr"
/// "learning_rate", and "validate" "validation". Else nothing.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace mnist_bench
