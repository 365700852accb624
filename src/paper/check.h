#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/metrics.h"
#include "record/metric_table.h"
#include "report/evaluations.h"
#include "report/groups.h"
#include "report/section.h"

namespace mnist_bench {

enum class CellVerdict {
  equal,             ///< integers
  differs,           ///< integers
  not_contradicted,  ///< the paper's value, as rounded, is where one further run of ours is
                     ///< expected
  too_uncertain,  ///< it is, but so much else would be: next_run is wider than allowed_half_width
  higher,         ///< ours, than the paper's
  lower,
  higher_within_printed,  ///< higher, by no more than the ± that the paper prints
  lower_within_printed,
  not_comparable,  ///< times: the paper does not name its machine
  unknown,         ///< fewer than two runs of ours, or none
};
std::string to_string(CellVerdict verdict);

/// A row of the paper's Table 1 or 2 and ours.
struct PaperLayer {
  std::string layer;
  std::string index;
  std::optional<std::int64_t> printed;
  std::string ours_layer;
  std::optional<std::int64_t> ours;
  CellVerdict verdict = CellVerdict::unknown;
};

/// A cell of the paper's Table 4 or 5 and ours; numbers in the table's unit (per cent, seconds).
struct PaperCell {
  std::string model;  ///< "MLP"
  const Metric* metric = nullptr;
  double printed = 0.0;
  std::optional<double> printed_sd;
  SampleSummary ours;                          ///< in the record's unit
  std::optional<double> difference = {};       ///< ours − paper's
  std::optional<Interval> next_run = {};       ///< next_run_interval, within 0 … 100 %
  std::optional<std::int64_t> images = {};     ///< of our test set
  std::optional<double> sd_over_classes = {};  ///< of the ten classes of a run, mean over the runs
  CellVerdict verdict = CellVerdict::unknown;
};

/// Half the widest range of a run in which a value of the paper's is "not contradicted", in
/// percentage points: 0.5, or the paper's own ± where that is more.
double allowed_half_width(const PaperCell& cell);

/// What the paper's ± is nearer to, by ratio.
enum class Nearer { seeds, classes };
/// Nothing unless both SDs are known and positive.
std::optional<Nearer> nearer_of(const PaperCell& cell);

enum class ClaimVerdict {
  holds,
  holds_in_part,  ///< of several comparisons, for some
  does_not_hold,
  suggested,       ///< by these runs, which are too few to show it (judge.h)
  undecided,       ///< these runs do not decide
  cannot_be_told,  ///< the paper does not say enough
  open,            ///< neither the paper nor these runs measure it
};
std::string to_string(ClaimVerdict verdict);

/// What a verdict rests on.
enum class ClaimBasis {
  runs,        ///< computed from our runs; where it compares them, by judge()
  arithmetic,  ///< computed from what the paper prints
  reading,     ///< a reading of the paper's text
  nothing,     ///< of a claim that is open
};
std::string to_string(ClaimBasis basis);

/// Something that the paper says, and what can be computed about it.
struct PaperClaim {
  std::string place;  ///< "Sec. 5.1"
  std::string claim;  ///< a short quotation, in “ ”, or what the place implies
  std::vector<std::string> findings = {};  ///< sentences
  std::string experiment = {};  ///< that decides it: "sweep configs/paper/sgd.json"; or empty
  ClaimBasis basis = ClaimBasis::reading;
  ClaimVerdict verdict = ClaimVerdict::open;
  /// Decisions by a test or an interval at 5 % that the claim rests on or names.
  std::int64_t tests = 0;
};

/// The paper's tables and claims compared with the runs of a report.
struct PaperCheck {
  std::vector<PaperLayer> table1;
  std::vector<PaperLayer> table2;
  std::vector<PaperCell> cells;  ///< Tables 4 and 5
  std::vector<PaperClaim> claims;
  /// How many runs of each model are ours, and in which keys they depart from the paper's setting.
  std::vector<std::string> notes;
  std::vector<std::string> sources;  ///< which these are
};

/// For each of the two models the group that departs least from the paper's setting counts, and the
/// one that differs from it in permuted pixels alone. `evaluations`: of these runs, on transformed
/// test images. Reads the checkpoints of one run each for the size of Adam's second moments; where
/// it cannot, that finding is missing.
PaperCheck check_paper(const std::vector<RunGroup>& groups,
                       const EvaluationsOfRuns& evaluations = {});

/// Table 1 or 2 and ours.
ReportTable layer_table(const std::string& title, const std::vector<PaperLayer>& layers);
/// Tables 4 and 5 and ours.
ReportTable cell_table(const std::vector<PaperCell>& cells);
/// What the paper's ± may be.
ReportTable deviation_table(const std::vector<PaperCell>& cells);
/// How the verdicts of cell_table come about; one sentence each.
std::vector<std::string> paper_notes();
/// How many conclusions at 5 % the page draws: the cells' ranges, and the claims' tests.
std::int64_t tests_made(const PaperCheck& check);

/// All numbers and verdicts; those of cells in the tables' units (per cent, seconds), our
/// statistics in the record's.
nlohmann::ordered_json paper_json(const PaperCheck& check);

/// The check as a part of a report.
Section paper_section(const PaperCheck& check);

}  // namespace mnist_bench
