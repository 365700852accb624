#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "report/figures.h"
#include "report/svg.h"

namespace mnist_bench {
namespace {

constexpr double kCell = 46;
constexpr double kLeft = 56;
constexpr double kTop = 44;
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

std::string share_text(double share) {
  if (share == 0) return "";
  return share >= 0.1 ? fmt::format("{:.1f}", 100 * share) : fmt::format("{:.2f}", 100 * share);
}

}  // namespace

std::string confusion_svg(const RunGroup& group) {
  const ConfusionMatrix counts = summed(group);
  const std::vector<std::int64_t> labels = occurring_classes(counts);
  const std::size_t classes = labels.size();
  const bool numbered = classes <= kMostNumbered;
  const bool sparse = classes > kMostDrawn;
  const double cell = numbered ? kCell : sparse ? kSmallestCell : kSmallCell;
  const double size = cell * static_cast<double>(classes);
  std::string svg = fmt::format(
      R"(<svg class="figure confusion" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" style="max-width:{0}px{5}" role="img" tabindex="0" data-classes="{2}" aria-label="Confusion matrix of {3}, {4} run{6}; arrow keys read its cells"><desc>Rows are the true class, columns the predicted one, summed over the seeds</desc>)",
      coordinate(kLeft + size + 6), coordinate(kTop + size + 6), classes,
      markup_escaped(group.label), group.completed.size(),
      numbered ? "" : fmt::format(";min-width:{}px", coordinate(kLeft + size + 6)),
      group.completed.size() == 1 ? "" : "s");
  svg += fmt::format(
      R"~(<g class="ticks"><text x="{}" y="14" text-anchor="middle">predicted</text><text transform="translate(14 {}) rotate(-90)" text-anchor="middle">true</text>)~",
      coordinate(kLeft + size / 2), coordinate(kTop + size / 2));
  const std::size_t every = numbered ? 1 : 5;
  for (std::size_t k = 0; k < classes; k += every) {
    const double middle = cell * (static_cast<double>(k) + 0.5);
    svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="middle">{}</text>)",
                       coordinate(kLeft + middle), coordinate(kTop - 8), labels[k]);
    svg += fmt::format(R"(<text x="{}" y="{}" text-anchor="end">{}</text>)", coordinate(kLeft - 8),
                       coordinate(kTop + middle + 4), labels[k]);
  }
  svg += "</g>";
  if (sparse) {
    svg += R"(<g class="grid">)";
    for (const double at : {0.0, size}) {
      svg += fmt::format(
          R"(<line x1="{0}" x2="{1}" y1="{2}" y2="{2}"/><line x1="{3}" x2="{3}" y1="{4}" y2="{5}"/>)",
          coordinate(kLeft), coordinate(kLeft + size), coordinate(kTop + at),
          coordinate(kLeft + at), coordinate(kTop), coordinate(kTop + size));
    }
    svg += "</g>";
  }
  for (std::size_t row = 0; row < classes; ++row) {
    const auto& counts_of_row = counts[static_cast<std::size_t>(labels[row])];
    const std::int64_t total =
        std::accumulate(counts_of_row.begin(), counts_of_row.end(), std::int64_t{0});
    for (std::size_t column = 0; column < classes; ++column) {
      const std::int64_t count = counts_of_row[static_cast<std::size_t>(labels[column])];
      if (sparse && count == 0) continue;
      const double share = total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
      const std::string x = coordinate(kLeft + cell * static_cast<double>(column));
      const std::string y = coordinate(kTop + cell * static_cast<double>(row));
      svg += fmt::format(
          R"~(<g class="cell {}" data-row="{}" data-column="{}" transform="translate({} {})"><title>true {}, predicted {}: {} of {} ({:.2f} %)</title><rect width="{}" height="{}" fill-opacity="{}"/><rect class="frame" x="0.5" y="0.5" width="{}" height="{}"/>)~",
          row == column ? "hit" : "miss", row, column, x, y, labels[row], labels[column], count,
          total, 100 * share, coordinate(cell), coordinate(cell), coordinate(depth(share)),
          coordinate(cell - 1), coordinate(cell - 1));
      if (numbered && count > 0) {
        const std::string middle = coordinate(cell / 2);
        const std::string base = coordinate(cell / 2 + 4);
        svg += fmt::format(
            R"(<text class="count" x="{0}" y="{1}">{2}</text><text class="share" x="{0}" y="{1}">{3}</text>)",
            middle, base, count, share_text(share));
      }
      svg += "</g>";
    }
  }
  return svg + "</svg>";
}

}  // namespace mnist_bench
