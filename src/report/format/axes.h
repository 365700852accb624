#pragma once

#include <functional>
#include <string>
#include <vector>

namespace mnist_bench {

/// Round numbers that cover low … high, about `count` of them.
std::vector<double> ticks(double low, double high, int count);

/// A number at an axis.
std::string tick_text(double value);

/// Where a plot begins: right of the labels of its vertical axis, and of that axis' title.
double left_of_plot(const std::vector<double>& tick_values);

/// The title of a vertical axis whose middle is at y = `middle`.
std::string vertical_title(const std::string& text, double middle);

/// A label below a horizontal axis, or that axis' title, around `x`; it is markup.
std::string label_below(const std::string& text, double x, double base_line);

/// A label whose middle line is at `y` and that ends at a vertical axis at `axis`, with a gap.
std::string label_left(const std::string& text, double axis, double y);

/// The lines of a grid from x = `left` to `right`, and the numbers left of them.
struct HorizontalGrid {
  std::string lines;
  std::string labels;
};
HorizontalGrid horizontal_grid(const std::vector<double>& values,
                               const std::function<double(double)>& y, double left, double right);

}  // namespace mnist_bench
