#include "report/format/figure_style.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace mnist_bench {
namespace {

struct Color {
  std::string_view name;  ///< of the style sheets' variable
  std::string_view light;
  std::string_view dark;
};

/// A row is a line of the style sheet. c0, c1, …: the series.
const std::vector<std::vector<Color>>& colors() {
  static const std::vector<std::vector<Color>> rows = {
      {{"paper", "#ffffff", "#14171a"},
       {"text", "#1c2024", "#e8ebee"},
       {"soft", "#5a6470", "#a3adb8"},
       {"rule", "#d9dee3", "#333a41"}},
      {{"hit", "#0b62a8", "#3d8fd1"}, {"miss", "#c2500c", "#e0752f"}},
      {{"c0", "#0b62a8", "#6bb3f0"},
       {"c1", "#b34700", "#f0995c"},
       {"c2", "#00704f", "#4cc79a"},
       {"c3", "#8a3d7c", "#d79bcb"}},
      {{"c4", "#6b5900", "#d6c35a"},
       {"c5", "#1f7a9c", "#78cbe6"},
       {"c6", "#a3263b", "#f08497"},
       {"c7", "#474f57", "#b9c2cc"}},
  };
  return rows;
}
constexpr std::size_t kSeriesColors = 8;
/// The colours "hit" and "miss" in a caption.
constexpr std::string_view kMatrixColors = "Blue: right, orange: mistaken";

constexpr std::array<std::string_view, 5> kMarkers = {
    "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z", "M-3.5 -3.5h7v7h-7z", "M0 -4.5L4.5 3.5H-4.5z",
    "M0 -5L5 0L0 5L-5 0z", "M0 4.5L4.5 -3.5H-4.5z"};

constexpr std::string_view kRules =
    R"css(.c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); }
.c3 { color: var(--c3); } .c4 { color: var(--c4); } .c5 { color: var(--c5); }
.c6 { color: var(--c6); } .c7 { color: var(--c7); } .guide { color: var(--soft); }
.figure { font-size: 13px; font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.figure text { fill: var(--text); }
.figure .ticks text { fill: var(--soft); }
.figure .grid line { stroke: var(--rule); stroke-width: 1; }
.figure .grid .tick { stroke: var(--soft); }
.figure .line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.figure .dashed { stroke-dasharray: 6 4; }
.figure .band { fill: currentColor; fill-opacity: 0.16; stroke: none; }
.figure .whisker { stroke: var(--text); stroke-width: 1.25; }
.figure .series .whisker { stroke: currentColor; }
.figure .marker { fill: currentColor; stroke: var(--paper); stroke-width: 0.75; }
.figure .counts text { fill: currentColor; font-size: 11px; text-anchor: middle; }
.figure .bar { fill: currentColor; }
.figure .cell text { text-anchor: middle; font-variant-numeric: tabular-nums; }
.figure .cell .count, .figure .cell .share { fill: var(--text); }
.figure .cell.hit rect { fill: var(--hit); }
.figure .cell.miss rect { fill: var(--miss); }
.figure .cell rect.frame { fill: none; stroke: var(--rule); stroke-width: 1; }
.figure .cell .share { display: none; }
.shares .figure .cell .share { display: inline; }
.shares .figure .cell .count { display: none; }
.figure .cell.at rect.frame { stroke: var(--text); stroke-width: 2.5; }
.figure .picture image { image-rendering: pixelated; }
.figure .picture rect { fill: none; stroke: var(--rule); stroke-width: 1; }
.figure .middle { text-anchor: middle; }
.figure .end { text-anchor: end; font-variant-numeric: tabular-nums; }
.figure rect.share { fill: var(--soft); }
.figure rect.truth { fill: var(--hit); }
.figure rect.mistake { fill: var(--miss); }
)css";

/// The colours as variables, in lines that begin with `indent`.
std::string variables(std::string_view Color::*theme, const std::string& indent) {
  std::string css;
  for (const std::vector<Color>& row : colors()) {
    css += indent;
    for (const Color& color : row) {
      css += fmt::format("{}--{}: {};", &color == row.data() ? "" : " ", color.name, color.*theme);
    }
    css += "\n";
  }
  return css;
}

/// Light or dark as the system says, unless the page's button chose.
std::string theme_css() {
  const std::string dark = variables(&Color::dark, "    ");
  return ":root {\n  color-scheme: light dark;\n" + variables(&Color::light, "  ") +
         "}\n@media screen and (prefers-color-scheme: dark) {\n"
         "  :root:not([data-theme=\"light\"]) {\n" +
         dark + "  }\n}\n@media screen {\n  :root[data-theme=\"dark\"] {\n" + dark + "  }\n}\n";
}

/// How figures and images stand in a page.
std::string page_css() {
  return fmt::format(
      R"css(.figures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, {}px), 1fr)); gap: {}px {}px; }}
.figures + .figures, .figures + .strips {{ margin-top: {}px; }}
.strips {{ display: flex; flex-wrap: wrap; gap: {}px {}px; }}
.sheet {{ grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--column)), 1fr)); gap: {}px {}px; padding: {}px 0; }}
.figure {{ display: block; width: 100%; height: auto; max-width: {}px; }}
.figure.wide {{ min-width: {}px; }}
.figure.confusion {{ min-width: {}px; }}
.mistakes {{ display: grid; grid-template-columns: repeat(auto-fill, minmax({}px, 1fr)); gap: {}px; }}
.mistakes li {{ gap: {}px; }}
@media print {{
  .figures {{ grid-template-columns: repeat({}, 1fr); }}
  .figure.wide, .figure.confusion {{ min-width: 0; }}
}}
)css",
      kPage.column, kPage.row_gap, kPage.column_gap, kPage.row_gap, kPage.row_gap, kPage.column_gap,
      kTransformSheet.row_gap, kTransformSheet.column_gap, kTransformSheet.group_gap,
      kPage.most_width, kPage.least_bars_width, kPage.least_matrix_width, kThumbnail.column,
      kThumbnail.gap, kThumbnail.gap, kPage.print_columns);
}

}  // namespace

