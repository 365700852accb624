#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mnist_bench {

/// Plain text, safe in the text and the quoted attributes of HTML and SVG: what `printable` makes
/// visible included, as XML 1.0 has no way to write control characters.
std::string markup_escaped(const std::string& text);

/// A PNG as the address of an image: "data:image/png;base64,…".
std::string png_uri(const std::string& png);

/// A number for a coordinate: at most two digits after the point.
std::string coordinate(double value);

/// A picture before it is set into a page or a file.
struct Figure {
  double width = 0.0;  ///< in pixels, as are `height` and `left`
  double height = 0.0;
  double left = 0.0;             ///< what is free at its left in a file of its own
  std::string title;             ///< plain text, as is `description`
  std::string description;       ///< for those who cannot see it
  std::string help = {};         ///< how to use it in a page: plain text, said after its title
  std::string css_classes = {};  ///< besides "figure"
  std::string attributes = {};   ///< further attributes of its <svg>, as markup
  std::string body;              ///< content of its <svg>, as markup
};

/// The figure as the <svg> of a page. It takes its colours from the style sheet `figure_style()`.
std::string page_svg(const Figure& figure);

/// The attribute of a figure that is not stretched to its page's width; one that scrolls is not
/// shrunk to it either.
std::string fixed_size(const Figure& figure, bool scrolls);

/// Marker number `style` (a shape and a colour) around (x, y).
std::string marker_svg(std::size_t style, double x, double y, const std::string& note = {});

/// The text in lines of at most `width` pixels; a longer word is broken.
std::vector<std::string> lines_of(const std::string& text, double width);

/// The text as it is, or its first characters and "…" in at most `width` pixels.
std::string cut_to(const std::string& text, double width);

/// How wide a text of the figures is at most, in pixels.
double text_width(const std::string& text);

/// Lines below each other, the first one's base line at y.
std::string text_svg(const std::vector<std::string>& lines, double x, double y);

/// A symbol of a figure and what it stands for.
struct LegendEntry {
  std::string css_classes;         ///< of the symbol
  std::string symbol;              ///< markup
  std::vector<std::string> lines;  ///< plain text
  double x = 0.0;                  ///< where the lines begin
  double y = 0.0;                  ///< base line of the first
};
std::string legend_svg(const std::vector<LegendEntry>& entries);

/// Figures, each under its own title and below the one before, as a file of its own that any
/// program can draw and print: white page, literal colours (the light theme), no CSS variable, its
/// size in pixels, and their titles as its title. `if_empty`: what it says instead of no figures.
std::string standalone_svg(const std::vector<Figure>& figures,
                           const std::string& if_empty = "nothing to show");

}  // namespace mnist_bench
