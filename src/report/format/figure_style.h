#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mnist_bench {

// How all figures look: sizes (in pixels), colours, fonts, strokes and markers. The colours are
// those of the page, too. A restyling of the figures is a change of this file and its .cpp.

/// Widths in a wide font (DejaVu Sans) at 13 pixels.
struct FontStyle {
  double digit = 8.3;      ///< and most small letters
  double capital = 10.3;   ///< Q; most are narrower
  double widest = 13.0;    ///< W and m, and the square characters of other scripts
  double line = 20;        ///< from base line to base line in legends and titles
  double middle = 4;       ///< from the middle of a line of text to its base line
  double most_name = 180;  ///< of a name at an axis; the rest is left out
};
inline constexpr FontStyle kFont;

struct AxisStyle {
  double tick = 5;              ///< length of a tick below the horizontal axis
  double label_base = 19;       ///< base line of its labels, below it
  double title_base = 40;       ///< and of its title
  double label_gap = 6;         ///< least gap between two labels of the horizontal axis
  double tick_gap = 8;          ///< between a vertical axis and its labels, which end there
  double left_title_base = 14;  ///< base line of a vertical axis' title
  double left_title_depth = 6;  ///< what its letters take right of that, and a gap
};
inline constexpr AxisStyle kAxis;

/// Line charts.
struct ChartStyle {
  double width = 480;  ///< on a phone's 350 pixels its text stays readable
  double plot_height = 230;
  double top = 16;
  double right = 16;
  double below = 48;          ///< the plot: tick labels and the axis' title
  double counts_title = 20;   ///< from the axis' title to that of the counts below it
  double counts_line = 17;    ///< from it to the first row of counts, and from row to row
  double counts_marker = 16;  ///< from a row's marker to the plot's left edge
  double legend_gap = 16;     ///< below that
  double legend_left = 64;
  double legend_line = 28;                    ///< length of a legend's line
  double legend_text = 36;                    ///< from its left end to its label
  int ticks = 6;                              ///< of the vertical axis, about
  std::array<int, 4> x_ticks = {8, 5, 3, 2};  ///< about; the first number whose labels fit
  double padding = 0.06;                      ///< beyond the values, of their range
  double flat_padding = 0.05;                 ///< the same of a single value, of that
  double zero_padding = 1.0;                  ///< the same where that is 0
  double integer_padding = 0.25;              ///< beyond whole numbers
  double log_padding = 1.3;                   ///< factor, of a logarithmic axis
};
inline constexpr ChartStyle kChart;

/// Bars of each class.
struct BarStyle {
  double top = 12;
  double height = 180;
  double below = 70;
  double least_width = 330;
  std::size_t most_wide = 30;  ///< classes; beyond them bars are thin, and only some are numbered
  double wide = 13.0;          ///< a bar and the gap behind it
  double thin = 4.0;
  double between = 1;    ///< bars
  double wide_gap = 18;  ///< between classes
  double thin_gap = 6;
  std::size_t numbered = 5;  ///< where bars are thin: a number every this many classes
  double label_base = 18;
  double headroom = 1.05;      ///< of the highest whisker
  double least_highest = 0.1;  ///< per cent, of the vertical axis
  double legend_top = 44;      ///< below the bars
  double legend_box = 12;
  double legend_text = 18;
  double legend_base = 54;
  double legend_step = 90;
  int ticks = 5;
};
inline constexpr BarStyle kBars;

/// Confusion matrices.
struct MatrixStyle {
  double left = 56;
  double top = 44;
  double title_base = 14;
  double label_gap = 8;  ///< between the columns' labels and the matrix
  double margin = 10;    ///< half of a label of three digits reaches beyond the last, small cell
  double cell = 46;
  std::size_t most_numbered = 20;  ///< classes; beyond them a number is shown on pointing
  double small_cell = 14;
  std::size_t most_drawn =
      64;  ///< classes; beyond them only the cells that are not empty are drawn
  double smallest_cell = 8;
  std::size_t labelled = 5;  ///< where cells are small: a label every this many classes
  double frame_inset = 0.5;  ///< of a cell's frame: half of its stroke
  double decades = 3;        ///< of the scale of colours: 0.1 % of a row already shows
  double deepest = 0.6;  ///< opacity of a whole row in one cell, which leaves its number readable
};
inline constexpr MatrixStyle kMatrix;

