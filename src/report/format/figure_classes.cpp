#include <fmt/format.h>

#include <algorithm>

#include "report/format/axes.h"
#include "report/format/draw.h"
#include "report/format/figure_style.h"

namespace mnist_bench {
namespace {

/// Where bars stand, and how high they are.
struct Layout {
  double left = 0.0;
  double bar = 0.0;
  double step = 0.0;  ///< from class to class
  double gap = 0.0;
  double highest = 0.0;  ///< per cent at the top

  [[nodiscard]] double y(double percent) const {
    return kBars.top + kBars.height * (1 - percent / highest);
  }
  [[nodiscard]] double x(std::size_t index) const {
    return left + gap / 2 + step * static_cast<double>(index);
  }
};

constexpr double kBottom = kBars.top + kBars.height;

std::string bar_svg(const Layout& layout, std::size_t metric, double x, const ClassError& error) {
  const double width = layout.bar - kBars.between;
  std::string svg = fmt::format(
      R"(<g class="{}"><rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect></g>)",
      color_class(metric), coordinate(x), coordinate(layout.y(error.mean)), coordinate(width),
      coordinate(layout.y(0) - layout.y(error.mean)), markup_escaped(error.note));
  if (error.has_sd) {
    svg += fmt::format(R"(<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)",
                       coordinate(x + width / 2), coordinate(layout.y(error.high)),
                       coordinate(layout.y(error.low)));
  }
  return svg;
}

/// The legend of the metrics, side by side.
std::string legend_of_metrics(double left, double bottom) {
  std::vector<LegendEntry> entries;
  for (std::size_t i = 0; i < kClassMetrics.size(); ++i) {
    const double x = left + kBars.legend_step * static_cast<double>(i);
    entries.push_back(
        {.css_classes = color_class(i),
         .symbol = fmt::format(R"(<rect class="bar" x="{0}" y="{1}" width="{2}" height="{2}"/>)",
                               coordinate(x), coordinate(bottom + kBars.legend_top),
                               coordinate(kBars.legend_box)),
         .lines = {std::string(kClassMetrics.at(i).title)},
         .x = x + kBars.legend_text,
         .y = bottom + kBars.legend_base});
  }
  return legend_svg(entries);
}

/// The grid and its numbers; the classes' numbers stand below it.
std::string bars_frame_svg(const Layout& layout, double width, const std::vector<double>& values,
                           const std::string& class_numbers) {
  const auto y = [&](double value) { return layout.y(value); };
  const HorizontalGrid grid = horizontal_grid(values, y, layout.left, width);
  return fmt::format(R"(<g class="grid">{}</g><g class="ticks">{}{}{}</g>)", grid.lines,
                     grid.labels, class_numbers,
                     vertical_title("missing to 100 %", kBars.top + kBars.height / 2));
}

}  // namespace

Figure draw(const ClassErrors& figure) {
  double highest = kBars.least_highest;
  for (const ClassErrors::OfClass& of_class : figure.classes) {
    for (const ClassError& error : of_class.errors) highest = std::max(highest, error.high);
  }
  const bool many = figure.classes.size() > kBars.most_wide;
  Layout layout{.bar = many ? kBars.thin : kBars.wide,
                .gap = many ? kBars.thin_gap : kBars.wide_gap,
                .highest = kBars.headroom * highest};
  const std::vector<double> tick_values = ticks(0, layout.highest, kBars.ticks);
  layout.left = left_of_plot(tick_values);
  const double bars = static_cast<double>(kClassMetrics.size()) * layout.bar;
  layout.step = bars + layout.gap;
  const double width = layout.x(figure.classes.size()) + layout.gap / 2;

  std::vector<std::int64_t> labels;
  for (const ClassErrors::OfClass& of_class : figure.classes) labels.push_back(of_class.label);
  const double bottom = kBottom + widest_name(figure.names, labels);
  std::string bars_svg;
  std::string numbers;
  for (std::size_t index = 0; index < figure.classes.size(); ++index) {
    const ClassErrors::OfClass& of_class = figure.classes[index];
    const double left = layout.x(index);
    if (index % (many ? kBars.numbered : 1) == 0) {
      const double middle = left + bars / 2;
      numbers +=
          figure.names.empty()
              ? label_below(std::to_string(of_class.label), middle, kBottom + kBars.label_base)
              : label_upwards(axis_label(figure.names, of_class.label), middle + kFont.middle,
                              kBottom + kAxis.tick_gap);
    }
    for (std::size_t i = 0; i < of_class.errors.size(); ++i) {
      bars_svg +=
          bar_svg(layout, i, left + layout.bar * static_cast<double>(i), of_class.errors.at(i));
    }
  }
  Figure drawn{.width = std::max(width, kBars.least_width),
               .height = bottom + kBars.below,
               .title = figure.title,
               .description =
                   "What is missing to 100 % of precision, recall and F1 for each class; the "
                   "whiskers are one standard deviation over the seeds, within 0 to 100 %",
               .css_classes = "wide",
               .body = {}};
  drawn.attributes = fixed_size(drawn, /*scrolls=*/many);
  drawn.body = bars_frame_svg(layout, width, tick_values, numbers) + bars_svg +
               legend_of_metrics(layout.left, bottom);
  return drawn;
}

}  // namespace mnist_bench
