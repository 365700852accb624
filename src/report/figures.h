#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "record/metric_table.h"
#include "report/evaluations.h"
#include "report/groups.h"

namespace mnist_bench {

// What the figures of a report show, before it is drawn. Of completed runs alone.

struct ChartPoint {
  double x = 0.0;
  double y = 0.0;
  /// Around y; drawn as a band, or as a whisker where there is no line.
  std::optional<Interval> range;
  std::string note;  ///< shown when the point is pointed at
};

/// How many things a part of the horizontal axis holds; written below the axis.
struct ChartCount {
  double x = 0.0;  ///< the part's middle
  std::int64_t count = 0;
};

/// One thing to compare; its colour and marker follow from `style`.
struct ChartSeries {
  std::string label;
  std::size_t style = 0;  ///< series of one style share colour and marker
  bool line = true;       ///< else points alone
  bool dashed = false;
  bool guide = false;  ///< a line in the colour of the text, without markers
  std::vector<ChartPoint> points;
  std::vector<ChartCount> counts = {};
};

struct Chart {
  std::string title;
  std::string description;  ///< for those who cannot see it
  std::string x_label;
  std::string y_label;
  std::string counts_label = {};  ///< what the series' counts are of
  bool x_integer = false;
  bool x_log = false;
  bool y_from_zero = false;
  /// What y can be at most; it is never negative. Neither the axis nor a band goes beyond.
  double y_most = std::numeric_limits<double>::infinity();
  std::vector<ChartSeries> series;
};

/// What a class lacks to 100 % of a metric, in per cent, and the interval of ± one SD around it as
/// far as that lies within 0 … 100 %.
struct ClassError {
  double mean = 0.0;
  double low = 0.0;
  double high = 0.0;
  bool has_sd = false;
  std::string note;  ///< shown when its bar is pointed at
};

struct ClassErrors {
  struct OfClass {
    std::int64_t label = 0;
    std::array<ClassError, kClassMetrics.size()> errors;  ///< in the order of kClassMetrics
  };
  std::string title;
  ClassNames names;              ///< of all classes
  std::vector<OfClass> classes;  ///< that occur in truth or predictions
};

/// A confusion matrix summed over the seeds, that of a deterministic model but once.
struct Confusion {
  std::string title;
  std::vector<std::int64_t> labels;  ///< of the classes that occur
  ClassNames names;                  ///< of all classes
  ConfusionMatrix counts;            ///< of those, in their order: rows true, columns predicted
  std::vector<std::int64_t> totals;  ///< of the rows
  std::vector<std::vector<double>> shares;  ///< of each cell in its row's total
};

struct HeatCell {
  double value = 0.0;
  std::string text;
  std::string note;  ///< shown when the cell is pointed at
};

/// A value for each pair of the values of two keys.
struct HeatMap {
  std::string title;
  std::string row_title;
  std::string column_title;
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  /// [rows, columns]; absent: no experiment has these two values.
  std::vector<std::vector<std::optional<HeatCell>>> cells;
};

struct FigureData {
  std::string subject;  ///< the group that it is of; empty: all
  std::string caption;  ///< plain text, after the subject
  std::variant<Chart, ClassErrors, Confusion, HeatMap> content;
};

/// A new kind of figure is a line in the table figure_kinds().
struct FigureKind {
  std::string name;     ///< of its file: "accuracy" of accuracy.svg
  std::string meaning;  ///< "accuracy by epoch"
  std::string part_id;  ///< id of the page's section that contains it
  std::string part;     ///< title of that section
  /// One of all groups, one of each, or none where there is nothing to show.
  std::vector<FigureData> (*figures)(const std::vector<RunGroup>& groups,
                                     const EvaluationsOfRuns& evaluations);
  /// Whether a page lets its reader choose between counts and shares.
  bool counts_or_shares = false;
  /// Whether it also shows groups that do not show their test results.
  bool of_all_groups = false;
  /// Why there is no figure, as a part of a sentence; null: it goes without saying.
  std::string (*why_none)(const std::vector<RunGroup>& groups) = nullptr;
};
/// Kinds with the same section follow each other.
const std::vector<FigureKind>& figure_kinds();

/// The figures of one kind.
struct FigureSet {
  const FigureKind* kind;
  std::vector<FigureData> figures;
};
/// The figures of all kinds.
std::vector<FigureSet> figures_of(const std::vector<RunGroup>& groups,
                                  const EvaluationsOfRuns& evaluations = {});

// Of groups whose completed runs have epochs; the description names them.

/// Test accuracy [%] by epoch: mean over the seeds, band of ± SD where n ≥ 2.
Chart accuracy_curves(const std::vector<RunGroup>& groups);
/// Training loss (dropout active; dashed) and test loss by epoch, drawn alike.
Chart loss_curves(const std::vector<RunGroup>& groups);
/// Test accuracy [%] after each epoch against the training seconds until then: each seed's points,
/// and a line through their means. The time axis is logarithmic.
Chart accuracy_against_time(const std::vector<RunGroup>& groups);

/// Per class what is missing to 100 % of precision, recall and F1: mean and ± SD over the seeds.
ClassErrors class_errors(const RunGroup& group);
/// The confusion matrix summed over the seeds.
Confusion confusion_of(const RunGroup& group);

}  // namespace mnist_bench
