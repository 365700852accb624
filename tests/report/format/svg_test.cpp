#include "report/format/svg.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/format/axes.h"
#include "report/format/figure_style.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Ticks, AreRoundNumbersWithinTheRange) {
  EXPECT_THAT(ticks(0, 10, 5), ElementsAre(0, 2, 4, 6, 8, 10));
  EXPECT_THAT(ticks(97.1, 99.2, 4), ElementsAre(98, 99));
  EXPECT_THAT(ticks(-1, 1, 4), ElementsAre(-1, -0.5, 0, 0.5, 1));
}

TEST(Coordinate, HasNoMoreDigitsThanItNeeds) {
  EXPECT_EQ(coordinate(12.5), "12.5");
  EXPECT_EQ(coordinate(3.0), "3");
  EXPECT_EQ(coordinate(-0.001), "0");
  EXPECT_EQ(coordinate(1.0 / 3), "0.33");
}

TEST(Markup, IsEscaped) {
  EXPECT_EQ(markup_escaped("<a href=\"x\">&\x01</a>"),
            "&lt;a href=&quot;x&quot;&gt;&amp;\\x01&lt;/a&gt;");
}

// By the font's own metrics (Pillow's getlength), at 13 pixels: 100 W are 1,286 wide, 100 a 797.
TEST(TextWidth, IsEnoughForWideLetters) {
  EXPECT_GE(text_width(std::string(100, 'W')), 1'286.0);
  EXPECT_GE(text_width(std::string(100, 'a')), 797.0);
  EXPECT_LT(text_width(std::string(100, 'a')), 900.0);
  const std::string words = fmt::format("{:W>100} {:a>9}", "", "");
  for (const std::string& line : lines_of(words, 300)) {
    EXPECT_LE(text_width(line), 300.0);
  }
}

TEST(VerticalAxis, HasAPlaceForItsLabelsBesideItsTitle) {
  for (const double widest : {5.0, 97.25, 0.0025, 12'345.6}) {
    EXPECT_GE(left_of_plot({0.0, widest}) - kAxis.tick_gap - text_width(tick_text(widest)), 18.0);
  }
}

TEST(FigureStyle, OfThePageKeepsItsDarkTheme) {
  EXPECT_THAT(figure_style(), HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(figure_style(), HasSubstr("var(--text)"));
}

}  // namespace
}  // namespace mnist_bench
