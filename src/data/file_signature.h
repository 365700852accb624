#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mnist_bench {

/// What a file is that is no IDX file, and what to do about it.
struct ForeignFormat {
  std::string_view what;  ///< "an HTML page"
  std::string_view remedy;
};

/// Enough to tell every format below.
inline constexpr std::size_t kSignatureBytes = 64;

/// Tells a file by its first `kSignatureBytes` bytes, or all of a shorter one; nothing for a format
/// that is not known here.
std::optional<ForeignFormat> recognize_format(std::span<const std::uint8_t> start);

}  // namespace mnist_bench
