#include "app/expectation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/nearest.h"
#include "base/number.h"
#include "record/metric_table.h"

namespace mnist_bench {
namespace {

bool holds(double actual, const std::string& comparison, double value) {
  if (comparison == ">=") return actual >= value;
  if (comparison == "<=") return actual <= value;
  if (comparison == ">") return actual > value;
  if (comparison == "<") return actual < value;
  return actual == value;
}

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw Error(ExitCode::usage, fmt::format("--expect '{}': {}", text, why),
              "write it in quotes as METRIC>=VALUE, for example --expect 'accuracy>=0.97'");
}

}  // namespace

Expectation parse_expectation(const std::string& text) {
  const std::size_t begin = text.find_first_of("<>=");
  if (begin == std::string::npos) refuse(text, "there is no comparison in it");
  const std::size_t end = text.find_first_not_of("<>=", begin);
  Expectation expectation{
      .metric = text.substr(0, begin), .comparison = text.substr(begin, end - begin), .value = 0.0};
  const auto trim = [](std::string& word) {
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
  };
  trim(expectation.metric);
  const Metric* metric = find_metric(expectation.metric);
  if (metric != nullptr && metric->is_count()) {
    refuse(text, fmt::format("the model alone decides '{}', so no run can miss it; known are {}",
                             metric->key, fmt::join(expectable_metrics(), ", ")));
  }
  if (metric == nullptr) {
    const std::vector<std::string> names = expectable_metrics();
    const auto close = nearest(expectation.metric, names);
    refuse(text, fmt::format("unknown metric '{}'{}; known are {}", expectation.metric,
                             close ? fmt::format(", did you mean '{}'?", *close) : "",
                             fmt::join(names, ", ")));
  }
  const std::vector<std::string> comparisons = {">=", "<=", ">", "<", "=="};
  if (std::find(comparisons.begin(), comparisons.end(), expectation.comparison) ==
      comparisons.end()) {
    refuse(text, fmt::format("unknown comparison '{}'; known are {}", expectation.comparison,
                             fmt::join(comparisons, " ")));
  }
  std::string number = end == std::string::npos ? "" : text.substr(end);
  trim(number);
  const std::optional<double> value = number_in(number);
  if (!value || !std::isfinite(*value)) {
    refuse(text, fmt::format("'{}' is not a number", number));
  }
  expectation.value = *value;
  if (metric->is_share() && (expectation.value < 0.0 || expectation.value > 1.0)) {
    refuse(text,
           fmt::format("{} is between 0 and 1, so {} is always or never met", metric->key, number));
  }
  return expectation;
}

void require_applicable(const std::vector<Expectation>& expectations,
                        const ExperimentConfig& config) {
  for (const Expectation& e : expectations) {
    if (metric_of(e.metric).applies(config)) continue;
    throw Error(
        ExitCode::usage,
        fmt::format("--expect {}: this experiment has no {}", e.metric, metric_of(e.metric).title),
        e.metric == kValidationKey ? "hold training images back: data.validation=5000"
                                   : "name another metric, such as accuracy");
  }
}

std::vector<std::string> missed(const std::vector<Expectation>& expectations,
                                const RunResult& result) {
  std::vector<std::string> sentences;
  for (const Expectation& e : expectations) {
    const std::string wanted = fmt::format("expected {} {} {}", e.metric, e.comparison, e.value);
    if (!result.test) {
      sentences.push_back(wanted + ", but the run has no test result");
      continue;
    }
    const double actual = metric_of(e.metric).value(result).value_or(NAN);
    if (!holds(actual, e.comparison, e.value)) {
      sentences.push_back(fmt::format("{}, got {}", wanted, actual));
    }
  }
  return sentences;
}

}  // namespace mnist_bench
