#include "report/format/axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/format/figure_style.h"
#include "report/format/svg.h"

namespace mnist_bench {

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
  constexpr double kRounding = 1e-9;  // 1000 · 0.1 is more than 100
  std::vector<double> values;
  for (double i = std::ceil(low / step - kRounding); i * step <= high + kRounding * step; ++i) {
    values.push_back(i * step);
  }
  return values;
}

std::string tick_text(double value) {
  if (std::abs(value) < 1e-12) return "0";
  return fmt::format("{:.6g}", value);
}

double left_of_plot(const std::vector<double>& tick_values) {
  double widest = 0.0;
  for (const double value : tick_values) widest = std::max(widest, text_width(tick_text(value)));
  return kAxis.left_title_base + kAxis.left_title_depth + widest + kAxis.tick_gap;
}

std::string vertical_title(const std::string& text, double middle) {
  return fmt::format(
      R"~(<text transform="translate({} {}) rotate(-90)" text-anchor="middle">{}</text>)~",
      coordinate(kAxis.left_title_base), coordinate(middle), markup_escaped(text));
}

std::string label_below(const std::string& text, double x, double base_line) {
  return fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)", coordinate(x),
                     coordinate(base_line), text);
}

std::string label_left(const std::string& text, double axis, double y) {
  return fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)",
                     coordinate(axis - kAxis.tick_gap), coordinate(y + kFont.middle), text);
}

std::string label_upwards(const std::string& text, double x, double top) {
  return fmt::format(
      R"~(<text transform="translate({} {}) rotate(-90)" text-anchor="end">{}</text>)~",
      coordinate(x), coordinate(top), text);
}

std::string axis_label(const ClassNames& names, std::int64_t k) {
  return markup_escaped(cut_to(numbered_class(names, k), kFont.most_name));
}

double widest_name(const ClassNames& names, const std::vector<std::int64_t>& classes) {
  double widest = 0.0;
  if (names.empty()) return widest;
  for (const std::int64_t k : classes) {
    const std::string text = cut_to(numbered_class(names, k), kFont.most_name);
    widest = std::max(widest, text_width(text) - text_width(std::to_string(k)));
  }
  return widest;
}

HorizontalGrid horizontal_grid(const std::vector<double>& values,
                               const std::function<double(double)>& y, double left, double right) {
  HorizontalGrid grid;
  for (const double value : values) {
    grid.lines += fmt::format(R"(<line x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>)", coordinate(left),
                              coordinate(right), coordinate(y(value)));
    grid.labels += label_left(tick_text(value), left, y(value));
  }
  return grid;
}

}  // namespace mnist_bench
