#pragma once

#include "report/figures.h"
#include "report/format/svg.h"

namespace mnist_bench {

/// Axes, grid, bands, lines, markers, legend.
Figure draw(const Chart& chart);

/// Bars with whiskers.
Figure draw(const ClassErrors& figure);

/// Rows true, columns predicted; the deeper a cell, the larger its share of its row, on a
/// logarithmic scale. Each cell holds its count and its share of the row in per cent; style sheet
/// and script show one of them.
Figure draw(const Confusion& figure);

/// A cell for each pair of values; the deeper, the higher.
Figure draw(const HeatMap& map);

/// A figure of any kind.
Figure draw(const FigureData& figure);

}  // namespace mnist_bench
