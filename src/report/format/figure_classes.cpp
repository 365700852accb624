#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "report/format/chart.h"
#include "report/format/figures.h"
#include "report/measures.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

constexpr double kBarsTop = 12;
constexpr double kBarsHeight = 180;
constexpr double kLeastBarsWidth = 330;
constexpr std::size_t kMostWideClasses = 30;  // beyond it bars are thin, and only some are numbered

/// A measure of a class; its place in the table is its colour.
struct Kind {
  const char* name;
  const char* measure;  ///< by which it is rounded
  double ClassMetrics::*value;
};
constexpr std::array<Kind, 3> kKinds = {{{"precision", "macro_precision", &ClassMetrics::precision},
                                         {"recall", "macro_recall", &ClassMetrics::recall},
                                         {"F1", "macro_f1", &ClassMetrics::f1}}};

/// Of one class over the runs in whose truth or predictions it occurs; index: kKinds.
using OfClass = std::array<Spread, kKinds.size()>;

std::map<std::int64_t, OfClass> spreads_by_class(const RunGroup& group) {
  std::map<std::int64_t, std::array<std::vector<double>, kKinds.size()>> values;
  for (const StoredRun& run : group.completed) {
    const TestRecord& test = *run.result.test;
    for (const std::int64_t k : occurring_classes(test.confusion)) {
      const ClassMetrics& metrics = test.metrics.per_class.at(static_cast<std::size_t>(k));
      for (std::size_t i = 0; i < kKinds.size(); ++i) {
        values[k].at(i).push_back(metrics.*kKinds.at(i).value);
      }
    }
  }
  std::map<std::int64_t, OfClass> spreads;
  for (const auto& [k, of_class] : values) {
    std::transform(of_class.begin(), of_class.end(), spreads[k].begin(), spread_of);
  }
  return spreads;
}

/// What is missing to 100 %, and the interval of ± one SD around it, within 0 … 100 %.
struct Missing {
  double mean = 0.0;
  double low = 0.0;
  double high = 0.0;
};

Missing missing_of(const Spread& spread) {
  const double mean = 100.0 * (1.0 - *spread.mean);
  const double sd = 100.0 * spread.sd.value_or(0.0);
  return {.mean = mean, .low = std::max(mean - sd, 0.0), .high = std::min(mean + sd, 100.0)};
}

/// Where bars stand, and how high they are.
struct Layout {
  double left = 0.0;
  double bar = 0.0;
  double step = 0.0;  ///< from class to class
  double gap = 0.0;
  double highest = 0.0;  ///< per cent at the top

  [[nodiscard]] double y(double percent) const {
    return kBarsTop + kBarsHeight * (1 - percent / highest);
  }
  [[nodiscard]] double x(std::size_t place) const {
    return left + gap / 2 + step * static_cast<double>(place);
  }
};

std::string bar_svg(const Layout& layout, std::size_t kind, double x, const Spread& spread,
                    const std::string& note) {
  const Missing missing = missing_of(spread);
  std::string svg = fmt::format(
      R"(<g class="{}"><rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect></g>)",
      color_class(kind), coordinate(x), coordinate(layout.y(missing.mean)),
      coordinate(layout.bar - 1), coordinate(layout.y(0) - layout.y(missing.mean)),
      markup_escaped(note));
  if (spread.sd) {
    svg += fmt::format(R"(<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)",
                       coordinate(x + (layout.bar - 1) / 2), coordinate(layout.y(missing.high)),
                       coordinate(layout.y(missing.low)));
  }
  return svg;
}

std::string kinds_svg(double left) {
  std::string svg = R"(<g class="legend">)";
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    const double x = left + 90 * static_cast<double>(i);
    svg += fmt::format(
        R"(<g class="{}"><rect class="bar" x="{}" y="{}" width="12" height="12"/></g><text x="{}" y="{}">{}</text>)",
        color_class(i), coordinate(x), coordinate(kBarsTop + kBarsHeight + 44), coordinate(x + 18),
        coordinate(kBarsTop + kBarsHeight + 54), kKinds.at(i).name);
  }
  return svg + "</g>";
}

/// The grid and its numbers; the classes' numbers stand below it.
std::string bars_frame_svg(const Layout& layout, double width, const std::vector<double>& values,
                           const std::string& class_numbers) {
  std::string grid;
  std::string labels;
  for (const double value : values) {
    grid += fmt::format(R"(<line x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>)", coordinate(layout.left),
                        coordinate(width), coordinate(layout.y(value)));
    labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)",
                          coordinate(layout.left - kTickGap), coordinate(layout.y(value) + 4),
                          tick_text(value));
  }
  return fmt::format(R"(<g class="grid">{}</g><g class="ticks">{}{}{}</g>)", grid, labels,
                     class_numbers, vertical_title("missing to 100 %", kBarsTop + kBarsHeight / 2));
}

}  // namespace

Figure class_errors(const RunGroup& group) {
  const std::map<std::int64_t, OfClass> classes = spreads_by_class(group);
  double highest = 0.1;
  for (const auto& [k, spreads] : classes) {
    for (const Spread& spread : spreads) highest = std::max(highest, missing_of(spread).high);
  }
  const bool many = classes.size() > kMostWideClasses;
  Layout layout{.bar = many ? 4.0 : 13.0, .gap = many ? 6.0 : 18.0, .highest = 1.05 * highest};
  const std::vector<double> tick_values = ticks(0, layout.highest, 5);
  layout.left = left_of_plot(tick_values);
  layout.step = static_cast<double>(kKinds.size()) * layout.bar + layout.gap;
  const double width = layout.x(classes.size()) + layout.gap / 2;
  const std::size_t numbered_every = many ? 5 : 1;

  const std::int64_t images = test_images(group).value_or(0);
  std::string bars;
  std::string numbers;
  std::size_t place = 0;
  for (const auto& [k, spreads] : classes) {
    const double left = layout.x(place);
    if (place++ % numbered_every == 0) {
      numbers += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)",
                             coordinate(left + 1.5 * layout.bar),
                             coordinate(kBarsTop + kBarsHeight + 18), k);
    }
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      const Kind& kind = kKinds.at(i);
      const SpreadText text = spread_text(spreads.at(i), measure_of(kind.measure), images);
      bars += bar_svg(layout, i, left + layout.bar * static_cast<double>(i), spreads.at(i),
                      fmt::format("class {}, {}: {} % (SD {} pp, n = {})", k, kind.name, text.mean,
                                  text.sd, spreads.at(i).n));
    }
  }
  Figure figure{.width = std::max(width, kLeastBarsWidth),
                .height = kBarsTop + kBarsHeight + 70,
                .name = "Errors per class of " + group.label,
                .description =
                    "What is missing to 100 % of precision, recall and F1 for each class; the "
                    "whiskers are one standard deviation over the seeds, within 0 to 100 %",
                .css_classes = "wide",
                .body = {}};
  figure.attributes = fixed_size(figure, /*scrolls=*/many);
  figure.body = bars_frame_svg(layout, width, tick_values, numbers) + bars + kinds_svg(layout.left);
  return figure;
}

}  // namespace mnist_bench
