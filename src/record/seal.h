#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "record/json_value.h"

namespace mnist_bench {

/// A file that holds a SHA-256 of itself: of its bytes with the hash's own 64 digits as zeros. What
/// stands there until the hash is known.
inline const std::string kNoHash(64, '0');

/// `bytes`, whose kNoHash at `position` gives way to their SHA-256.
std::string sealed(std::string bytes, std::size_t position);

/// Whether the 64 bytes at `position` are what sealed() puts there.
bool is_sealed(std::string_view bytes, std::size_t position);

/// The text of a record: `json` with its seal, `sha256`, as the last member.
std::string sealed_json(nlohmann::ordered_json json);

/// Throws Error(io) unless `sha256`, the record's member, is the seal of its `bytes`.
void require_seal(std::string_view bytes, const JsonValue& sha256);

}  // namespace mnist_bench
