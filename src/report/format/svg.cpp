#include "report/format/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string_view>

#include "base/escape.h"
#include "report/format/page.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kColors = 8;
/// Widths in a wide font (DejaVu Sans) at 13 pixels.
constexpr double kDigit = 8.3;     // and most small letters
constexpr double kCapital = 10.3;  // Q; most are narrower
constexpr double kWidest = 13.0;   // W and m, and the square characters of other scripts

/// The figure as an <svg> that begins with `position`.
std::string svg_of(const Figure& figure, const std::string& position, const std::string& label) {
  return fmt::format(
      R"(<svg {}class="figure{}{}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" {}{}aria-label="{}"><desc>{}</desc>{}</svg>)",
      position, figure.css_classes.empty() ? "" : " ", figure.css_classes, coordinate(figure.width),
      coordinate(figure.height), figure.attributes, figure.attributes.empty() ? "" : " ",
      markup_escaped(label), markup_escaped(figure.description), figure.body);
}

std::string_view between(std::string_view text, std::string_view from, std::string_view to) {
  const std::size_t start = text.find(from) + from.size();
  return text.substr(start, text.find(to, start) - start);
}

/// The figures' style sheet with the light theme's colours in place of its variables: many programs
/// that draw SVG know none.
std::string print_style() {
  std::string style(page::kFigureStyle);
  const std::string_view theme = between(page::kTheme, ":root {", "}");
  constexpr std::string_view kVariable = "var(";
  for (std::size_t at = 0; (at = style.find(kVariable, at)) != std::string::npos;) {
    const std::size_t end = style.find(')', at);
    const std::string name = style.substr(at + kVariable.size(), end - at - kVariable.size());
    style.replace(at, end + 1 - at, between(theme, name + ": ", ";"));
  }
  return style;
}

std::vector<std::string_view> characters_of(std::string_view text) {
  std::vector<std::string_view> characters;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_sequence(text));
    characters.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return characters;
}

double character_width(std::string_view character) {
  const char c = character.front();
  const bool is_punctuation = c == '\xE2';  // U+2000 to U+2FFF: dashes, arrows
  if (character.size() > 2) return is_punctuation ? kCapital : kWidest;
  if (character.size() == 2) return kCapital;
  if (c == 'W' || c == 'M' || c == 'm' || c == 'w' || c == '@' || c == '%') return kWidest;
  const bool is_capital = c >= 'A' && c <= 'Z';
  return is_capital ? kCapital : kDigit;
}

}  // namespace

std::string markup_escaped(const std::string& text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string coordinate(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string page_svg(const Figure& figure) {
  return svg_of(figure, "", figure.name + (figure.help.empty() ? "" : "; " + figure.help));
}

std::string fixed_size(const Figure& figure, bool scrolls) {
  return fmt::format(R"(style="max-width:{0}px{1}")", coordinate(figure.width),
                     scrolls ? fmt::format(";min-width:{}px", coordinate(figure.width)) : "");
}

std::string marker_svg(std::size_t style, double x, double y, const std::string& note) {
  const std::string title =
      note.empty() ? "" : fmt::format("<title>{}</title>", markup_escaped(note));
  const auto path = [&](const char* shape) {
    return fmt::format(R"~(<path class="marker" transform="translate({} {})" d="{}">{}</path>)~",
                       coordinate(x), coordinate(y), shape, title);
  };
  switch (style % 5) {
    case 0:
      return path("M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z");
    case 1:
      return path("M-3.5 -3.5h7v7h-7z");
    case 2:
      return path("M0 -4.5L4.5 3.5H-4.5z");
    case 3:
      return path("M0 -5L5 0L0 5L-5 0z");
    default:
      return path("M0 4.5L4.5 -3.5H-4.5z");
  }
}

std::string color_class(std::size_t style) { return fmt::format("c{}", style % kColors); }

std::vector<std::string> lines_of(const std::string& text, double width) {
  std::vector<std::string> lines = {""};
  std::istringstream words(printable(text));
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && text_width(lines.back() + " " + word) > width) {
      lines.emplace_back();
    }
    if (!lines.back().empty()) lines.back() += ' ';
    for (const std::string_view character : characters_of(word)) {
      const double wider = text_width(lines.back()) + character_width(character);
      if (!lines.back().empty() && wider > width) lines.emplace_back();
      lines.back() += character;
    }
  }
  return lines;
}

double text_width(const std::string& text) {
  double width = 0.0;
  for (const std::string_view character : characters_of(text)) width += character_width(character);
  return width;
}

std::string text_svg(const std::vector<std::string>& lines, double x, double y) {
  std::string svg;
  for (const std::string& line : lines) {
    svg += fmt::format(R"(<text x="{}" y="{}">{}</text>)", coordinate(x), coordinate(y),
                       markup_escaped(line));
    y += kLineHeight;
  }
  return svg;
}

std::string figure_style() { return std::string(page::kTheme) + std::string(page::kFigureStyle); }

std::string standalone_svg(const std::vector<Figure>& figures) {
  constexpr double kLeastWidth = 330;
  constexpr double kMargin = 8;
  double width = kLeastWidth;
  for (const Figure& figure : figures) width = std::max(width, figure.width);
  double top = kMargin;
  std::string title = figures.empty() ? "no completed run" : "";
  std::string inner;
  for (const Figure& figure : figures) {
    title += (title.empty() ? "" : "; ") + figure.name;
    const std::vector<std::string> lines = lines_of(figure.name, width - 2 * kMargin);
    inner += text_svg(lines, kMargin, top + kLineHeight - 6);
    top += kLineHeight * static_cast<double>(lines.size());
    const std::string position = fmt::format(R"(y="{}" width="{}" height="{}" )", coordinate(top),
                                             coordinate(figure.width), coordinate(figure.height));
    inner += svg_of(figure, position, figure.name);
    top += figure.height + kMargin;
  }
  width = std::ceil(width);  // else the last column of pixels is half transparent
  top = std::ceil(top);
  return fmt::format(
      R"(<?xml version="1.0" encoding="UTF-8"?>
<svg class="figure" xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img"><title>{2}</title><style>
{3}</style><rect width="{0}" height="{1}" fill="#ffffff"/>{4}</svg>
)",
      coordinate(width), coordinate(top), markup_escaped(title), print_style(), inner);
}

}  // namespace mnist_bench
