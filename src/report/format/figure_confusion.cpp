#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/format/axes.h"
#include "report/format/draw.h"
#include "report/format/figure_style.h"
#include "report/rounding.h"

namespace mnist_bench {
namespace {

/// How deep a cell's colour is: 0 for an empty cell; 0.1 % of a row already shows.
double depth(double share) {
  if (share <= 0) return 0;
  const double factor = std::pow(10, kMatrix.decades) - 1;
  return kMatrix.deepest * std::log10(1 + factor * share) / kMatrix.decades;
}

/// A share of `images` in per cent, in at most four digits, to fit into a cell.
std::string share_text(double share, std::int64_t images) {
  return rounded(100 * share, std::min(share >= 0.1 ? 1 : 2, decimals_of_images(images)));
}

/// Where the cells begin: right of the rows' labels.
double left_of_cells(const Confusion& figure) {
  return kMatrix.left + widest_name(figure.names, figure.labels);
}

/// The names of the axes, and the classes' numbers along them; where the classes have names, these
/// stand with the numbers of the rows.
std::string labels_svg(const Confusion& figure, double cell, std::size_t every) {
  const std::vector<std::int64_t>& labels = figure.labels;
  const double left = left_of_cells(figure);
  const double size = cell * static_cast<double>(labels.size());
  std::string svg = R"(<g class="ticks">)" +
                    label_below("predicted", left + size / 2, kMatrix.title_base) +
                    vertical_title("true", kMatrix.top + size / 2);
  for (std::size_t k = 0; k < labels.size(); k += every) {
    const std::string label = std::to_string(labels[k]);
    const double middle = cell * (static_cast<double>(k) + 0.5);
    svg += label_below(label, left + middle, kMatrix.top - kMatrix.label_gap) +
           label_left(axis_label(figure.names, labels[k]), left, kMatrix.top + middle);
  }
  return svg + "</g>";
}

/// The frame of a matrix whose empty cells are not drawn.
std::string border_svg(double left, double size) {
  std::string svg = R"(<g class="grid">)";
  for (const double at : {0.0, size}) {
    svg +=
        fmt::format(R"(<line x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>)"
                    R"(<line x1="{3}" x2="{3}" y1="{4}" y2="{5}"/>)",
                    coordinate(left), coordinate(left + size), coordinate(kMatrix.top + at),
                    coordinate(left + at), coordinate(kMatrix.top), coordinate(kMatrix.top + size));
  }
  return svg + "</g>";
}

std::string cell_svg(const Confusion& figure, std::size_t row, std::size_t column, double left,
                     double cell, bool numbered) {
  const std::int64_t count = figure.counts[row][column];
  const std::int64_t total = figure.totals[row];
  const double share = figure.shares[row][column];
  const double frame = cell - 2 * kMatrix.frame_inset;
  std::string svg = fmt::format(
      R"~(<g class="cell {}" data-row="{}" data-column="{}" transform="translate({} {})">)~"
      R"(<title>true {}, predicted {}: {} of {} ({} %)</title>)"
      R"(<rect width="{}" height="{}" fill-opacity="{}"/>)"
      R"(<rect class="frame" x="{}" y="{}" width="{}" height="{}"/>)",
      row == column ? "hit" : "miss", row, column,
      coordinate(left + cell * static_cast<double>(column)),
      coordinate(kMatrix.top + cell * static_cast<double>(row)),
      markup_escaped(class_name(figure.names, figure.labels[row])),
      markup_escaped(class_name(figure.names, figure.labels[column])), count, total,
      percent_of_images(share, total), coordinate(cell), coordinate(cell), coordinate(depth(share)),
      coordinate(kMatrix.frame_inset), coordinate(kMatrix.frame_inset), coordinate(frame),
      coordinate(frame));
  if (numbered && count > 0) {
    svg += fmt::format(R"(<text class="count" x="{0}" y="{1}">{2}</text>)"
                       R"(<text class="share" x="{0}" y="{1}">{3}</text>)",
                       coordinate(cell / 2), coordinate(cell / 2 + kFont.middle), count,
                       share_text(share, total));
  }
  return svg + "</g>";
}

}  // namespace

Figure draw(const Confusion& figure) {
  const std::size_t classes = figure.labels.size();
  const bool numbered = classes <= kMatrix.most_numbered;
  const bool sparse = classes > kMatrix.most_drawn;
  const double cell = numbered ? kMatrix.cell : sparse ? kMatrix.smallest_cell : kMatrix.small_cell;
  const double size = cell * static_cast<double>(classes);
  const double left = left_of_cells(figure);
  Figure drawn{
      .width = left + size + kMatrix.margin,
      .height = kMatrix.top + size + kMatrix.margin,
      .title = figure.title,
      .description = "Rows are the true class, columns the predicted one, summed over the seeds",
      .help = "arrow keys read its cells",
      .css_classes = "confusion",
      .body = {}};
  drawn.attributes = fmt::format(R"({} tabindex="0" data-classes="{}")",
                                 fixed_size(drawn, /*scrolls=*/!numbered), classes);
  drawn.body = labels_svg(figure, cell, numbered ? 1 : kMatrix.labelled) +
               (sparse ? border_svg(left, size) : "");
  for (std::size_t row = 0; row < classes; ++row) {
    for (std::size_t column = 0; column < classes; ++column) {
      if (sparse && figure.counts[row][column] == 0) continue;
      drawn.body += cell_svg(figure, row, column, left, cell, numbered);
    }
  }
  return drawn;
}

}  // namespace mnist_bench
