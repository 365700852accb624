#include <fmt/format.h>

#include "base/text.h"
#include "report/format/figure_style.h"
#include "report/format/html_parts.h"
#include "report/format/svg.h"

namespace mnist_bench {

std::string mistakes_html(const Mistakes& mistakes) {
  std::string html = "<h3>" + markup_escaped(mistakes.group) + "</h3>\n";
  if (!mistakes.unavailable.empty()) {
    return html + "<p>Not shown: " + markup_escaped(mistakes.unavailable) + ".</p>\n";
  }
  html += fmt::format(
      "<p>{} mistaken by at least one of {}; the most confident first.</p>\n<ul "
      "class=\"mistakes\">",
      counted(mistakes.images, "test image"), counted(mistakes.runs, "run"));
  for (const Mistake& m : mistakes.worst) {
    const std::string truth = markup_escaped(class_name(mistakes.names, m.truth));
    const std::string predicted = markup_escaped(class_name(mistakes.names, m.predicted));
    html += fmt::format(
        "<li><img src=\"{}\" alt=\"test image {}, a {}\" width=\"{}\" "
        "height=\"{}\"><span><b>{}</b> read as <b>{}</b><br>p = {:.3f}<br>{} of {} runs<br>"
        "<small>image {}</small></span></li>\n",
        png_uri(m.png), m.index, truth, kThumbnail.size, kThumbnail.size, truth, predicted,
        m.confidence, m.runs_wrong, mistakes.runs, m.index);
  }
  return html + "</ul>\n";
}

}  // namespace mnist_bench
