#include "base/strict_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/refusal.h"

namespace mnist_bench {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(std::string_view text) {
  SCOPED_TRACE(text.substr(0, 200));
  return refusal_of([&] { parse_strict_json(text, "x.json"); });
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(StrictJson, ReadsEveryKindOfValue) {
  EXPECT_EQ(
      parse_strict_json(R"({"a": [1, -2, 2.5, true, null, "x"], "b": {}, "c": []})", "x"),
      json({{"a", {1, -2, 2.5, true, nullptr, "x"}}, {"b", json::object()}, {"c", json::array()}}));
}

TEST(StrictJson, KeepsValuesThatFollowNestedOnesInTheirPlace) {
  EXPECT_EQ(parse_strict_json(R"({"a": {"b": {"c": 1}, "d": [[2], 3]}, "e": 4})", "x").dump(),
            R"({"a":{"b":{"c":1},"d":[[2],3]},"e":4})");
}

TEST(StrictJson, TellsIntegersFromNumbersWithAFraction) {
  EXPECT_TRUE(parse_strict_json("3", "x").is_number_integer());
  EXPECT_TRUE(parse_strict_json("3.0", "x").is_number_float());
  EXPECT_TRUE(parse_strict_json("3e0", "x").is_number_float());
}

TEST(StrictJson, AllowsBothKindsOfComment) {
  EXPECT_EQ(parse_strict_json("// one\n{ /* two\n */ \"a\": 1 // three\n}", "x"), json({{"a", 1}}));
  EXPECT_EQ(parse_strict_json(R"({"a": "// not a comment"})", "x")["a"], "// not a comment");
}

TEST(StrictJson, AllowsAByteOrderMark) {
  EXPECT_EQ(parse_strict_json("\xEF\xBB\xBF{}", "x"), json::object());
}

TEST(StrictJson, NamesFileLineAndColumnOfASyntaxError) {
  EXPECT_THAT(refusal("{\n  \"a\": 1,\n  oops\n}"), StartsWith("x.json: line 3, column 3:"));
  EXPECT_THAT(refusal("}"), StartsWith("x.json: line 1, column 1:"));
}

TEST(StrictJson, RefusesWhatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "// only a comment",
                           "{",
                           "[1",
                           "{\"a\": 1,}",
                           "[1,]",
                           "{\"a\" 1}",
                           "{a: 1}",
                           "{'a': 1}",
                           "{} {}",
                           "{}x",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "+1",
                           "01",
                           ".5",
                           "5.",
                           "0x10",
                           "tru",
                           "\"a",
                           "\"\n\"",
                           "\"\\x\"",
                           "/* open",
                           "# comment\n1",
                           "/ 1"}) {
    EXPECT_THAT(refusal(text), StartsWith("x.json: line")) << text;
  }
}

TEST(StrictJson, RefusesNumbersBeyondTheRangeOfDouble) {
  EXPECT_THAT(refusal("[1e400]"), HasSubstr("1e400"));
  EXPECT_THAT(refusal("[-1e400]"), HasSubstr("-1e400"));
  EXPECT_EQ(parse_strict_json("1e308", "x"), 1e308);
}

TEST(StrictJson, RefusesDuplicateKeysNamingThem) {
  EXPECT_EQ(refusal(R"({"a": {"b": [0, {"c/d": 1, "c/d": 1}]}})"),
            "x.json: /a/b/1/c~1d: duplicate key");
  EXPECT_NO_THROW(parse_strict_json(R"([{"a": 1}, {"a": {"a": 1}}])", "x"));
}

TEST(StrictJson, RefusesBytesThatAreNotUtf8Anywhere) {
  for (const std::string bytes :
       {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82", "\xF0\x80\x80\x80",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(refusal("\n[\"" + bytes + "\"]"),
              "x.json: line 2, column 3: a byte that is not UTF-8");
    EXPECT_THAT(refusal("1 // " + bytes), HasSubstr("not UTF-8"));
    EXPECT_THAT(refusal("1 // " + bytes + "\n"), HasSubstr("not UTF-8"));
  }
  EXPECT_THAT(refusal(R"("\ud800")"), StartsWith("x.json: line 1"));  // half a surrogate pair
}

TEST(StrictJson, AcceptsTheFirstAndLastCharacterOfEveryUtf8Length) {
  for (const std::string text :
       {"\x01", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_NO_THROW(require_utf8(text, "x"));
  }
}

TEST(StrictJson, RefusesNulRawAndEscaped) {
  EXPECT_EQ(refusal(std::string_view("{}\0garbage", 10)), "x.json: line 1, column 3: NUL byte");
  EXPECT_EQ(refusal(std::string_view("[\"a\0\"]", 6)), "x.json: line 1, column 4: NUL byte");
  EXPECT_EQ(refusal(R"({"a": [1, "x\u0000y"]})"), "x.json: /a/1: NUL in a string");
  EXPECT_EQ(refusal(R"({"a": {"x\u0000y": 1}})"), "x.json: /a: NUL in a key");
}

TEST(StrictJson, BoundsTheDepth) {
  EXPECT_NO_THROW(parse_strict_json(nested(64), "x"));
  EXPECT_THAT(refusal(nested(65)), HasSubstr("nested deeper than 64 levels"));
}

TEST(StrictJson, RefusesADepthOfAHundredThousandWithoutOverflow) {
  EXPECT_THAT(refusal(nested(100'000)), HasSubstr("nested deeper"));
  EXPECT_THAT(refusal(std::string(100'000, '[')), HasSubstr("nested deeper"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_THAT(refusal(objects), HasSubstr("nested deeper"));
}

TEST(StrictJson, FindsADuplicateAmongAHundredThousandKeys) {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"" + std::to_string(i) + "\":1,";
  EXPECT_EQ(refusal(text + "\"5\":1}"), "x.json: /5: duplicate key");
}

TEST(StrictJson, KeepsMessagesShortAndFreeOfControlCharacters) {
  const std::string long_message = refusal("[" + std::string(10'000, 'x'));
  EXPECT_LT(long_message.size(), 300);
  for (const char* text : {"\x1b[31m", "\"\x1b[31m\"", R"({"\u001b[31m": 1, "\u001b[31m": 1})"}) {
    EXPECT_EQ(refusal(text).find('\x1b'), std::string::npos);
  }
}

TEST(Excerpt, ShowsAValueAsItIsWritten) {
  EXPECT_EQ(excerpt(3.0), "3.0");
  EXPECT_EQ(excerpt("a\n\"b\""), R"("a\n\"b\"")");
  EXPECT_EQ(excerpt({1, nullptr}), "[1,null]");
}

TEST(Excerpt, CutsBetweenCharacters) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    std::string text(shift, 'a');
    for (int i = 0; i < 100; ++i) text += "€";
    const std::string cut = excerpt(text);
    EXPECT_LE(cut.size(), 123);
    EXPECT_NO_THROW(require_utf8(cut, "cut"));
    EXPECT_NO_THROW(require_utf8(escaped(text), "cut"));
  }
}

TEST(Excerpt, ShowsWhatATerminalMustNotSee) {
  EXPECT_EQ(excerpt("\x1b\x7f\u009b\u202e\xff"), R"("\u001b\u007f\u009b\u202e�")");
}

}  // namespace
}  // namespace mnist_bench
