#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "config/write.h"
#include "record/result_json.h"
#include "report/format/figures.h"
#include "report/format/formats.h"
#include "report/format/html_parts.h"
#include "report/format/page.h"
#include "report/format/svg.h"
#include "report/mistakes.h"
#include "report/paper.h"
#include "report/tables.h"
#include "report/warnings.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMistakesShown = 24;

std::string base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string section(const std::string& id, const std::string& title, const std::string& body) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 "
      "id=\"{0}-title\">{1}</h2>\n{2}</section>\n",
      id, title, body);
}

std::string figure_html(const Figure& figure, const std::string& caption) {
  return fmt::format("<figure><div class=\"scroll\">{}</div><figcaption>{}</figcaption></figure>\n",
                     page_svg(figure), caption);
}

std::string results_html(const Report& report) {
  std::string html = table_html(means_table(report));
  for (const std::string& note : table_notes()) {
    html += "<p class=\"note\">" + markup_escaped(note) + "</p>\n";
  }
  const auto failed = failed_lines(report.groups);
  if (!failed.empty()) html += "<h3>Failed runs</h3>" + list_html(failed, "failed");
  html += "<details><summary>Every measure with its interval and range</summary>" +
          table_html(ranges_table(report)) + "</details>\n";
  return html;
}

std::string confusion_html(const std::vector<RunGroup>& groups) {
  std::string html =
      "<fieldset class=\"choice\"><legend>Show</legend>"
      "<label><input type=\"radio\" name=\"confusion\" value=\"counts\" checked> counts</label>"
      "<label><input type=\"radio\" name=\"confusion\" value=\"shares\"> % of the row</label>"
      "</fieldset>\n<div class=\"figures\" id=\"confusions\">";
  for (const RunGroup& group : groups) {
    html += figure_html(
        confusion_figure(group),
        fmt::format("<b>{}</b>, {} run{} summed. Blue: right, orange: mistaken; deeper is a "
                    "larger share of the row, on a logarithmic scale. Point at a cell, tap "
                    "it, or use the arrow keys. <output class=\"readout\" "
                    "aria-live=\"polite\"></output>",
                    markup_escaped(group.label), group.completed.size(),
                    group.completed.size() == 1 ? "" : "s"));
  }
  return html + "</div>\n";
}

std::string mistakes_html(const RunGroup& group) {
  const Mistakes mistakes = find_mistakes(group, kMistakesShown);
  std::string html = "<h3>" + markup_escaped(group.label) + "</h3>\n";
  if (!mistakes.unavailable.empty()) {
    return html + "<p>Not shown: " + markup_escaped(mistakes.unavailable) + ".</p>\n";
  }
  html += fmt::format(
      "<p>{} test image{} mistaken by at least one of {} run{}; the most confident first.</p>\n<ul "
      "class=\"mistakes\">",
      mistakes.images, mistakes.images == 1 ? "" : "s", group.completed.size(),
      group.completed.size() == 1 ? "" : "s");
  for (const Mistake& m : mistakes.worst) {
    html += fmt::format(
        "<li><img src=\"data:image/png;base64,{}\" alt=\"test image {}, a {}\" width=\"56\" "
        "height=\"56\"><span><b>{}</b> read as <b>{}</b><br>p = {:.3f}<br>{} of {} runs<br>"
        "<small>image {}</small></span></li>\n",
        base64(m.png), m.index, m.truth, m.truth, m.predicted, m.confidence, m.runs_wrong,
        group.completed.size(), m.index);
  }
  return html + "</ul>\n";
}

