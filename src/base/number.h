#pragma once

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace mnist_bench {

/// The nearest double to the number that all of `text` is, as JSON and C write it; absent where it
/// is none, or is larger than any.
inline std::optional<double> number_in(std::string_view text) {
  double number = 0.0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (rest != end) return std::nullopt;
  if (error == std::errc()) return number;
  // Too large, or so small that it is nearest to 0.
  number = std::strtod(std::string(text).c_str(), nullptr);
  return error == std::errc::result_out_of_range && std::abs(number) < 1.0 ? std::optional(number)
                                                                           : std::nullopt;
}

}  // namespace mnist_bench
