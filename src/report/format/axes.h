#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/class_names.h"

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

/// The same turned by a quarter, so that it reads upwards and ends at y = `top`.
std::string label_upwards(const std::string& text, double x, double top);

/// "3 Dress" or "3", cut to what an axis has room for; it is markup.
std::string axis_label(const ClassNames& names, std::int64_t k);
/// How much wider than their numbers these are; 0 without names.
double widest_name(const ClassNames& names, const std::vector<std::int64_t>& classes);

/// The lines of a grid from x = `left` to `right`, and the numbers left of them.
struct HorizontalGrid {
  std::string lines;
  std::string labels;
};
HorizontalGrid horizontal_grid(const std::vector<double>& values,
                               const std::function<double(double)>& y, double left, double right);

}  // namespace mnist_bench
