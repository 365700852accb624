#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "base/text.h"
#include "report/format/axes.h"
#include "report/format/figure_style.h"
#include "report/format/inspection_figures.h"
#include "report/rounding.h"
#include "report/test_pictures.h"

namespace mnist_bench {
namespace {

/// What a colour stands for: blue at −reach, white at 0, red at +reach.
struct HeatScale {
  double low = 0.0;   ///< the least value, at most 0
  double high = 0.0;  ///< the greatest, at least 0

  [[nodiscard]] double reach() const { return std::max(-low, high); }
};

HeatScale scale_of(const std::vector<float>& values) {
  HeatScale scale;
  for (const float value : values) {
    scale.low = std::min(scale.low, static_cast<double>(value));
    scale.high = std::max(scale.high, static_cast<double>(value));
  }
  return scale;
}

/// Values as colours, row by row, each a square of zoom × zoom pixels, since not every program
/// enlarges pictures without blurring them. Cells of the last row that have no value are
/// transparent.
std::string heat_png(std::span<const float> values, std::int64_t rows, std::int64_t columns,
                     double reach, double zoom) {
  const auto side = static_cast<std::size_t>(std::max(1.0, zoom));
  const auto width = static_cast<std::size_t>(columns);
  const std::size_t line = width * side;
  std::vector<std::uint8_t> pixels(4 * static_cast<std::size_t>(rows) * side * line, 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double share = reach > 0 ? static_cast<double>(values[i]) / reach : 0.0;
    const auto [red, green, blue] = heat_color(share);
    for (std::size_t y = 0; y < side; ++y) {
      for (std::size_t x = 0; x < side; ++x) {
        std::uint8_t* pixel = &pixels[4 * ((i / width * side + y) * line + i % width * side + x)];
        pixel[0] = red;
        pixel[1] = green;
        pixel[2] = blue;
        pixel[3] = 255;
      }
    }
  }
  return png_of_colors(pixels, rows * static_cast<std::int64_t>(side),
                       columns * static_cast<std::int64_t>(side));
}

struct Box {
  double x = 0.0;
  double y = 0.0;
  double width = 0.0;
  double height = 0.0;
};

/// A picture that fills the box, with a frame. `note` is shown when it is pointed at.
std::string picture_svg(const std::string& png, const Box& box, const std::string& note) {
  const std::string place =
      fmt::format(R"(x="{}" y="{}" width="{}" height="{}")", coordinate(box.x), coordinate(box.y),
                  coordinate(box.width), coordinate(box.height));
  return fmt::format(R"(<g class="picture"><title>{}</title><image {} href="{}" )"
                     R"(preserveAspectRatio="none"/><rect {}/></g>)",
                     markup_escaped(note), place, png_uri(png), place);
}

/// Pictures of one size in rows.
class Tiles {
 public:
  /// rows, columns: of a picture. `lines`: of text below each.
  Tiles(std::int64_t rows, std::int64_t columns, std::size_t lines)
      : lines_(static_cast<double>(lines)),
        zoom_(zoom_of(static_cast<double>(std::max(rows, columns)))),
        width_(zoom_ * static_cast<double>(columns)),
        height_(zoom_ * static_cast<double>(rows)),
        step_(std::max(width_, lines > 0 ? kTiles.size : 0.0) + kTiles.gap),
        in_row_(static_cast<std::size_t>(std::floor((kTiles.width + kTiles.gap) / step_))) {}

  /// `lines`: plain text below the picture.
  void add(const std::string& png, const std::string& note,
           const std::vector<std::string>& lines = {}) {
    const double x = step_ * static_cast<double>(count_ % in_row_);
    const std::size_t row = count_ / in_row_;
    const double y = top_ + row_height() * static_cast<double>(row);
    svg_ += picture_svg(png, {.x = x, .y = y, .width = width_, .height = height_}, note) +
            text_svg(lines, x, y + height_ + kTiles.caption_base);
    ++count_;
  }

  /// A line of text below all that is there; what follows is below it.
  void add_heading(const std::string& text) {
    top_ = height();
    count_ = 0;
    svg_ += text_svg({text}, 0, top_ + kTiles.caption_base);
    top_ += kFont.line;
  }

  [[nodiscard]] double height() const {
    return top_ +
           row_height() * std::ceil(static_cast<double>(count_) / static_cast<double>(in_row_));
  }
  [[nodiscard]] const std::string& svg() const { return svg_; }
  /// How large a pixel is drawn.
  [[nodiscard]] double zoom() const { return zoom_; }

