#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/metrics.h"
#include "report/groups.h"
#include "report/measures.h"
#include "report/tables.h"

namespace mnist_bench {

enum class CellVerdict {
  equal,    ///< integers
  differs,  ///< integers
  agrees,   ///< the paper's value, as rounded, is where one further run of ours is expected
  higher,   ///< ours, than the paper's
  lower,
  higher_within_printed,  ///< higher, by no more than the ± that the paper prints
  lower_within_printed,
  not_comparable,  ///< times: the paper does not name its machine
  unknown,         ///< fewer than two runs of ours, or none
};
std::string to_string(CellVerdict verdict);

/// A row of the paper's Table 1 or 2 beside ours.
struct PaperLayer {
  std::string layer;
  std::string index;
  std::optional<std::int64_t> printed;
  std::string ours_layer;
  std::optional<std::int64_t> ours;
  CellVerdict verdict = CellVerdict::unknown;
};

/// A cell of the paper's Table 4 or 5 beside ours; numbers in the table's unit (per cent, seconds).
struct PaperCell {
  std::string model;  ///< "MLP"
  const Measure* measure = nullptr;
  double printed = 0.0;
  std::optional<double> printed_sd;
  Spread ours;                                 ///< in the record's unit
  std::optional<double> difference = {};       ///< ours − paper's
  std::optional<Interval> next_run = {};       ///< next_run_interval
  std::optional<double> sd_over_classes = {};  ///< of the ten classes of a run, mean over the runs
  CellVerdict verdict = CellVerdict::unknown;
};

/// What the paper's ± is nearer to, by ratio.
enum class Nearer { seeds, classes };
/// Nothing unless both SDs are known and positive.
std::optional<Nearer> nearer_of(const PaperCell& cell);

enum class ClaimVerdict {
  holds,
  does_not_hold,
  cannot_be_told,  ///< the paper does not say enough
  open,            ///< neither the paper nor these runs measure it
};
std::string to_string(ClaimVerdict verdict);

/// Something that the paper says, and what can be computed about it.
struct PaperClaim {
  std::string place;                  ///< "Sec. 5.1"
  std::string claim;                  ///< a short quotation, in “ ”, or what the place implies
  std::vector<std::string> findings;  ///< sentences
  ClaimVerdict verdict = ClaimVerdict::open;
};

/// The paper's tables and claims beside the runs of a report.
struct PaperCheck {
  std::vector<PaperLayer> table1;
  std::vector<PaperLayer> table2;
  std::vector<PaperCell> cells;  ///< Tables 4 and 5
  std::vector<PaperClaim> claims;
  /// Which runs are ours, and in which keys they depart from the paper's setting.
  std::vector<std::string> notes;
};

/// For each of the two models the group that departs least from the paper's setting counts. Reads
/// the checkpoints of one run each for the size of Adam's second moments; where it cannot, that
/// finding is missing.
PaperCheck check_paper(const std::vector<RunGroup>& groups);

/// Tables 1, 2, 4 with 5, and what the ± may be.
std::vector<ReportTable> paper_tables(const PaperCheck& check);
/// How the verdicts come about; one sentence each.
std::vector<std::string> paper_notes();

/// For a terminal: the tables, and each claim with its verdict, without the findings.
std::string paper_text(const PaperCheck& check);
/// Sections under headings of level 2.
std::string paper_markdown(const PaperCheck& check);
/// The content of a <section>; headings from level 3.
std::string paper_html(const PaperCheck& check);

}  // namespace mnist_bench
