#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <string_view>
#include <utility>

#include "report/page/page.h"
#include "report/text_table.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kColors = 8;
constexpr double kWidth = 480;  // on a phone's 350 pixels its text stays readable
constexpr double kPlotHeight = 230;
constexpr double kLeft = 64;
constexpr double kRight = 16;
constexpr double kTop = 16;
constexpr double kAxis = 48;        // below the plot: tick labels and the axis' own
constexpr double kLegendLine = 20;  // height of a line of the legend, and of a name
constexpr double kCharacter = 8.3;  // width of a wide font's digit at 13 pixels; most are narrower

/// From values to coordinates along one axis.
struct Scale {
  double low = 0.0;
  double high = 1.0;
  double from = 0.0;
  double to = 1.0;
  bool log = false;

  [[nodiscard]] double operator()(double value) const {
    const auto position = [this](double v) { return log ? std::log10(v) : v; };
    const double share = (position(value) - position(low)) / (position(high) - position(low));
    return from + share * (to - from);
  }
};

/// The range of the values, widened so that it is not empty and nothing lies on the frame.
std::pair<double, double> padded(double low, double high) {
  const double pad = high > low ? 0.06 * (high - low) : std::max(0.05 * std::abs(high), 1e-6);
  return {low - pad, high + pad};
}

std::string tick_text(double value) {
  if (std::abs(value) < 1e-12) return "0";
  return fmt::format("{:.6g}", value);
}

Scale x_scale(const Chart& chart) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      low = std::min(low, point.x);
      high = std::max(high, point.x);
    }
  }
  if (!(low <= high)) std::tie(low, high) = std::pair(1.0, 10.0);  // no points
  if (chart.x_log) {
    low /= 1.3;
    high *= 1.3;
  } else if (chart.x_integer) {
    low -= 0.25;
    high += 0.25;
  } else {
    std::tie(low, high) = padded(low, high);
  }
  return {.low = low, .high = high, .from = kLeft, .to = kWidth - kRight, .log = chart.x_log};
}

Scale y_scale(const Chart& chart) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      low = std::min(low, point.y - point.sd.value_or(0.0));
      high = std::max(high, point.y + point.sd.value_or(0.0));
    }
  }
  if (!(low <= high)) std::tie(low, high) = std::pair(0.0, 1.0);
  std::tie(low, high) = padded(low, high);
  if (chart.y_from_zero) low = 0.0;
  return {.low = low, .high = high, .from = kTop + kPlotHeight, .to = kTop, .log = false};
}

std::vector<double> x_ticks(const Chart& chart, const Scale& x) {
  std::vector<double> values;
  if (chart.x_log) {
    for (double decade = std::pow(10, std::floor(std::log10(x.low))); decade <= x.high;
         decade *= 10) {
      for (const double step : {1.0, 2.0, 5.0}) {
        if (decade * step >= x.low && decade * step <= x.high) values.push_back(decade * step);
      }
    }
    return values;
  }
  values = ticks(x.low, x.high, 8);
  if (chart.x_integer) std::erase_if(values, [](double v) { return v != std::round(v); });
  return values;
}

std::string frame_svg(const Chart& chart, const Scale& x, const Scale& y) {
  std::string svg = R"(<g class="grid">)";
  std::string labels = R"(<g class="ticks">)";
  for (const double value : ticks(y.low, y.high, 6)) {
    svg += fmt::format(R"(<line x1="{}" x2="{}" y1="{}" y2="{}"/>)", coordinate(kLeft),
                       coordinate(kWidth - kRight), coordinate(y(value)), coordinate(y(value)));
    labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)",
                          coordinate(kLeft - 8), coordinate(y(value) + 4), tick_text(value));
  }
  for (const double value : x_ticks(chart, x)) {
    svg += fmt::format(R"(<line class="tick" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)",
                       coordinate(x(value)), coordinate(y.from), coordinate(y.from + 5));
    labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)",
                          coordinate(x(value)), coordinate(y.from + 19), tick_text(value));
  }
  svg += fmt::format(R"(<line class="tick" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/></g>)",
                     coordinate(kLeft), coordinate(kWidth - kRight), coordinate(y.from));
  labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)",
                        coordinate((kLeft + kWidth - kRight) / 2), coordinate(y.from + 40),
                        markup_escaped(chart.x_label));
  labels += fmt::format(
      R"~(<text transform="translate(14 {}) rotate(-90)" text-anchor="middle">{}</text></g>)~",
      coordinate(kTop + kPlotHeight / 2), markup_escaped(chart.y_label));
  return svg + labels;
}

