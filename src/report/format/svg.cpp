#include "report/format/svg.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string_view>

#include "base/escape.h"
#include "report/format/figure_style.h"

namespace mnist_bench {
namespace {

/// The figure as an <svg> that begins with `position`.
std::string svg_of(const Figure& figure, const std::string& position, const std::string& label) {
  return fmt::format(
      R"(<svg {}class="figure{}{}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" )"
      R"(role="img" {}{}aria-label="{}"><desc>{}</desc>{}</svg>)",
      position, figure.css_classes.empty() ? "" : " ", figure.css_classes, coordinate(figure.width),
      coordinate(figure.height), figure.attributes, figure.attributes.empty() ? "" : " ",
      markup_escaped(label), markup_escaped(figure.description), figure.body);
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
  if (character.size() > 2) return is_punctuation ? kFont.capital : kFont.widest;
  if (character.size() == 2) return kFont.capital;
  if (c == 'W' || c == 'M' || c == 'm' || c == 'w' || c == '@' || c == '%') return kFont.widest;
  const bool is_capital = c >= 'A' && c <= 'Z';
  return is_capital ? kFont.capital : kFont.digit;
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

std::string png_uri(const std::string& png) {
  std::string base64(4 * ((png.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                   reinterpret_cast<const unsigned char*>(png.data()),
                                   static_cast<int>(png.size()));
  base64.resize(static_cast<std::size_t>(size));
  return "data:image/png;base64," + base64;
}

std::string coordinate(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string page_svg(const Figure& figure) {
  return svg_of(figure, "", figure.title + (figure.help.empty() ? "" : "; " + figure.help));
}

std::string fixed_size(const Figure& figure, bool scrolls) {
  return fmt::format(R"(style="max-width:{0}px{1}")", coordinate(figure.width),
                     scrolls ? fmt::format(";min-width:{}px", coordinate(figure.width)) : "");
}

std::string marker_svg(std::size_t style, double x, double y, const std::string& note) {
  const std::string title =
      note.empty() ? "" : fmt::format("<title>{}</title>", markup_escaped(note));
  return fmt::format(R"~(<path class="marker" transform="translate({} {})" d="{}">{}</path>)~",
                     coordinate(x), coordinate(y), marker_path(style), title);
}

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

std::string cut_to(const std::string& text, double width) {
  if (text_width(text) <= width) return text;
  const double room = width - text_width("…");
  std::string cut;
  double used = 0.0;
  for (const std::string_view character : characters_of(text)) {
    used += character_width(character);
    if (used > room) break;
    cut += character;
  }
  return cut + "…";
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
    y += kFont.line;
  }
  return svg;
}

std::string legend_svg(const std::vector<LegendEntry>& entries) {
  std::string svg = R"(<g class="legend">)";
  for (const LegendEntry& entry : entries) {
    svg += fmt::format(R"(<g class="{}">{}</g>)", entry.css_classes, entry.symbol) +
           text_svg(entry.lines, entry.x, entry.y);
  }
  return svg + "</g>";
}

std::string standalone_svg(const std::vector<Figure>& figures, const std::string& if_empty) {
  double width = kSheet.least_width;
  for (const Figure& figure : figures) width = std::max(width, figure.left + figure.width);
  double top = kSheet.margin;
  std::string title = figures.empty() ? if_empty : "";
  std::string inner;
  if (figures.empty()) {
    const std::vector<std::string> lines = lines_of(title, width - 2 * kSheet.margin);
    inner = text_svg(lines, kSheet.margin, top + kSheet.title_base);
    top += kFont.line * static_cast<double>(lines.size()) + kSheet.margin;
  }
  for (const Figure& figure : figures) {
    title += (title.empty() ? "" : "; ") + figure.title;
    const std::vector<std::string> lines = lines_of(figure.title, width - 2 * kSheet.margin);
    inner += text_svg(lines, kSheet.margin, top + kSheet.title_base);
    top += kFont.line * static_cast<double>(lines.size());
    const std::string position =
        fmt::format(R"(x="{}" y="{}" width="{}" height="{}" )", coordinate(figure.left),
                    coordinate(top), coordinate(figure.width), coordinate(figure.height));
    inner += svg_of(figure, position, figure.title);
    top += figure.height + kSheet.margin;
  }
  width = std::ceil(width);  // else the last column of pixels is half transparent
  top = std::ceil(top);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      R"(<svg class="figure" xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" )"
      R"(viewBox="0 0 {0} {1}" role="img"><title>{2}</title>)"
      "<style>\n{3}</style>"
      R"(<rect width="{0}" height="{1}" fill="{4}"/>{5}</svg>)"
      "\n",
      coordinate(width), coordinate(top), markup_escaped(title), print_style(), print_background(),
      inner);
}

}  // namespace mnist_bench
