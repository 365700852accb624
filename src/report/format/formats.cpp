#include "report/format/formats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/text.h"
#include "report/format/draw.h"

namespace mnist_bench {
namespace {

/// All figures of a kind in one file.
std::string svg_report(const Report& report, const FigureKind& kind) {
  std::vector<Figure> figures;
  for (const Section& section : report.sections) {
    for (const FigureSet& set : section.figures) {
      if (set.kind != &kind) continue;
      for (const FigureData& figure : set.figures) figures.push_back(draw(figure));
    }
  }
  return standalone_svg(figures);
}

std::vector<Format> make_formats() {
  std::vector<Format> list = {
      {".html", "a page with figures", html_report, /*shows_mistakes=*/true},
      {".md", "Markdown tables", markdown_report},
      {".csv", "a line per run, unrounded", csv_report},
      {".json", "statistics and runs, schema mnist-bench.report/1", json_report},
      {".tex", "LaTeX tables (booktabs)", latex_report},
  };
  for (const FigureKind& kind : figure_kinds()) {
    list.push_back({kind.name + ".svg", kind.meaning,
                    [&kind](const Report& report) { return svg_report(report, kind); }});
  }
  return list;
}

}  // namespace

const std::vector<Format>& formats() {
  static const std::vector<Format> list = make_formats();
  return list;
}

const Format& format_of(const std::filesystem::path& file) {
  std::vector<std::string> endings;
  for (const Format& format : formats()) endings.push_back(format.ending);
  return formats()[find_ending(file, endings)];
}

std::size_t find_ending(const std::filesystem::path& file,
                        const std::vector<std::string>& endings) {
  const std::string name = lower_case(file.filename().string());
  for (std::size_t i = 0; i < endings.size(); ++i) {
    const bool bare = name == endings[i] && name.starts_with('.');  // a hidden file, no ending
    if (name.ends_with(endings[i]) && !bare) return i;
  }
  throw Error(ExitCode::usage,
              fmt::format("cannot tell the format of '{}' by its name", file.string()),
              fmt::format("name a file that ends in one of {}", fmt::join(endings, ", ")));
}

}  // namespace mnist_bench
