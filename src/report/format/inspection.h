#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "report/inspection.h"

namespace mnist_bench {

/// A kind of file that an inspection can be written to.
struct InspectionFormat {
  std::string ending;  ///< of the file's name, lower case
  std::string meaning;
  std::function<std::string(const Inspection&)> render;
};
const std::vector<InspectionFormat>& inspection_formats();

/// The format of `file` by how its name ends. Throws Error(usage), which lists the ones there are.
const InspectionFormat& inspection_format_of(const std::filesystem::path& file);

/// Schema mnist-bench.inspect/1: probabilities, logits, and the statistics of each layer's output.
std::string inspection_json(const Inspection& inspection);

}  // namespace mnist_bench
