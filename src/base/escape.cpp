#include "base/escape.h"

#include <fmt/format.h>

#include <cstdint>

namespace mnist_bench {
namespace {

constexpr std::size_t kMaxExcerptBytes = 120;

/// DEL and the C1 controls, which some terminals obey like ESC; Bidi_Control (PropList.txt), which
/// changes the order in which text is read; and what XML 1.0 cannot express (section 2.2).
bool is_obeyed(std::uint32_t point) {
  return (point >= 0x7F && point <= 0x9F) || point == 0x061C || point == 0x200E ||
         point == 0x200F || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069) || point == 0xFFFE || point == 0xFFFF;
}

std::string replaced(std::string_view text, std::string_view kept, std::size_t max_bytes) {
  std::string result;
  for (std::size_t offset = 0; offset < text.size() && result.size() <= max_bytes;) {
    const std::size_t length = utf8_sequence(text.substr(offset));
    const auto byte = static_cast<unsigned char>(text[offset]);
    const std::string_view sequence = text.substr(offset, length == 0 ? 1 : length);
    if (length == 0 || (byte < ' ' && kept.find(text[offset]) == std::string_view::npos)) {
      result += fmt::format("\\x{:02x}", byte);
    } else if (is_obeyed(code_point(sequence))) {
      result += fmt::format("\\u{:04x}", code_point(sequence));
    } else {
      result += sequence;
    }
    offset += sequence.size();
  }
  return result;
}

/// The start of `text`, not cut within a UTF-8 sequence.
std::string shortened(const std::string& text) {
  if (text.size() <= kMaxExcerptBytes) return text;
  std::size_t end = kMaxExcerptBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

}  // namespace

std::size_t utf8_sequence(std::string_view rest) {
  if (rest.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const auto within = [&](std::size_t i, unsigned char low, unsigned char high) {
    return i < rest.size() && low <= byte(i) && byte(i) <= high;
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  if (lead < 0xE0) return within(1, 0x80, 0xBF) ? 2 : 0;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  const std::size_t length = lead < 0xF0 ? 3 : 4;
  if (!within(1, low, high) || !within(2, 0x80, 0xBF)) return 0;
  return length == 3 || within(3, 0x80, 0xBF) ? length : 0;
}

std::uint32_t code_point(std::string_view sequence) {
  constexpr unsigned kOfLead[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t point = static_cast<unsigned char>(sequence[0]) & kOfLead[sequence.size()];
  for (const char c : sequence.substr(1)) {
    point = point << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return point;
}

std::string printable(std::string_view text) { return replaced(text, "\n\t", std::string::npos); }

std::string one_line(std::string_view text) {
  return replaced(text, /*kept=*/"", std::string::npos);
}

std::string escaped(std::string_view text) {
  return shortened(replaced(text, /*kept=*/"", kMaxExcerptBytes));
}

}  // namespace mnist_bench
