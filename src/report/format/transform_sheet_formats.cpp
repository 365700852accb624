#include "report/format/transform_sheet_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "report/format/figure_style.h"
#include "report/format/html_parts.h"
#include "report/format/svg.h"

namespace mnist_bench {
namespace {

/// Of the columns of strips: as wide as the widest strip.
double column_width(const TransformSheet& sheet) {
  double width = kTransformSheet.least_column;
  for (const auto& group : sheet.groups) {
    for (const TransformStrip& strip : group) {
      width = std::max(width, static_cast<double>(strip.picture.shape.columns));
    }
  }
  return width;
}

std::string strip_html(const TransformStrip& strip) {
  const std::string spec = markup_escaped(strip.spec);
  return fmt::format(
      "<figure><figcaption>{0}</figcaption><img src=\"{1}\" alt=\"the images after {0}\" "
      "width=\"{2}\" height=\"{3}\"></figure>\n",
      spec, png_uri(strip.picture.png), strip.picture.shape.columns, strip.picture.shape.rows);
}

/// The label above the picture, in a frame.
std::string strip_svg(const TransformStrip& strip, const std::vector<std::string>& label, double x,
                      double label_top, double picture_top) {
  const std::string box =
      fmt::format(R"(x="{}" y="{}" width="{}" height="{}")", coordinate(x), coordinate(picture_top),
                  strip.picture.shape.columns, strip.picture.shape.rows);
  return text_svg(label, x, label_top + kSheet.title_base) +
         fmt::format(R"(<image {0} href="{1}" style="image-rendering:pixelated"/>)"
                     R"(<g class="cell"><rect class="frame" {0}/></g>)",
                     box, png_uri(strip.picture.png));
}

}  // namespace

std::string transform_sheet_html(const TransformSheet& sheet, const std::string& title) {
  std::string body = fmt::format("<p>{}</p>\n", markup_escaped(sheet.images));
  for (const auto& group : sheet.groups) {
    body += fmt::format("<section class=\"sheet\" style=\"--column: {}px\">\n",
                        coordinate(column_width(sheet)));
    for (const TransformStrip& strip : group) body += strip_html(strip);
    body += "</section>\n";
  }
  return page_html(title, body);
}

std::string transform_sheet_svg(const TransformSheet& sheet, const std::string& title) {
  const double column = column_width(sheet);
  const double step = column + kTransformSheet.column_gap;
  const auto columns = std::max<std::size_t>(
      1,
      static_cast<std::size_t>((kTransformSheet.most_width + kTransformSheet.column_gap) / step));
  std::size_t used = 0;
  for (const auto& group : sheet.groups) used = std::max(used, std::min(columns, group.size()));
  const double width = static_cast<double>(used) * step - kTransformSheet.column_gap;

  const std::vector<std::string> images = lines_of(sheet.images, width);
  std::string body = text_svg(images, kSheet.margin, kSheet.title_base);
  double top = kFont.line * static_cast<double>(images.size());
  for (const auto& group : sheet.groups) {
    top += kTransformSheet.group_gap;
    for (std::size_t first = 0; first < group.size(); first += columns) {
      const auto row = std::span(group).subspan(first, std::min(columns, group.size() - first));
      std::vector<std::vector<std::string>> labels;
      std::size_t lines = 1;
      double height = 0.0;
      for (const TransformStrip& strip : row) {
        labels.push_back(lines_of(strip.spec, column));
        lines = std::max(lines, labels.back().size());
        height = std::max(height, static_cast<double>(strip.picture.shape.rows));
      }
      const double picture_top = top + kFont.line * static_cast<double>(lines);
      for (std::size_t i = 0; i < row.size(); ++i) {
        body += strip_svg(row[i], labels[i], kSheet.margin + static_cast<double>(i) * step, top,
                          picture_top);
      }
      top = picture_top + height + kTransformSheet.row_gap;
    }
  }
  return standalone_svg({{.width = width + 2 * kSheet.margin,
                          .height = top,
                          .title = title,
                          .description = sheet.images,
                          .body = body}});
}

}  // namespace mnist_bench
