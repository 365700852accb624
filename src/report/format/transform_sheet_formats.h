#pragma once

#include <string>

#include "report/transform_sheet.h"

namespace mnist_bench {

/// A page that needs nothing else; `title` is plain text.
std::string transform_sheet_html(const TransformSheet& sheet, const std::string& title);

/// The same as a figure in a file of its own, as standalone_svg() makes them.
std::string transform_sheet_svg(const TransformSheet& sheet, const std::string& title);

}  // namespace mnist_bench
