#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "report/svg.h"

namespace mnist_bench {
namespace {

/// Epochs that every completed run of the group has.
std::size_t common_epochs(const RunGroup& group) {
  std::size_t epochs = group.completed.empty() ? 0 : SIZE_MAX;
  for (const StoredRun& run : group.completed) {
    epochs = std::min(epochs, run.result.epochs.size());
  }
  return epochs;
}

/// Mean and SD over the seeds of a value of each epoch.
ChartSeries curve(const RunGroup& group, const std::string& label, std::size_t style,
                  const std::function<double(const EpochRecord&)>& value) {
  ChartSeries series{.label = label, .style = style, .points = {}};
  for (std::size_t i = 0; i < common_epochs(group); ++i) {
    std::vector<double> values;
    for (const StoredRun& run : group.completed) {
      const double of_run = value(run.result.epochs[i]);
      if (std::isfinite(of_run)) values.push_back(of_run);
    }
    if (values.empty()) continue;
    const Spread spread = spread_of(values);
    series.points.push_back(
        {.x = static_cast<double>(i + 1),
         .y = *spread.mean,
         .sd = spread.sd,
         .note = fmt::format("{}, epoch {}: {:.4g} (SD {}, n = {})", label, i + 1, *spread.mean,
                             spread.sd ? fmt::format("{:.2g}", *spread.sd) : "–", spread.n)});
  }
  return series;
}

std::string labels_of(const std::vector<RunGroup>& groups) {
  std::string text;
  for (const RunGroup& group : groups) text += (text.empty() ? "" : ", ") + group.label;
  return text;
}

}  // namespace

std::string accuracy_curves_svg(const std::vector<RunGroup>& groups) {
  Chart chart{.title = "Test accuracy by epoch",
              .description = "Mean over the seeds with a band of one standard deviation, of " +
                             labels_of(groups),
              .x_label = "epoch",
              .y_label = "test accuracy [%]",
              .x_integer = true,
              .series = {}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    chart.series.push_back(curve(groups[i], groups[i].label, i,
                                 [](const EpochRecord& e) { return 100 * e.test_accuracy; }));
  }
  return chart_svg(chart);
}

std::string loss_curves_svg(const std::vector<RunGroup>& groups) {
  Chart chart{.title = "Loss by epoch",
              .description =
                  "Mean cross-entropy over the seeds with a band of one standard "
                  "deviation: training (dashed) and test, of " +
                  labels_of(groups),
              .x_label = "epoch",
              .y_label = "cross-entropy",
              .x_integer = true,
              .y_from_zero = true,
              .series = {}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    chart.series.push_back(curve(groups[i], groups[i].label + ", test", i,
                                 [](const EpochRecord& e) { return e.test_loss; }));
    chart.series.push_back(curve(groups[i], groups[i].label + ", training (dropout active)", i,
                                 [](const EpochRecord& e) { return e.train_loss; }));
    chart.series.back().dashed = true;
  }
  return chart_svg(chart);
}

std::string accuracy_against_time_svg(const std::vector<RunGroup>& groups) {
  Chart chart{.title = "Test accuracy against training time",
              .description =
                  "A point per seed and epoch, a line through the means, of " + labels_of(groups),
              .x_label = "training time [s], logarithmic",
              .y_label = "test accuracy [%]",
              .x_log = true,
              .series = {}};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const RunGroup& group = groups[i];
    ChartSeries means{.label = group.label, .style = i, .points = {}};
    ChartSeries points{.label = "", .style = i, .line = false, .points = {}};
    std::vector<double> seconds(group.completed.size(), 0.0);
    for (std::size_t epoch = 0; epoch < common_epochs(group); ++epoch) {
      std::vector<double> accuracies;
      for (std::size_t k = 0; k < group.completed.size(); ++k) {
        const RunResult& run = group.completed[k].result;
        seconds[k] += run.epochs[epoch].train_seconds;
        accuracies.push_back(100 * run.epochs[epoch].test_accuracy);
        points.points.push_back(
            {.x = seconds[k],
             .y = accuracies[k],
             .sd = {},
             .note = fmt::format("{}, seed {}, epoch {}: {:.2f} % after {:.3g} s", group.label,
                                 run.config.seed, epoch + 1, accuracies[k], seconds[k])});
      }
      means.points.push_back(
          {.x = *spread_of(seconds).mean, .y = *spread_of(accuracies).mean, .sd = {}, .note = ""});
    }
    std::erase_if(points.points, [](const ChartPoint& p) { return p.x <= 0; });
    std::erase_if(means.points, [](const ChartPoint& p) { return p.x <= 0; });
    chart.series.push_back(std::move(means));
    chart.series.push_back(std::move(points));
  }
  return chart_svg(chart);
}