std::string series_svg(const ChartSeries& series, const Scale& x, const Scale& y) {
  std::string upper;
  std::string lower;
  std::string line;
  std::string whiskers;
  std::string markers;
  for (const ChartPoint& point : series.points) {
    const std::string at = coordinate(x(point.x));
    line += fmt::format("{},{} ", at, coordinate(y(point.y)));
    if (point.sd) {
      const std::string top = coordinate(y(point.y + *point.sd));
      const std::string bottom = coordinate(y(std::max(point.y - *point.sd, y.low)));
      upper += fmt::format("{},{} ", at, top);
      lower.insert(0, fmt::format("{},{} ", at, bottom));
      if (!series.line) {
        whiskers += fmt::format(R"(<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)",
                                at, top, bottom);
      }
    }
    markers += marker_svg(series.style, x(point.x), y(point.y), point.note);
  }
  std::string svg = fmt::format(R"(<g class="series c{}">)", series.style % kColors);
  if (series.line) {
    if (!upper.empty()) {
      svg += fmt::format(R"(<polygon class="band" points="{}{}"/>)", upper, lower);
    }
    svg += fmt::format(R"(<polyline class="line{}" points="{}"/>)", series.dashed ? " dashed" : "",
                       line);
  }
  return svg + whiskers + markers + "</g>";
}

/// The text in lines of at most `width` pixels; a longer word is broken.
std::vector<std::string> lines_of(const std::string& text, double width) {
  const auto most = static_cast<std::size_t>(std::max(1.0, width / kCharacter));
  std::vector<std::string> lines = {""};
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && code_points(lines.back()) + 1 + code_points(word) > most) {
      lines.emplace_back();
    }
    if (!lines.back().empty()) lines.back() += ' ';
    for (const char c : word) {
      const bool starts_a_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
      if (starts_a_character && code_points(lines.back()) == most) lines.emplace_back();
      lines.back() += c;
    }
  }
  return lines;
}

/// Lines below each other, the first one's base line at y.
std::string text_svg(const std::vector<std::string>& lines, double x, double y) {
  std::string svg;
  for (const std::string& line : lines) {
    svg += fmt::format(R"(<text x="{}" y="{}">{}</text>)", coordinate(x), coordinate(y),
                       markup_escaped(line));
    y += kLegendLine;
  }
  return svg;
}

constexpr double kLegendText = kLeft + 36;

std::vector<std::string> legend_lines(const ChartSeries& series) {
  return lines_of(series.label, kWidth - kLegendText);
}

/// With its height.
std::pair<std::string, double> legend_svg(const Chart& chart, double top) {
  std::string svg = R"(<g class="legend">)";
  double y = top;
  for (const ChartSeries& series : chart.series) {
    if (series.label.empty()) continue;
    svg += fmt::format(R"(<g class="series c{}">)", series.style % kColors);
    if (series.line) {
      svg += fmt::format(R"(<polyline class="line{}" points="{},{} {},{}"/>)",
                         series.dashed ? " dashed" : "", coordinate(kLeft), coordinate(y),
                         coordinate(kLeft + 28), coordinate(y));
    }
    svg += marker_svg(series.style, kLeft + 14, y) + "</g>";
    const std::vector<std::string> lines = legend_lines(series);
    svg += text_svg(lines, kLegendText, y + 4);
    y += kLegendLine * static_cast<double>(lines.size());
  }
  return {svg + "</g>", y - top};
}

std::string between(const std::string& text, std::string_view from, std::string_view to) {
  const std::size_t start = text.find(from) + from.size();
  return text.substr(start, text.find(to, start) - start);
}

/// What a figure says of itself, without the help for its keys; escaped.
std::string name_of(const std::string& figure) {
  const std::string label = between(figure, "aria-label=\"", "\"");
  return label.substr(0, label.find("; arrow keys"));
}

