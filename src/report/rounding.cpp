#include "report/rounding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace mnist_bench {
namespace {

/// Deviations below this share of the numbers are the rounding of sums, not of data.
constexpr double kNoise = 1e-12;

/// Beyond this, digits are no longer exact, and fill the line: the loss before a run diverges may
/// be 1e30.
constexpr double kTooLongToPrint = 1e15;

}  // namespace

std::optional<int> supported_decimals(double uncertainty) {
  if (!std::isfinite(uncertainty) || uncertainty <= 0.0) return std::nullopt;
  const int exponent = static_cast<int>(std::floor(std::log10(uncertainty)));
  const double leading = std::round(uncertainty * std::pow(10.0, 2 - exponent));
  return leading <= 354.0 ? 1 - exponent : -exponent;
}

int decimals_for(double uncertainty, double magnitude, int otherwise) {
  if (uncertainty <= kNoise * std::abs(magnitude)) return otherwise;
  return supported_decimals(uncertainty).value_or(otherwise);
}

std::string rounded(double value, int decimals) {
  if (std::isfinite(value) && std::abs(value) >= kTooLongToPrint) {
    return fmt::format("{:.2e}", value);
  }
  std::string text;
  if (decimals < 0) {
    const double step = std::pow(10.0, -decimals);
    text = fmt::format("{:.0f}", std::round(value / step) * step);
  } else {
    text = fmt::format("{:.{}f}", value, decimals);
  }
  const bool zero = text.find_first_not_of("-0.") == std::string::npos;
  return zero && text.front() == '-' ? text.substr(1) : text;
}

std::string signed_text(double value, int decimals) {
  const std::string text = rounded(value, decimals);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return zero || text.front() == '-' ? text : "+" + text;
}

std::string three_digits(double value) {
  if (!std::isfinite(value) || value == 0.0) return rounded(value, 0);
  return rounded(value, 2 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
}

std::string SummaryText::mean_and_sd() const {
  if (sd == kDeterministic) return fmt::format("{} ({})", mean, sd);
  return sd == kAbsent ? mean : fmt::format("{} ± {}", mean, sd);
}

std::string SummaryText::mean_and_sd_in(const std::string& unit) const {
  if (sd == kDeterministic) return fmt::format("{} {} ({})", mean, unit, sd);
  return fmt::format("{} {}", mean_and_sd(), unit);
}

std::string SummaryText::interval() const {
  return low == kAbsent ? low : fmt::format("{} to {}", low, high);
}

std::string short_count(std::int64_t count) {
  if (count < 1'000) return std::to_string(count);
  const auto value = static_cast<double>(count);
  constexpr double kTwoDigits = 9.95;  // from here on one digit after the point rounds to 10.0
  constexpr double kThousand = 1e3;
  constexpr double kMillion = 1e6;
  const bool millions = value >= kMillion - kThousand / 2;
  const double scaled = value / (millions ? kMillion : kThousand);
  return rounded(scaled, scaled < kTwoDigits ? 1 : 0) + (millions ? "M" : "k");
}

int decimals_of_images(std::int64_t images) {
  int decimals = 0;
  for (std::int64_t told_apart = 100; told_apart < images; told_apart *= 10) ++decimals;
  return decimals;
}

int telling_decimals(double value, int usual) {
  if (!std::isfinite(value) || value == 0.0) return usual;
  return std::max(usual, 1 - static_cast<int>(std::floor(std::log10(std::abs(value)))));
}

int metric_decimals(const Metric& metric, double uncertainty, double magnitude,
                    const std::optional<std::int64_t>& images) {
  const int decimals =
      decimals_for(uncertainty, magnitude, telling_decimals(magnitude, metric.decimals));
  return metric.is_share() && images ? std::min(decimals, decimals_of_images(*images)) : decimals;
}

std::string percent_of_images(double share, std::int64_t images) {
  return rounded(100.0 * share, std::min(2, decimals_of_images(images)));
}

SummaryText summary_text(const SampleSummary& summary, const Metric& metric,
                         const std::optional<std::int64_t>& images) {
  const int decimals = metric_decimals(metric, summary.sd.value_or(0.0) * metric.scale(),
                                       summary.mean.value_or(0.0) * metric.scale(), images);
  const auto text = [&](const std::optional<double>& value) {
    return value ? rounded(*value * metric.scale(), decimals) : std::string(kAbsent);
  };
  SummaryText result{
      .mean = text(summary.mean),
      .sd = summary.is_deterministic && summary.mean ? kDeterministic : text(summary.sd),
      .low = kAbsent,
      .high = kAbsent,
      .minimum = text(summary.minimum),
      .maximum = text(summary.maximum)};
  if (summary.ci95) {
    const Interval possible = within_range(*summary.ci95, metric);
    result.low = text(possible.low);
    result.high = text(possible.high);
  }
  return result;
}

std::string count_text(const std::optional<double>& count) {
  return count ? with_commas(std::llround(*count)) : std::string(kAbsent);
}

std::string p_text(double p) {
  if (p < 0.0001) return "p < 0.0001";
  if (p > 0.9995) return "p = 1";
  return "p = " + three_digits(p);
}

}  // namespace mnist_bench
