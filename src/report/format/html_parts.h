#pragma once

#include <string>
#include <vector>

#include "report/tables.h"

namespace mnist_bench {

/// A table with its title as caption; where it is wider than the screen it scrolls on its own.
std::string table_html(const ReportTable& table);

/// Plain texts as an unordered list.
std::string list_html(const std::vector<std::string>& items, const std::string& css_class = {});

}  // namespace mnist_bench
