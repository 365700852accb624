#include "report/format/formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "report/format/figures.h"

namespace mnist_bench {
namespace {

template <Figure (*figure)(const std::vector<RunGroup>&)>
std::string of_groups(const Report& report) {
  return standalone_svg({figure(report.groups)});
}

template <Figure (*figure)(const RunGroup&)>
std::string of_each_group(const Report& report) {
  std::vector<Figure> figures;
  for (const RunGroup& group : report.groups) figures.push_back(figure(group));
  return standalone_svg(figures);
}

}  // namespace

const std::vector<Format>& formats() {
  static const std::vector<Format> list = {
      {".html", "a page with figures", html_report},
      {".md", "Markdown tables", markdown_report},
      {".csv", "a line per run, unrounded", csv_report},
      {".json", "statistics and runs, schema mnist-bench.report/1", json_report},
      {".tex", "LaTeX tables (booktabs)", latex_report},
      {"accuracy.svg", "accuracy by epoch", of_groups<accuracy_curves>},
      {"loss.svg", "loss by epoch", of_groups<loss_curves>},
      {"time.svg", "accuracy against time", of_groups<accuracy_against_time>},
      {"confusion.svg", "confusion matrices", of_each_group<confusion_figure>},
      {"classes.svg", "errors by class", of_each_group<class_errors>},
  };
  return list;
}

const Format& format_of(const std::filesystem::path& file) {
  std::string name = file.filename().string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string known;
  for (const Format& format : formats()) {
    const bool bare = name == format.ending && name.starts_with('.');  // a hidden file, no ending
    if (name.ends_with(format.ending) && !bare) return format;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", format.ending);
  }
  throw Error(ExitCode::usage,
              fmt::format("cannot tell the format of '{}' by its name", file.string()),
              fmt::format("name a file that ends in one of {}", known));
}

}  // namespace mnist_bench