 private:
  /// Whole, so that pixels stay squares of one size, unless the picture is too large.
  static double zoom_of(double side) {
    const double fitting = kTiles.size / side;
    return fitting >= 1 ? std::floor(fitting) : fitting;
  }
  [[nodiscard]] double row_height() const { return height_ + kFont.line * lines_ + kTiles.gap; }

  double lines_;
  double zoom_;
  double width_;
  double height_;
  double step_;
  std::size_t in_row_;
  std::size_t count_ = 0;  ///< since the last heading
  double top_ = 0.0;
  std::string svg_;
};

/// The colours from the least value to the greatest, with a mark at 0. Its height is
/// kTiles.scale_height.
std::string scale_svg(const HeatScale& scale, double top) {
  constexpr int kSteps = 128;
  const double base = top + kTiles.scale_bar;
  if (scale.reach() == 0) return text_svg({"all values are 0"}, 0, base);
  std::vector<float> values(kSteps);
  for (int i = 0; i < kSteps; ++i) {
    const double share = i / (kSteps - 1.0);
    values[static_cast<std::size_t>(i)] =
        static_cast<float>(scale.low + share * (scale.high - scale.low));
  }
  const std::string low = three_digits(scale.low);
  const double left = text_width(low) + kTiles.scale_gap;
  std::string svg =
      text_svg({low}, 0, base) +
      picture_svg(heat_png(values, 1, kSteps, scale.reach(), 1),
                  {.x = left, .y = top, .width = kTiles.scale_width, .height = kTiles.scale_bar},
                  fmt::format("{} to {}", low, three_digits(scale.high))) +
      text_svg({three_digits(scale.high)}, left + kTiles.scale_width + kTiles.scale_gap, base);
  if (scale.low == 0 || scale.high == 0) return svg;  // 0 is at an end
  const double zero = left + kTiles.scale_width * -scale.low / (scale.high - scale.low);
  return svg + fmt::format(
                   R"(<g class="grid"><line class="tick" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/></g>)"
                   R"(<text class="middle" x="{0}" y="{3}">0</text>)",
                   coordinate(zero), coordinate(base), coordinate(base + kAxis.tick),
                   coordinate(base + kAxis.label_base));
}

/// The tiles, and the scale of their colours below them.
Figure with_scale(std::string title, std::string description, const std::string& svg, double height,
                  const HeatScale& scale) {
  Figure figure{.width = kTiles.width,
                .height = height + kTiles.scale_top + kTiles.scale_height,
                .title = std::move(title),
                .description = std::move(description),
                .body = svg + scale_svg(scale, height + kTiles.scale_top)};
  figure.left = kSheet.margin;
  figure.attributes = fixed_size(figure, /*scrolls=*/false);
  return figure;
}

std::string size_text(std::int64_t rows, std::int64_t columns) {
  return fmt::format("{} × {}", rows, columns);
}

/// "16 of 32 shown", or nothing where that is all.
std::string shown_text(std::size_t shown, std::size_t all) {
  return shown == all ? "" : fmt::format(", {} of {} shown", shown, all);
}

std::string range_text(std::span<const float> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return fmt::format("{} to {}", three_digits(static_cast<double>(*low)),
                     three_digits(static_cast<double>(*high)));
}

/// Pictures [count, rows, columns] of values, at most `most` of them. `captions`: whether each is
/// numbered.
struct HeatTiles {
  const NamedTensor& values;
  std::string noun;  ///< "map"
  std::size_t most;
  bool captions = false;
};

Figure heat_figure(const HeatTiles& heat, const std::string& name, const std::string& description) {
  const std::vector<std::int64_t>& shape = heat.values.shape;
  const auto count = static_cast<std::size_t>(shape[0]);
  const auto pixels = static_cast<std::size_t>(shape[1] * shape[2]);
  const std::size_t shown = std::min(heat.most, count);
  const HeatScale scale = scale_of(heat.values.values);
  Tiles tiles(shape[1], shape[2], heat.captions ? 1 : 0);
  for (std::size_t i = 0; i < shown; ++i) {
    const auto values = std::span(heat.values.values).subspan(i * pixels, pixels);
    tiles.add(heat_png(values, shape[1], shape[2], scale.reach(), tiles.zoom()),
              fmt::format("{} {}: {}", heat.noun, i, range_text(values)),
              heat.captions ? std::vector{std::to_string(i)} : std::vector<std::string>{});
  }
  return with_scale(fmt::format("{}: {} of {}{}", name, counted(count, heat.noun),
                                size_text(shape[1], shape[2]), shown_text(shown, count)),
                    description, tiles.svg(), tiles.height(), scale);
}

Figure strip_figure(const LayerOutput& layer, const std::string& name) {
  const std::vector<float>& all = layer.output.values;
  const std::size_t shown = std::min(all.size(), kTiles.most_cells);
  const std::size_t columns = std::min(shown, kTiles.cells_in_row);
  const std::size_t rows = (shown + columns - 1) / columns;
  const HeatScale scale = scale_of(all);
  const Box box{.x = 0,
                .y = 0,
                .width = kTiles.cell * static_cast<double>(columns),
                .height = kTiles.cell * static_cast<double>(rows)};
  const std::string png = heat_png(std::span(all).first(shown), static_cast<std::int64_t>(rows),
                                   static_cast<std::int64_t>(columns), scale.reach(), kTiles.cell);
  return with_scale(
      fmt::format("{}: {}{}", name, counted(all.size(), "unit"), shown_text(shown, all.size())),
      "A cell for each unit, coloured by its value", picture_svg(png, box, range_text(all)),
      box.height, scale);
}

std::string layer_name(const std::string& name, const layer::Kind& kind) {
  return fmt::format("{} ({})", name, torch_name(kind));
}

/// An image as large as the space beside the bars allows.
std::string picture_of(const Picture& picture, double top, const std::string& note) {
  const auto rows = static_cast<double>(picture.shape.rows);
  const auto columns = static_cast<double>(picture.shape.columns);
  const double zoom = kClassBars.image / std::max(rows, columns);
  return picture_svg(picture.png,
                     {.x = 0, .y = top, .width = zoom * columns, .height = zoom * rows}, note);
}

/// The classes that the bars show: the most probable ones, and the true one.
std::vector<std::size_t> shown_classes(const Inspection& inspection) {
  std::vector<std::size_t> classes(inspection.probabilities.size());
  std::iota(classes.begin(), classes.end(), std::size_t{0});
  if (classes.size() <= kClassBars.most) return classes;
  std::stable_sort(classes.begin(), classes.end(), [&](std::size_t a, std::size_t b) {
    return inspection.probabilities[a] > inspection.probabilities[b];
  });
  const auto truth = static_cast<std::size_t>(inspection.truth);
  const auto shown = classes.begin() + static_cast<std::ptrdiff_t>(kClassBars.most);
  if (std::find(classes.begin(), shown, truth) == shown) *std::prev(shown) = truth;
  classes.erase(shown, classes.end());
  std::sort(classes.begin(), classes.end());
  return classes;
}

/// The bar of one class, its numbers, and whether it is the true or the predicted one.
/// `wider`: how much its name takes.
std::string class_svg(const Inspection& inspection, std::size_t label, double base, double wider) {
  const bool is_true = static_cast<std::int64_t>(label) == inspection.truth;
  const bool is_predicted = static_cast<std::int64_t>(label) == inspection.predicted;
  const auto share = static_cast<double>(inspection.probabilities[label]);
  const auto logit = static_cast<double>(inspection.layers.back().output.values[label]);
  const std::string tag = is_true && is_predicted ? "correct"
                          : is_true               ? "true"
                          : is_predicted          ? "predicted"
                                                  : "";
  return fmt::format(
             R"(<text class="end" x="{}" y="{}">{}</text>)"
             R"(<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>)"
             R"(<text class="end" x="{}" y="{}">{}</text><text class="end" x="{}" y="{}">{}</text>)",
             coordinate(kClassBars.label + wider), coordinate(base),
             axis_label(class_names_of(inspection), static_cast<std::int64_t>(label)),
             is_true        ? "share truth"
             : is_predicted ? "share mistake"
                            : "share",
             coordinate(kClassBars.bar + wider),
             coordinate(base - kClassBars.height + kClassBars.below),
             coordinate(std::max(kClassBars.least, kClassBars.width * share)),
             coordinate(kClassBars.height), coordinate(kClassBars.percent + wider),
             coordinate(base), rounded(100 * share, 1), coordinate(kClassBars.logit + wider),
             coordinate(base), rounded(logit, 1)) +
         text_svg({tag}, kClassBars.tag + wider, base);
}

}  // namespace

Figure image_figure(const Inspection& inspection) {
  std::string body = picture_of(inspection.as_read, 0, "as in the test file");
  double below = kClassBars.image + kTiles.gap;
  if (inspection.as_seen) {
    body += text_svg({"after data.transform"}, 0, below + kTiles.caption_base) +
            picture_of(*inspection.as_seen, below + kFont.line, "as the network sees it");
    below += kFont.line + kClassBars.image + kTiles.gap;
  }
  const std::vector<std::size_t> classes = shown_classes(inspection);
  const double wider = widest_name(class_names_of(inspection), {classes.begin(), classes.end()});
  double base = kTiles.caption_base;
  body += fmt::format(R"(<g class="ticks"><text class="end" x="{}" y="{}">class</text>)"
                      R"(<text x="{}" y="{}">probability [%]</text>)"
                      R"(<text class="end" x="{}" y="{}">logit</text></g>)",
                      coordinate(kClassBars.label + wider), coordinate(base),
                      coordinate(kClassBars.bar + wider), coordinate(base),
                      coordinate(kClassBars.logit + wider), coordinate(base));
  for (const std::size_t label : classes) {
    base += kFont.line;
    body += class_svg(inspection, label, base, wider);
  }
  Figure figure{.width = kTiles.width + wider,
                .height = std::max(below, base + kTiles.gap),
                .title = fmt::format(
                    "Image {}: {} (p = {:.3f}){}", inspection.image.index, reading_of(inspection),
                    inspection.probabilities[static_cast<std::size_t>(inspection.predicted)],
                    shown_text(classes.size(), inspection.probabilities.size())),
                .description = "The image, and a bar for the probability of each class",
                .body = std::move(body)};
  figure.left = kSheet.margin;
  figure.attributes = fixed_size(figure, /*scrolls=*/false);
  return figure;
}

Figure weights_figure(const Inspection& inspection, const FirstWeights& weights) {
  const bool is_filter = std::holds_alternative<layer::Conv2d>(weights.kind) ||
                         std::holds_alternative<layer::Residual>(weights.kind);
  const bool is_last = weights.layer == inspection.layers.back().output.name;
  return heat_figure({.values = weights.pictures,
                      .noun = is_filter ? "filter" : "unit",
                      .most = kTiles.most_weights,
                      .captions = is_last},
                     layer_name(weights.layer, weights.kind),
                     "The weights, coloured by their value");
}

Figure layer_figure(const LayerOutput& layer) {
  const std::string name = layer_name(layer.output.name, layer.kind);
  if (layer.output.shape.size() != 3) return strip_figure(layer, name);
  return heat_figure({.values = layer.output, .noun = "map", .most = kTiles.most_maps}, name,
                     "The layer's maps, coloured by their values");
}

Figure pair_figure(const ConfusedClasses& pair, ImageShape shape, const ClassNames& names) {
  Tiles tiles(shape.rows, shape.columns, 2);
  for (const ConfusedImages* direction : {&pair.first_as_second, &pair.second_as_first}) {
    tiles.add_heading(fmt::format(
        "{} → {}: {}{}", class_name(names, direction->truth),
        class_name(names, direction->predicted), counted(direction->images, "image"),
        shown_text(direction->shown.size(), static_cast<std::size_t>(direction->images))));
    for (const Mistake& mistake : direction->shown) {
      tiles.add(mistake.png,
                fmt::format("test image {}: {} taken for {}, p = {:.3f}", mistake.index,
                            class_name(names, mistake.truth), class_name(names, mistake.predicted),
                            mistake.confidence),
                {fmt::format("p {:.2f}", mistake.confidence), std::to_string(mistake.index)});
    }
  }
  const std::string first = class_name(names, pair.first_as_second.truth);
  const std::string second = class_name(names, pair.first_as_second.predicted);
  Figure figure{
      .width = kTiles.width,
      .height = tiles.height(),
      .title = fmt::format("{} and {}", first, second),
      .description = fmt::format("Images of {} taken for {}, and the reverse", first, second),
      .body = tiles.svg()};
  figure.left = kSheet.margin;
  figure.attributes = fixed_size(figure, /*scrolls=*/false);
  return figure;
}

}  // namespace mnist_bench
