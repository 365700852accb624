#pragma once

#include <string>
#include <vector>

#include "report/section.h"

namespace mnist_bench {

/// A page that needs nothing else, light and dark; `body` is markup.
std::string page_html(const std::string& title, const std::string& body);

/// A <section> with its title as heading of level 2; `body` is markup.
std::string titled_section(const std::string& id, const std::string& title,
                           const std::string& body);

/// A table with its title as caption; where it is wider than the screen it scrolls on its own.
std::string table_html(const ReportTable& table);

/// The same, folded where it is for pages only.
std::string foldable_table_html(const ReportTable& table);

/// Plain texts as an unordered list.
std::string list_html(const std::vector<std::string>& items, const std::string& css_class = {});

/// Plain texts as paragraphs in small letters.
std::string notes_html(const std::vector<std::string>& notes);

/// A figure with its caption.
std::string figure_html(const FigureData& figure);

/// The figures of a section side by side; empty if there are none.
std::string figures_html(const std::vector<FigureSet>& sets);

/// Each figure beside the strip of its subject, then the strips of which there is no figure; under
/// a heading of level 3.
std::string figures_beside_sheet_html(const std::vector<FigureSet>& sets,
                                      const ContactSheet& sheet);

/// A badge for each verdict with the number of its claims, which leads to them; empty: no claims.
std::string verdict_counts_html(const std::string& section_id, const CheckedClaims& checked);

/// Under a heading of level 3, the evidence folded; each claim has an id, "paper-claim-1".
std::string claims_html(const std::string& section_id, const CheckedClaims& checked);

/// Under a heading of level 3.
std::string mistakes_html(const Mistakes& mistakes);

}  // namespace mnist_bench
