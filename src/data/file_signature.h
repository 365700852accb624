#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mnist_bench {

/// What a file is if it is not an IDX file, and what to do about it.
struct ForeignFormat {
  std::string_view what;  ///< "an HTML page"
  std::string_view remedy;
};

/// Enough to recognize every format below.
inline constexpr std::size_t kSignatureBytes = 64;

/// Recognizes a file by its first `kSignatureBytes` bytes, or by all of a shorter one; nothing for
/// an unknown format.
std::optional<ForeignFormat> recognize_format(std::span<const std::uint8_t> start);

}  // namespace mnist_bench