std::string class_errors_svg(const RunGroup& group) {
  constexpr double kLeft = 56;
  constexpr double kTop = 12;
  constexpr double kHeight = 180;
  constexpr double kBar = 13;
  constexpr double kGap = 18;
  struct Kind {
    const char* name;
    std::size_t color;
    double ClassMetrics::*value;
  };
  const Kind kinds[] = {{"precision", 0, &ClassMetrics::precision},
                        {"recall", 1, &ClassMetrics::recall},
                        {"F1", 2, &ClassMetrics::f1}};
  const std::size_t classes =
      group.completed.empty() ? 0 : group.completed.front().result.test->metrics.per_class.size();
  std::vector<std::vector<Spread>> errors(classes);  // [class][kind], per cent
  double highest = 0.1;
  for (std::size_t k = 0; k < classes; ++k) {
    for (const Kind& kind : kinds) {
      std::vector<double> values;
      for (const StoredRun& run : group.completed) {
        values.push_back(100 * (1 - run.result.test->metrics.per_class[k].*kind.value));
      }
      errors[k].push_back(spread_of(values));
      highest = std::max(highest, *errors[k].back().mean + errors[k].back().sd.value_or(0));
    }
  }
  const double step = 3 * kBar + kGap;
  const double width = kLeft + step * static_cast<double>(classes) + kGap;
  const auto y = [&](double percent) { return kTop + kHeight * (1 - percent / (1.05 * highest)); };
  std::string svg = fmt::format(
      R"(<svg class="figure wide" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" style="max-width:{0}px" role="img" aria-label="Errors per class of {2}"><desc>What is missing to 100 % of precision, recall and F1 for each class; the whiskers are one standard deviation over the seeds</desc><g class="grid">)",
      coordinate(std::max(width, 330.0)), coordinate(kTop + kHeight + 70),
      markup_escaped(group.label));
  std::string labels = R"(<g class="ticks">)";
  for (const double value : ticks(0, 1.05 * highest, 5)) {
    svg += fmt::format(R"(<line x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>)", coordinate(kLeft),
                       coordinate(width), coordinate(y(value)));
    labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{:.4g}</text>)",
                          coordinate(kLeft - 8), coordinate(y(value) + 4), value);
  }
  svg += "</g>";
  std::string bars;
  for (std::size_t k = 0; k < classes; ++k) {
    const double left = kLeft + kGap / 2 + step * static_cast<double>(k);
    labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)",
                          coordinate(left + 1.5 * kBar), coordinate(kTop + kHeight + 18), k);
    for (std::size_t i = 0; i < std::size(kinds); ++i) {
      const Spread& spread = errors[k][i];
      const double x = left + kBar * static_cast<double>(i);
      bars += fmt::format(
          R"(<g class="c{}"><rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>class {}, {}: {:.2f} % (SD {} pp, n = {})</title></rect></g>)",
          kinds[i].color, coordinate(x), coordinate(y(*spread.mean)), coordinate(kBar - 1),
          coordinate(y(0) - y(*spread.mean)), k, kinds[i].name, 100 - *spread.mean,
          spread.sd ? fmt::format("{:.2f}", *spread.sd) : "–", spread.n);
      if (!spread.sd) continue;
      bars += fmt::format(R"(<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)",
                          coordinate(x + (kBar - 1) / 2), coordinate(y(*spread.mean + *spread.sd)),
                          coordinate(y(std::max(*spread.mean - *spread.sd, 0.0))));
    }
  }
  labels += fmt::format(
      R"~(<text transform="translate(14 {}) rotate(-90)" text-anchor="middle">missing to 100 %</text></g>)~",
      coordinate(kTop + kHeight / 2));
  std::string legend = R"(<g class="legend">)";
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    const double x = kLeft + 90 * static_cast<double>(i);
    legend += fmt::format(
        R"(<g class="c{}"><rect class="bar" x="{}" y="{}" width="12" height="12"/></g><text x="{}" y="{}">{}</text>)",
        kinds[i].color, coordinate(x), coordinate(kTop + kHeight + 44), coordinate(x + 18),
        coordinate(kTop + kHeight + 54), kinds[i].name);
  }
  return svg + bars + labels + legend + "</g></svg>";
}

}  // namespace mnist_bench
