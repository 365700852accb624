#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mnist_bench {

/// Bytes of the UTF-8 sequence that `rest` starts with; 0 if it starts with none (Unicode 15,
/// table 3-7: no overlong forms, no surrogates, nothing beyond U+10FFFF) or is empty.
std::size_t utf8_sequence(std::string_view rest);

/// The code point of one sequence that `utf8_sequence` accepts.
std::uint32_t code_point(std::string_view sequence);

/// `text` without anything that a terminal obeys instead of showing it: control characters below
/// U+0020 but line feed and tab, and bytes that are not UTF-8, as \xNN; U+007F to U+009F, the
/// characters with Unicode's property Bidi_Control (marks, embeddings, overrides, isolates) and the
/// noncharacters U+FFFE and U+FFFF as \uNNNN, so that JSON stays JSON with the same strings. The
/// result is valid text of XML 1.0.
std::string printable(std::string_view text);

/// All of `text` on one line: like `printable`, line feeds and tabs as \xNN too.
std::string one_line(std::string_view text);

/// For error messages, one line, at most 120 bytes: like `printable`, line feeds and tabs as \xNN
/// too.
std::string escaped(std::string_view text);

}  // namespace mnist_bench
