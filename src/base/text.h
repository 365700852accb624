#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <vector>

namespace mnist_bench {

/// In a cell, for a value that does not exist.
inline constexpr const char* kAbsent = "–";

enum class Align { left, right };

/// Columns that `text` (UTF-8) takes on a terminal if each character takes one.
std::size_t code_points(const std::string& text);

/// Rows of cells as text: two spaces between the columns, each as wide as its widest cell, a rule
/// under the header. Widths count code points, so "±" is one column.
std::string text_table(const std::vector<Align>& columns, const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows);

/// 1234567 → "1,234,567".
std::string with_commas(long long value);

/// ASCII letters in the other case; all else as it is.
std::string lower_case(std::string text);
std::string upper_case(std::string text);

/// "a, b and 3 more": names at most `most` of the items.
std::string listed(const std::vector<std::string>& items, std::size_t most);

/// "1 run", "2 runs", "0 runs".
std::string counted(std::integral auto count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

/// The form of a word after `count` things: "is" after 1, "are" after any other number.
std::string singular_or_plural(std::integral auto count, const std::string& singular,
                               const std::string& plural) {
  return count == 1 ? singular : plural;
}

}  // namespace mnist_bench
