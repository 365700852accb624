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
    html += fmt::format(
        "<li><img src=\"{}\" alt=\"test image {}, a {}\" width=\"{}\" "
        "height=\"{}\"><span><b>{}</b> read as <b>{}</b><br>p = {:.3f}<br>{} of {} runs<br>"
        "<small>image {}</small></span></li>\n",
        png_uri(m.png), m.index, m.truth, kThumbnail.size, kThumbnail.size, m.truth, m.predicted,
        m.confidence, m.runs_wrong, mistakes.runs, m.index);
  }
  return html + "</ul>\n";
}

}  // namespace mnist_bench