/// Maps of a value over two keys.
struct HeatMapStyle {
  double top = 24;    ///< below the title of the rows
  double width = 60;  ///< of a cell at least
  double height = 34;
  double between = 2;    ///< cells
  double palest = 0.06;  ///< opacity of the lowest cell
};
inline constexpr HeatMapStyle kHeatMap;

/// Figures in a file of their own.
struct SheetStyle {
  double least_width = 330;
  double margin = 8;
  double title_base = 14;  ///< of a title's first line, below its top
};
inline constexpr SheetStyle kSheet;

/// Figures in a page: a grid of them, each as wide as its column.
struct PageStyle {
  double column = kChart.width;  ///< at least, where the screen is not narrower
  int print_columns = 2;
  double row_gap = 20;
  double column_gap = 32;
  double most_width = 760;          ///< of a figure
  double least_bars_width = 420;    ///< of bars on a screen; where it is narrower they scroll
  double least_matrix_width = 300;  ///< the same of a confusion matrix
};
inline constexpr PageStyle kPage;

/// Images of the test set in a page: a grid of them, each with some words at its right.
struct ThumbnailStyle {
  int size = 56;
  int zoom = 2;                ///< of images that stand in one picture
  int frame = 2;               ///< what its two borders take together
  std::size_t most_rows = 16;  ///< of the table below them that is not folded
  double column = 160;         ///< at least
  double gap = 10;             ///< between images, and between an image and its words
};
inline constexpr ThumbnailStyle kThumbnail;

/// A sheet of transformed images: strips of thumbnails in columns.
struct TransformSheetStyle {
  double least_column = 190;  ///< which "gaussian_noise:sigma=0.1" fits in
  double most_width = 1020;   ///< of a file of its own
  double column_gap = 24;
  double row_gap = 10;
  double group_gap = 14;  ///< above each group
};
inline constexpr TransformSheetStyle kTransformSheet;

/// Pictures side by side in a figure: maps, filters, images.
struct TileStyle {
  double width = kChart.width;
  double size = 56;  ///< of a picture at most
  double gap = 4;
  double caption_base = 14;  ///< of a line of text, below its top
  std::size_t most_maps = 16;
  std::size_t most_weights = 32;
  double cell = 15;  ///< of a unit in the strip of a vector
  std::size_t cells_in_row = 32;
  std::size_t most_cells = 512;
  double scale_top = 6;  ///< between the pictures and the scale of their colours
  double scale_width = 160;
  double scale_bar = 12;
  double scale_gap = 8;  ///< between the bar and its numbers
  double scale_height = 34;
};
inline constexpr TileStyle kTiles;

/// A bar for each class beside an image; x positions, and sizes.
struct ClassBarStyle {
  double image = 140;
  double label = 184;  ///< where the class ends
  double bar = 192;
  double width = 100;
  double least = 1;  ///< of a bar
  double height = 12;
  double below = 1;      ///< of a bar, below its text's base line
  double percent = 336;  ///< where the number ends
  double logit = 386;    ///< likewise
  double tag = 394;
  std::size_t most = 20;  ///< classes
};
inline constexpr ClassBarStyle kClassBars;

/// Red, green, blue.
using HeatColor = std::array<std::uint8_t, 3>;

/// The colour of a value, −1 … 1: from blue by white, which is 0, to red.
HeatColor heat_color(double value);

/// The class of the colour of series number `style`: "c3".
std::string color_class(std::size_t style);

/// Marker number `style` around (0, 0), as the data of a path.
std::string_view marker_path(std::size_t style);

/// The colours of a confusion matrix in words: "Blue: right, …".
std::string_view matrix_colors();

/// Style sheet of a page's figures, for light and dark, with their sizes.
std::string figure_style();

/// The same with literal colours, those of the light theme: many programs that draw SVG know no
/// variables.
std::string print_style();

/// The light theme's background.
std::string_view print_background();

}  // namespace mnist_bench
