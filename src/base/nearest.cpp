#include "base/nearest.h"

#include <algorithm>
#include <cstddef>

#include "base/text.h"

namespace mnist_bench {
namespace {

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

/// Shorter words are like too many others.
constexpr std::size_t kShortestWord = 4;

/// Whether two thirds of the shorter one are the beginning of both.
bool begin_alike(std::string_view a, std::string_view b) {
  const auto common = static_cast<std::size_t>(
      std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  return common >= kShortestWord && 3 * common >= 2 * std::min(a.size(), b.size());
}

/// Whether `word` is about a part of `candidate`, of those between _ . and -, or has their
/// initials.
bool is_about_part(std::string_view word, std::string_view candidate) {
  std::string initials;
  while (!candidate.empty()) {
    const std::size_t end = std::min(candidate.find_first_of("_.-"), candidate.size());
    const std::string_view part = candidate.substr(0, end);
    if (word.size() >= kShortestWord && distance(word, part) <= word.size() / 4) return true;
    initials += part.substr(0, 1);
    candidate.remove_prefix(std::min(end + 1, candidate.size()));
  }
  return initials.size() > 1 && initials == word;
}

std::optional<std::string> only_one_like(std::string_view word,
                                         const std::vector<std::string>& candidates) {
  std::optional<std::string> found;
  for (const std::string& candidate : candidates) {
    if (!is_about_part(word, candidate) && !begin_alike(word, candidate)) continue;
    if (found) return std::nullopt;
    found = candidate;
  }
  return found;
}

}  // namespace

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  constexpr std::size_t kLongestWord = 64;  // the table is quadratic, and no key is that long
  if (word.size() > kLongestWord) return std::nullopt;
  const std::string lower = lower_case(std::string(word));
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t edits = distance(lower, lower_case(candidate));
    if (edits < best_distance && edits < std::max(word.size(), candidate.size())) {
      best = candidate;
      best_distance = edits;
    }
  }
  return best ? best : only_one_like(lower, candidates);
}

}  // namespace mnist_bench
