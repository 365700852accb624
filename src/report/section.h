#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "report/contact_sheet.h"
#include "report/figures.h"
#include "report/mistakes.h"

namespace mnist_bench {

/// A table as plain text cells, which each format escapes and sets in its own way.
struct ReportTable {
  std::string title;
  std::vector<Align> columns;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  /// Of the columns, where a format chooses among them; else empty.
  std::vector<std::string> keys = {};
  std::string legend = {};          ///< what its signs mean
  bool first_names_rows = false;    ///< the first column is a title of each row
  std::vector<bool> emphasis = {};  ///< of each row; or empty
  bool pages_only = false;          ///< too long for a terminal; folded in pages
};

/// How a verdict is meant, for its colour; its words say the same.
enum class Tone { good, mixed, bad, unknown };

struct Verdict {
  std::string text;  ///< "holds"
  Tone tone = Tone::unknown;
};

/// Something that was said, and what can be computed about it.
struct CheckedClaim {
  std::string place;  ///< "Sec. 5.1"
  std::string claim;
  Verdict verdict;
  std::string basis;                  ///< of the verdict, in a word: "runs"
  std::string basis_in_words;         ///< "computed from the runs"
  std::vector<std::string> findings;  ///< sentences
  std::string experiment = {};        ///< that decides it: "sweep configs/paper/sgd.json"; or empty
};

struct VerdictCount {
  Verdict verdict;
  std::int64_t claims = 0;
};

struct CheckedClaims {
  std::string title;
  std::vector<VerdictCount> counts;  ///< of each verdict that there is
  std::string tally;                 ///< the same as sentences, and what each verdict means
  std::vector<std::string> notes;
  std::vector<CheckedClaim> claims;
  std::string where_findings_are;  ///< for a format that leaves the findings out
};

/// A part of a report, in this order, computed before any format is chosen: plain text, and what
/// figures show. A format leaves out the kinds of content that it cannot show.
struct Section {
  std::string id;  ///< in links of a page: "paper"
  std::string title;
  std::vector<std::string> remarks = {};  ///< above the tables; the claims' tally precedes them
  std::vector<ReportTable> tables = {};
  std::vector<std::string> notes = {};  ///< below them; one sentence each
  CheckedClaims checked = {};
  std::vector<ReportTable> tables_after = {};  ///< the claims
  std::vector<FigureSet> figures = {};
  std::vector<Mistakes> mistakes = {};
  std::optional<ContactSheet> sheet = {};
  bool pages_only = false;    ///< too long for a terminal, or nothing but pictures: .html and .md
  bool opens_report = false;  ///< stands before the results
  /// The numbers, unrounded and in the record's units, for JSON; null: none besides the groups'.
  nlohmann::ordered_json data = {};

  [[nodiscard]] bool is_empty() const {
    return remarks.empty() && tables.empty() && tables_after.empty() && figures.empty() &&
           mistakes.empty() && checked.claims.empty();
  }
};

}  // namespace mnist_bench
