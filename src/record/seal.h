#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mnist_bench {

/// A file that holds a SHA-256 of itself: of its bytes with the hash's own 64 digits as zeros. What
/// stands there until the hash is known.
inline const std::string kNoHash(64, '0');

/// `bytes`, whose kNoHash at `position` gives way to their SHA-256.
std::string sealed(std::string bytes, std::size_t position);

/// Whether the 64 bytes at `position` are what sealed() puts there.
bool is_sealed(std::string_view bytes, std::size_t position);

}  // namespace mnist_bench