std::string unescaped(std::string text) {
  for (const auto& [from, to] : {std::pair("&lt;", "<"), std::pair("&gt;", ">"),
                                 std::pair("&quot;", "\""), std::pair("&amp;", "&")}) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; ++at) {
      text.replace(at, std::string_view(from).size(), to);
    }
  }
  return text;
}

/// The figures' style sheet with the light theme's colours in place of its variables: many programs
/// that draw SVG know none.
std::string print_style() {
  std::string style(page::kFigureStyle);
  const std::string theme = between(std::string(page::kTheme), ":root {", "}");
  constexpr std::string_view kVariable = "var(";
  for (std::size_t at = 0; (at = style.find(kVariable, at)) != std::string::npos;) {
    const std::size_t end = style.find(')', at);
    const std::string name = style.substr(at + kVariable.size(), end - at - kVariable.size());
    style.replace(at, end + 1 - at, between(theme, name + ": ", ";"));
  }
  return style;
}

}  // namespace

std::string markup_escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
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
        // XML has no way to write the other control characters.
        escaped += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
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

std::vector<double> ticks(double low, double high, int count) {
  const double raw = (high - low) / count;
  const double magnitude = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * magnitude;
  for (const double candidate : {1.0, 2.0, 5.0}) {
    if (candidate * magnitude >= raw) {
      step = candidate * magnitude;
      break;
    }
  }
  std::vector<double> values;
  for (double i = std::ceil(low / step); i * step <= high; ++i) values.push_back(i * step);
  return values;
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

std::string chart_svg(const Chart& chart) {
  const Scale x = x_scale(chart);
  const Scale y = y_scale(chart);
  const double legend_top = kTop + kPlotHeight + kAxis + 16;
  const auto [legend, legend_height] = legend_svg(chart, legend_top);
  const double height = legend_top + legend_height;
  std::string svg = fmt::format(
      R"(<svg class="figure" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" role="img" aria-label="{}"><desc>{}</desc>)",
      coordinate(kWidth), coordinate(height), markup_escaped(chart.title),
      markup_escaped(chart.description));
  svg += frame_svg(chart, x, y);
  for (const ChartSeries& series : chart.series) svg += series_svg(series, x, y);
  return svg + legend + "</svg>";
}

std::string figure_style() { return std::string(page::kTheme) + std::string(page::kFigureStyle); }

std::string standalone_svg(const std::vector<std::string>& figures) {
  constexpr double kLeastWidth = 330;
  constexpr double kMargin = 8;
  double width = kLeastWidth;
  for (const std::string& figure : figures) {
    // viewBox="0 0 WIDTH HEIGHT", by which all figures begin
    width = std::max(width, std::stod(between(figure, "viewBox=\"0 0 ", " ")));
  }
  double top = kMargin;
  std::string title;
  std::string inner;
  for (const std::string& figure : figures) {
    const std::string name = name_of(figure);
    title += (title.empty() ? "" : "; ") + name;
    const std::vector<std::string> lines = lines_of(unescaped(name), width - 2 * kMargin);
    inner += text_svg(lines, kMargin, top + kLegendLine - 6);
    top += kLegendLine * static_cast<double>(lines.size());
    const std::string box = between(figure, "viewBox=\"0 0 ", "\"");
    const std::string own_width = box.substr(0, box.find(' '));
    const std::string own_height = box.substr(box.find(' ') + 1);
    inner += fmt::format(R"(<svg y="{}" width="{}" height="{}"{})", coordinate(top), own_width,
                         own_height, figure.substr(std::string_view("<svg").size()));
    top += std::stod(own_height) + kMargin;
  }
  if (figures.empty()) title = "no completed run";
  return fmt::format(
      R"(<?xml version="1.0" encoding="UTF-8"?>
<svg class="figure" xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" viewBox="0 0 {0} {1}" role="img"><title>{2}</title><style>
{3}</style><rect width="{0}" height="{1}" fill="#ffffff"/>{4}</svg>
)",
      coordinate(width), coordinate(top), title, print_style(), inner);
}

}  // namespace mnist_bench
