#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>

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
  constexpr std::size_t kMostWide = 30;  // beyond it bars are thin, and only some are numbered
  struct Kind {
    const char* name;
    std::size_t color;
    double ClassMetrics::*value;
  };
  const Kind kinds[] = {{"precision", 0, &ClassMetrics::precision},
                        {"recall", 1, &ClassMetrics::recall},
                        {"F1", 2, &ClassMetrics::f1}};
  // By class, of the runs in whose truth or predictions it occurs: [kind], per cent.
  std::map<std::int64_t, std::array<std::vector<double>, std::size(kinds)>> missing;
  for (const StoredRun& run : group.completed) {
    const TestRecord& test = *run.result.test;
    for (const std::int64_t k : occurring_classes(test.confusion)) {
      const ClassMetrics& metrics = test.metrics.per_class.at(static_cast<std::size_t>(k));
      for (std::size_t i = 0; i < std::size(kinds); ++i) {
        missing[k].at(i).push_back(100 * (1 - metrics.*kinds[i].value));
      }
    }
  }
  std::vector<std::int64_t> classes;
  std::vector<std::vector<Spread>> errors;  // [place in classes][kind]
  double highest = 0.1;
  for (const auto& [k, of_kinds] : missing) {
    classes.push_back(k);
    errors.emplace_back();
    for (const auto& values : of_kinds) {
      const Spread spread = spread_of(values);
      highest = std::max(highest, *spread.mean + spread.sd.value_or(0));
      errors.back().push_back(spread);
    }
  }
  const bool many = classes.size() > kMostWide;
  const double bar_width = many ? 4 : 13;
  const double gap = many ? 6 : 18;
  const std::size_t numbered_every = many ? 5 : 1;
  const double step = 3 * bar_width + gap;
  const double width = kLeft + step * static_cast<double>(classes.size()) + gap;
  const auto y = [&](double percent) { return kTop + kHeight * (1 - percent / (1.05 * highest)); };
  std::string svg = fmt::format(
      R"(<svg class="figure wide" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" style="max-width:{0}px{3}" role="img" aria-label="Errors per class of {2}"><desc>What is missing to 100 % of precision, recall and F1 for each class; the whiskers are one standard deviation over the seeds</desc><g class="grid">)",
      coordinate(std::max(width, 330.0)), coordinate(kTop + kHeight + 70),
      markup_escaped(group.label), many ? fmt::format(";min-width:{}px", coordinate(width)) : "");
  std::string labels = R"(<g class="ticks">)";
  for (const double value : ticks(0, 1.05 * highest, 5)) {
    svg += fmt::format(R"(<line x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>)", coordinate(kLeft),
                       coordinate(width), coordinate(y(value)));
    labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{:.4g}</text>)",
                          coordinate(kLeft - 8), coordinate(y(value) + 4), value);
  }
  svg += "</g>";
  std::string bars;
  for (std::size_t place = 0; place < classes.size(); ++place) {
    const std::int64_t k = classes[place];
    const double left = kLeft + gap / 2 + step * static_cast<double>(place);
    if (place % numbered_every == 0) {
      labels += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)",
                            coordinate(left + 1.5 * bar_width), coordinate(kTop + kHeight + 18), k);
    }
    for (std::size_t i = 0; i < std::size(kinds); ++i) {
      const Spread& spread = errors[place][i];
      const double x = left + bar_width * static_cast<double>(i);
      bars += fmt::format(
          R"(<g class="c{}"><rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>class {}, {}: {:.2f} % (SD {} pp, n = {})</title></rect></g>)",
          kinds[i].color, coordinate(x), coordinate(y(*spread.mean)), coordinate(bar_width - 1),
          coordinate(y(0) - y(*spread.mean)), k, kinds[i].name, 100 - *spread.mean,
          spread.sd ? fmt::format("{:.2f}", *spread.sd) : "–", spread.n);
      if (!spread.sd) continue;
      bars +=
          fmt::format(R"(<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>)",
                      coordinate(x + (bar_width - 1) / 2), coordinate(y(*spread.mean + *spread.sd)),
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
