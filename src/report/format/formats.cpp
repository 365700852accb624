#include "report/format/formats.h"

#include "report/format/draw.h"
#include "report/format/file_endings.h"

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
  if (!figures.empty() || kind.why_none == nullptr) return standalone_svg(figures);
  return standalone_svg({}, "nothing to show: " + kind.why_none(report.groups));
}

std::vector<Format> make_formats() {
  std::vector<Format> list = {
      {.ending = ".html",
       .meaning = "a page with figures",
       .render = html_report,
       .shows_sections = true,
       .shows_mistakes = true,
       .shows_pictures = true},
      {.ending = ".md",
       .meaning = "Markdown tables",
       .render = markdown_report,
       .shows_sections = true},
      {.ending = "sections.csv",
       .meaning = "the numbers of the sections in .json, one a line",
       .render = sections_csv,
       .shows_sections = true,
       .shows_pictures = true},
      {.ending = ".csv", .meaning = "a line per run, unrounded", .render = csv_report},
      {.ending = ".json",
       .meaning = "statistics and runs, schema mnist-bench.report/1",
       .render = json_report,
       .shows_sections = true,
       .shows_pictures = true},
      {.ending = ".tex", .meaning = "LaTeX tables (booktabs)", .render = latex_report},
  };
  for (const FigureKind& kind : figure_kinds()) {
    list.push_back({.ending = kind.name + ".svg",
                    .meaning = kind.meaning,
                    .render = [&kind](const Report& report) { return svg_report(report, kind); }});
  }
  return list;
}

}  // namespace

const std::vector<Format>& formats() {
  static const std::vector<Format> list = make_formats();
  return list;
}

const Format& format_of(const std::filesystem::path& file) {
  return format_by_ending(formats(), file);
}

}  // namespace mnist_bench
