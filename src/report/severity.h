#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "report/evaluations.h"
#include "report/groups.h"

namespace mnist_bench {

/// Where a chain of transforms stands: its family, and its severity there.
struct ChainSeverity {
  std::size_t order = 0;  ///< of its kind among transform_kinds(); chains of several come last
  // As in TransformFamily and SeverityPoint.
  std::string family;
  std::string axis;
  std::optional<double> unchanged_at;
  double severity = 0.0;
  std::string name;
};
/// Nothing for the identity.
std::optional<ChainSeverity> severity_of(const TransformChain& chain);

/// Where a chain stands in tables: the identity first, then as in transform_families(). Compared
/// member by member.
struct ChainOrder {
  bool changes_images = false;
  std::size_t kind = 0;  ///< ChainSeverity::order
  std::string family;
  double severity = 0.0;
  std::string spec;  ///< canonical

  bool operator<(const ChainOrder& other) const {
    const auto members = [](const ChainOrder& order) {
      return std::tie(order.changes_images, order.kind, order.family, order.severity, order.spec);
    };
    return members(*this) < members(other);
  }
};
ChainOrder order_of(const TransformChain& chain);

/// One severity of a transform, and what the runs reach there.
struct SeverityPoint {
  /// On the axis of its family; 0 in one without an axis.
  double severity = 0.0;
  /// For people: "15", "2 px", in a family without an axis the SPEC.
  std::string name;
  /// The canonical SPECs that each run's accuracy is the mean of: one, or the directions of a
  /// shift.
  std::vector<std::string> specs;
  std::int64_t images = 0;             ///< of one of them
  std::vector<ValuesBySeed> accuracy;  ///< [groups]; only of runs evaluated on all `specs`
};

/// The severities of one kind of transform that agree in all other settings; or a chain of several
/// transforms alone.
struct TransformFamily {
  std::string type;                    ///< the kind's; empty for a chain of several
  std::string name;                    ///< with those settings: "gaussian_noise, seed 0"
  std::string axis;                    ///< "degrees"; empty: there is no order among its points
  std::optional<double> unchanged_at;  ///< the severity that leaves images as they are
  std::vector<SeverityPoint> points;   ///< ascending
  std::vector<ValuesBySeed> clean;     ///< [groups]: of the runs at any point, without a transform
};

/// From the evaluations on each run's own test set, by the engine that trained it, in the order of
/// transform_kinds(). A shift's severity is its distance in px along a row, a column or a diagonal;
/// the directions are those that most runs were evaluated on.
std::vector<TransformFamily> transform_families(const std::vector<RunGroup>& groups,
                                                const EvaluationsOfRuns& evaluations);

}  // namespace mnist_bench