std::string color_class(std::size_t style) { return fmt::format("c{}", style % kSeriesColors); }

std::string_view marker_path(std::size_t style) { return kMarkers.at(style % kMarkers.size()); }

HeatColor heat_color(double value) {
  // ColorBrewer's RdBu in five classes, which those with red–green blindness can tell apart.
  constexpr std::array<std::array<double, 3>, 5> kStops = {
      {{5, 113, 176}, {146, 197, 222}, {247, 247, 247}, {244, 165, 130}, {202, 0, 32}}};
  const double known = std::isfinite(value) ? value : 0.0;
  const double at = (std::clamp(known, -1.0, 1.0) + 1.0) / 2.0 * (kStops.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(at), kStops.size() - 2);
  const double share = at - static_cast<double>(below);
  HeatColor color{};
  for (std::size_t i = 0; i < color.size(); ++i) {
    color[i] = static_cast<std::uint8_t>(
        std::lround(std::lerp(kStops[below][i], kStops[below + 1][i], share)));
  }
  return color;
}

std::string figure_style() { return theme_css() + std::string(kRules) + page_css(); }

std::string print_style() {
  std::string css(kRules);
  for (const std::vector<Color>& row : colors()) {
    for (const Color& color : row) {
      const std::string variable = fmt::format("var(--{})", color.name);
      for (std::size_t at = 0; (at = css.find(variable, at)) != std::string::npos;) {
        css.replace(at, variable.size(), color.light);
      }
    }
  }
  return css;
}

std::string_view matrix_colors() { return kMatrixColors; }

std::string_view print_background() { return colors().front().front().light; }

}  // namespace mnist_bench
