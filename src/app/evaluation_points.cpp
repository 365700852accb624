#include "app/evaluation_points.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "transform/suite.h"

namespace mnist_bench {

std::vector<EvaluationPoint> evaluation_points(const std::vector<std::string>& specs,
                                               const std::string& suite) {
  std::vector<EvaluationPoint> points;
  const auto add = [&](TransformChain chain, std::optional<std::string> name) {
    const std::string spec = canonical_spec(chain);
    const bool is_new = std::none_of(points.begin(), points.end(), [&](const auto& point) {
      return canonical_spec(point.transform) == spec;
    });
    if (is_new) points.push_back({.transform = std::move(chain), .suite = std::move(name)});
  };
  for (const std::string& spec : specs) add(parse_spec(spec, "--transform"), {});
  if (suite.empty()) return points;
  const Suite found = find_suite(suite);
  for (const TransformChain& chain : found.points) add(chain, found.name);
  return points;
}

}  // namespace mnist_bench
