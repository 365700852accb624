#include "base/nearest.h"

#include <algorithm>
#include <cstddef>

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

/// The only candidate with a part (of those between _ . and -) that is about `word`.
std::optional<std::string> only_one_with(std::string_view word,
                                         const std::vector<std::string>& candidates) {
  constexpr std::size_t kShortestWord = 4;
  if (word.size() < kShortestWord) return std::nullopt;
  std::optional<std::string> found;
  for (const std::string& candidate : candidates) {
    bool is_about = false;
    std::string_view rest = candidate;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find_first_of("_.-"), rest.size());
      is_about = is_about || distance(word, rest.substr(0, end)) <= word.size() / 4;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (!is_about) continue;
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
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t edits = distance(word, candidate);
    if (edits < best_distance && edits < std::max(word.size(), candidate.size())) {
      best = candidate;
      best_distance = edits;
    }
  }
  return best ? best : only_one_with(word, candidates);
}

}  // namespace mnist_bench
