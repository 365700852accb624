#include "base/escape.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mnist_bench {
namespace {

/// UTF-8 of a code point below U+10000 (RFC 3629).
std::string utf8(unsigned point) {
  const auto byte = [](unsigned value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6U), byte(0x80 | (point & 0x3F))};
  return {byte(0xE0 | point >> 12U), byte(0x80 | (point >> 6U & 0x3F)),
          byte(0x80 | (point & 0x3F))};
}

TEST(Printable, KeepsTextLinesAndTabs) {
  for (const char* text :
       {"", "plain", "a\tb\nc\n", "± é 漢 🙂 \u00a0\u00ad", "שלום", "\\x1b"}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, ShowsEachControlCharacterAsItsNumber) {
  for (unsigned point = 0; point < 0xA0; ++point) {
    const bool control = point < 0x20 || point >= 0x7F;
    if (!control || point == '\n' || point == '\t') continue;
    const std::string shown =
        point < 0x20 ? fmt::format("\\x{:02x}", point) : fmt::format("\\u{:04x}", point);
    EXPECT_EQ(printable("a" + utf8(point) + "b"), "a" + shown + "b");
  }
}

TEST(Printable, ShowsWhatReordersText) {
  // PropList.txt of Unicode 15, Bidi_Control
  for (const unsigned point : {0x061CU, 0x200EU, 0x200FU, 0x202AU, 0x202BU, 0x202CU, 0x202DU,
                               0x202EU, 0x2066U, 0x2067U, 0x2068U, 0x2069U}) {
    EXPECT_EQ(printable(utf8(point)), fmt::format("\\u{:04x}", point));
  }
  for (const unsigned neighbour :
       {0x061BU, 0x061DU, 0x200DU, 0x2010U, 0x2029U, 0x202FU, 0x2065U, 0x206AU}) {
    EXPECT_EQ(printable(utf8(neighbour)), utf8(neighbour));
  }
}

TEST(Printable, ShowsWhatXmlCannotWrite) {
  EXPECT_EQ(printable(utf8(0xFFFE) + utf8(0xFFFF)), "\\ufffe\\uffff");
  EXPECT_EQ(printable(utf8(0xFFFD)), utf8(0xFFFD));
}

TEST(CodePoint, IsThatOfASequenceOfAnyLength) {
  EXPECT_EQ(code_point("A"), 0x41U);
  EXPECT_EQ(code_point("é"), 0xE9U);
  EXPECT_EQ(code_point("漢"), 0x6F22U);
  EXPECT_EQ(code_point("🙂"), 0x1F642U);
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\x9b[31m"), "\\x9b[31m");            // C1 as Latin-1
  EXPECT_EQ(printable("\xc0\x9b"), "\\xc0\\x9b");           // overlong ESC
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(printable("a\xc2"), "a\\xc2");                  // cut short
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(OneLine, ShowsAllOfATextWithoutItsLineFeeds) {
  const std::string text(500, 'a');
  EXPECT_EQ(one_line(fmt::format("{}\n\tb\x1b", text)), fmt::format("{}\\x0a\\x09b\\x1b", text));
}

TEST(Escaped, IsOneLineOfAtMost120Bytes) {
  EXPECT_EQ(escaped("a=\"ü\\\"\n\t\x7f\xff\u202e"), "a=\"ü\\\"\\x0a\\x09\\u007f\\xff\\u202e");
  const std::string cut = escaped(std::string(50, '\x1b'));
  EXPECT_LE(cut.size(), 123U);
  EXPECT_THAT(cut, testing::EndsWith("…"));
}

}  // namespace
}  // namespace mnist_bench