/// Nested JSON as rows "a.b" → text.
void flatten(const Json& json, const std::string& prefix,
             std::vector<std::pair<std::string, std::string>>& rows) {
  for (const auto& [key, value] : json.items()) {
    const std::string path = prefix.empty() ? key : fmt::format("{}.{}", prefix, key);
    if (value.is_object()) {
      flatten(value, path, rows);
    } else {
      rows.emplace_back(path, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
}

std::vector<const RunResult*> all_runs(const RunGroup& group) {
  std::vector<const RunResult*> runs;
  for (const auto* list : {&group.completed, &group.failed, &group.interrupted}) {
    for (const StoredRun& run : *list) runs.push_back(&run.result);
  }
  return runs;
}

/// A row per key and a column per group; rows in which the groups differ are marked.
std::string keys_html(const std::string& title, const std::vector<RunGroup>& groups,
                      const std::function<Json(const RunResult&)>& object) {
  std::vector<std::string> keys;
  std::map<std::string, std::vector<std::string>> cells;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::map<std::string, std::vector<std::string>> values;
    for (const RunResult* run : all_runs(groups[g])) {
      std::vector<std::pair<std::string, std::string>> rows;
      flatten(object(*run), "", rows);
      for (auto& [key, text] : rows) {
        if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
        auto& seen = values[key];
        if (std::find(seen.begin(), seen.end(), text) == seen.end()) seen.push_back(text);
      }
    }
    for (const std::string& key : keys) {
      auto& row = cells[key];
      row.resize(groups.size());
      for (const std::string& text : values[key]) {
        if (!row[g].empty()) row[g] += ", ";
        row[g] += text;
      }
    }
  }
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table "
      "class=\"keys\"><caption>{0}; "
      "≠ marks what differs between the experiments</caption><thead><tr><th scope=\"col\">key</th>",
      title);
  for (const RunGroup& group : groups) {
    html += "<th scope=\"col\">" + markup_escaped(group.label) + "</th>";
  }
  html += "</tr></thead><tbody>\n";
  for (const std::string& key : keys) {
    auto& row = cells[key];
    row.resize(groups.size());
    const bool differs = std::any_of(row.begin(), row.end(),
                                     [&](const std::string& text) { return text != row.front(); });
    html += fmt::format("<tr{}><th scope=\"row\">{}{}</th>", differs ? " class=\"differs\"" : "",
                        differs ? "≠ " : "", markup_escaped(key));
    for (const std::string& text : row) {
      html += "<td>" + (text.empty() ? "–" : markup_escaped(text)) + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

Json config_of(const RunResult& run) {
  Json json = to_json(run.config);
  for (const char* key : {"seed", "output"}) json.erase(key);
  return json;
}

Json provenance_of(const RunResult& run) {
  Json json = to_json(run).at("provenance");
  if (json.is_null()) return Json::object();
  for (const char* key : {"started_at", "command", "resumed_after"}) json.erase(key);
  return json;
}

}  // namespace

std::string html_report(const Report& report) {
  const auto& groups = report.groups;
  std::string body;
  if (!report.warnings.empty()) {
    body += "<section class=\"warnings\" aria-label=\"Warnings\"><h2>Read with care</h2>" +
            list_html(report.warnings) + "</section>\n";
  }
  body += section("results", "Results", results_html(report));
  if (report.paper) {
    body += section("paper", "The paper, checked", paper_html(check_paper(groups)));
  }
  body +=
      section("learning", "Learning curves",
              "<div class=\"figures\">" +
                  figure_html(accuracy_curves(groups),
                              "Accuracy on all test images after each epoch: mean over the seeds, "
                              "band of ± one standard deviation.") +
                  figure_html(loss_curves(groups),
                              "Cross-entropy: on the training images while they are learned, with "
                              "dropout active (dashed), and on the test images.") +
                  figure_html(accuracy_against_time(groups),
                              "Accuracy against time: a point for each seed and epoch, at the "
                              "training time until then (evaluation left out); the lines join the "
                              "means.") +
                  "</div>");
  body += section("confusion", "Confusion matrices", confusion_html(groups));
  std::string classes = "<div class=\"figures\">";
  std::string mistakes;
  for (const RunGroup& group : groups) {
    classes +=
        figure_html(class_errors(group),
                    fmt::format("<b>{}</b>: what each class lacks to 100 %, mean over the seeds; "
                                "whiskers are ± one standard deviation, within 0 to 100 %.",
                                markup_escaped(group.label)));
    mistakes += mistakes_html(group);
  }
  body += section("classes", "Errors by class", classes + "</div>");
  body += section("mistakes", "The most confident mistakes", mistakes);
  body += section(
      "configs", "Configs and provenance",
      keys_html("Configs", groups, config_of) + keys_html("Provenance", groups, provenance_of));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>mnist-bench report</title>\n<style>\n{}{}</style>\n</head>\n<body>\n"
      "<header><h1>mnist-bench report</h1>\n"
      "<button type=\"button\" id=\"theme\">Theme: automatic</button></header>\n"
      "<main>\n{}</main>\n<script>\n{}</script>\n</body>\n</html>\n",
      figure_style(), page::kPageStyle, body, page::kPageScript);
}

}  // namespace mnist_bench
