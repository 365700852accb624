#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace mnist_bench {

/// The number that all of `text` is, as JSON and C write it; absent where it is none, or is out of
/// a double's range.
inline std::optional<double> number_in(std::string_view text) {
  double number = 0.0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

}  // namespace mnist_bench
