#include "report/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"

namespace mnist_bench {

const std::vector<Format>& formats() {
  static const std::vector<Format> list = {
      {".md", "Markdown tables", markdown_report},
      {".csv", "a line per run, unrounded", csv_report},
      {".json", "statistics and runs, schema mnist-bench.report/1", json_report},
      {".tex", "LaTeX tables (booktabs)", latex_report},
  };
  return list;
}

const Format& format_of(const std::filesystem::path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string known;
  for (const Format& format : formats()) {
    if (format.extension == extension) return format;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", format.extension);
  }
  throw Error(
      ExitCode::usage,
      fmt::format("cannot tell the format of '{}' by its name: the extension {}", file.string(),
                  extension.empty() ? "is missing" : fmt::format("'{}' is not known", extension)),
      fmt::format("name a file that ends in one of {}", known));
}

}  // namespace mnist_bench
