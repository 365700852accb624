#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/escape.h"

namespace mnist_bench {

/// Parses one JSON value (RFC 8259) in which // and /* */ comments are allowed (if `comments`) and
/// nothing else is forgiven: duplicate keys, trailing commas, NaN, numbers beyond double's range,
/// bytes that are not UTF-8, NUL (raw or as \u0000) and more than 64 nested levels are each an
/// Error(usage) that names `origin` (a file's name, say; not if empty) and the line and column or
/// the JSON pointer. The time is linear in the text's length, except for the logarithm of an
/// object's size.
nlohmann::json parse_strict_json(std::string_view text, std::string_view origin,
                                 bool comments = true);

/// Throws Error(usage), naming `origin`, line and column, unless `text` is UTF-8 (RFC 3629) without
/// NUL.
void require_utf8(std::string_view text, std::string_view origin);

/// For error messages, one line, at most 120 bytes: the value as JSON, escaped like text by
/// `escaped`.
std::string excerpt(const nlohmann::json& value);

}  // namespace mnist_bench
