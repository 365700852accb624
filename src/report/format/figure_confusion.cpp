#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "report/format/chart.h"
#include "report/format/figures.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

constexpr double kCell = 46;
constexpr double kLeft = 56;
constexpr double kTop = 44;
/// Half of a label of three digits reaches beyond the last, small cell.
constexpr double kMargin = 10;
/// Beyond this many classes a cell is too small for its number, which then is shown on pointing.
constexpr std::size_t kMostNumbered = 20;
constexpr double kSmallCell = 14;
constexpr double kSmallestCell = 8;
/// And beyond this many only the cells that are not empty are drawn: 256 classes have 65,536.
constexpr std::size_t kMostDrawn = 64;

ConfusionMatrix summed(const RunGroup& group) {
  ConfusionMatrix sum;
  for (const StoredRun& run : group.completed) {
    const ConfusionMatrix& counts = run.result.test->confusion;
    if (sum.empty()) sum.assign(counts.size(), std::vector<std::int64_t>(counts.size(), 0));
    for (std::size_t i = 0; i < counts.size() && i < sum.size(); ++i) {
      for (std::size_t j = 0; j < counts[i].size() && j < sum.size(); ++j) {
        sum[i][j] += counts[i][j];
      }
    }
  }
  return sum;
}

/// How deep a cell's colour is: 0 for an empty cell, 0.6 for a whole row, which leaves its number
/// readable; 0.1 % of a row already shows.
double depth(double share) { return share <= 0 ? 0 : 0.6 * std::log10(1 + 999 * share) / 3; }

/// Of a cell that has a place for four digits: a share of `images`, in per cent.
std::string share_text(double share, std::int64_t images) {
  return rounded(100 * share, std::min(share >= 0.1 ? 1 : 2, decimals_of_images(images)));
}

/// The names of the axes, and the classes' numbers along them.
std::string labels_svg(const std::vector<std::int64_t>& labels, double cell, std::size_t every) {
  const double size = cell * static_cast<double>(labels.size());
  std::string svg =
      fmt::format(R"(<g class="ticks"><text x="{}" y="14" text-anchor="middle">predicted</text>)",
                  coordinate(kLeft + size / 2)) +
      vertical_title("true", kTop + size / 2);
  for (std::size_t k = 0; k < labels.size(); k += every) {
    const double middle = cell * (static_cast<double>(k) + 0.5);
    svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)",
                       coordinate(kLeft + middle), coordinate(kTop - 8), labels[k]);
    svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)",
                       coordinate(kLeft - kTickGap), coordinate(kTop + middle + 4), labels[k]);
  }
  return svg + "</g>";
}

/// The frame of a matrix whose empty cells are not drawn.
std::string border_svg(double size) {
  std::string svg = R"(<g class="grid">)";
  for (const double at : {0.0, size}) {
    svg += fmt::format(
        R"(<line x1="{0}" x2="{1}" y1="{2}" y2="{2}"/><line x1="{3}" x2="{3}" y1="{4}" y2="{5}"/>)",
        coordinate(kLeft), coordinate(kLeft + size), coordinate(kTop + at), coordinate(kLeft + at),
        coordinate(kTop), coordinate(kTop + size));
  }
  return svg + "</g>";
}

}  // namespace

Figure confusion_figure(const RunGroup& group) {
  const ConfusionMatrix counts = summed(group);
  const std::vector<std::int64_t> labels = occurring_classes(counts);
  const std::size_t classes = labels.size();
  const bool numbered = classes <= kMostNumbered;
  const bool sparse = classes > kMostDrawn;
  const double cell = numbered ? kCell : sparse ? kSmallestCell : kSmallCell;
  const double size = cell * static_cast<double>(classes);
  Figure figure{
      .width = kLeft + size + kMargin,
      .height = kTop + size + kMargin,
      .name = fmt::format("Confusion matrix of {}, {} run{}", group.label, group.completed.size(),
                          group.completed.size() == 1 ? "" : "s"),
      .description = "Rows are the true class, columns the predicted one, summed over the seeds",
      .help = "arrow keys read its cells",
      .css_classes = "confusion",
      .body = {}};
  figure.attributes = fmt::format(R"({} tabindex="0" data-classes="{}")",
                                  fixed_size(figure, /*scrolls=*/!numbered), classes);
  figure.body = labels_svg(labels, cell, numbered ? 1 : 5) + (sparse ? border_svg(size) : "");
  for (std::size_t row = 0; row < classes; ++row) {
    const auto& counts_of_row = counts[static_cast<std::size_t>(labels[row])];
    const std::int64_t total =
        std::accumulate(counts_of_row.begin(), counts_of_row.end(), std::int64_t{0});
    for (std::size_t column = 0; column < classes; ++column) {
      const std::int64_t count = counts_of_row[static_cast<std::size_t>(labels[column])];
      if (sparse && count == 0) continue;
      const double share = total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
      figure.body += fmt::format(
          R"~(<g class="cell {}" data-row="{}" data-column="{}" transform="translate({} {})"><title>true {}, predicted {}: {} of {} ({} %)</title><rect width="{}" height="{}" fill-opacity="{}"/><rect class="frame" x="0.5" y="0.5" width="{}" height="{}"/>)~",
          row == column ? "hit" : "miss", row, column,
          coordinate(kLeft + cell * static_cast<double>(column)),
          coordinate(kTop + cell * static_cast<double>(row)), labels[row], labels[column], count,
          total, percent_of_images(share, total), coordinate(cell), coordinate(cell),
          coordinate(depth(share)), coordinate(cell - 1), coordinate(cell - 1));
      if (numbered && count > 0) {
        figure.body += fmt::format(
            R"(<text class="count" x="{0}" y="{1}">{2}</text><text class="share" x="{0}" y="{1}">{3}</text>)",
            coordinate(cell / 2), coordinate(cell / 2 + 4), count, share_text(share, total));
      }
      figure.body += "</g>";
    }
  }
  return figure;
}

}  // namespace mnist_bench
