#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evaluate/statistics.h"
#include "record/metric_table.h"

namespace mnist_bench {

/// How many digits after the point an uncertainty supports, by the rule of the Particle Data Group
/// (Review of Particle Physics, Introduction, "Rounding"): of its three leading digits, 100 to 354
/// keep two and 355 to 949 one; 950 to 999 become 1000 and keep two. Negative: 120 has -1.
/// Nothing for 0 and for what is not finite.
std::optional<int> supported_decimals(double uncertainty);

/// The same with a fallback: `otherwise` where there is no uncertainty, or one so small relative to
/// the numbers' magnitude that it is their rounding.
int decimals_for(double uncertainty, double magnitude, int otherwise);

/// `value` rounded to `decimals` digits after the point, or to tens, hundreds … where negative. A
/// rounded 0 has no sign. From 1e15 on three digits and an exponent: "1.23e+30".
std::string rounded(double value, int decimals);

/// The same with a sign, "+0.12"; 0 has none.
std::string signed_text(double value, int decimals);

/// `value` to three significant digits: "0.0625", "12300".
std::string three_digits(double value);

/// A count from 0 to 999 million in at most four characters: "312", "1.2k", "58k", "1.2M".
std::string short_count(std::int64_t count);

/// Digits after the point of a percentage that tell one image of a test set from the next, 100 of
/// 10,000 images from 101: 2 for 10,000, 1 for 200, 0 for 100 and fewer. Further ones say nothing.
int decimals_of_images(std::int64_t images);

/// `usual`, or as many digits after the point as leave two significant ones: 4 for 0.0021 s.
int telling_decimals(double value, int usual);

/// decimals_for(uncertainty, magnitude, metric.decimals) or the telling ones, all in the unit for
/// people; of a share no more than one image of `images` supports, where that number is known.
int metric_decimals(const Metric& metric, double uncertainty, double magnitude,
                    const std::optional<std::int64_t>& images);

/// A share of `images` as a percentage without the sign: "97.81".
std::string percent_of_images(double share, std::int64_t images);

/// A SampleSummary's numbers as text, scaled and all rounded to the same digit: the one that the
/// standard deviation supports, or `Metric::decimals` where there is none (n = 1) or it is 0, and
/// of a share no finer than one of the test images. The interval ends where the metric's values
/// do. "–" for what does not exist.
inline constexpr const char* kDeterministic = "deterministic";
struct SummaryText {
  std::string mean;
  std::string sd;   ///< kDeterministic where there is nothing to scatter
  std::string low;  ///< of the 95 % interval
  std::string high;
  std::string minimum;
  std::string maximum;

  /// "97.81 ± 0.12", "97.81" of one run, "96.91 (deterministic)", "–"
  [[nodiscard]] std::string mean_and_sd() const;
  /// "97.81 ± 0.12 %", "96.91 % (deterministic)"
  [[nodiscard]] std::string mean_and_sd_in(const std::string& unit) const;
  /// "97.51 to 98.11" or "–"
  [[nodiscard]] std::string interval() const;
};
/// `images`: of the test set; nothing where it is not known.
SummaryText summary_text(const SampleSummary& summary, const Metric& metric,
                         const std::optional<std::int64_t>& images);

/// An exact count: "235,146", or "–".
std::string count_text(const std::optional<double>& count);

/// "p = 0.0625": three significant digits; "p < 0.0001" below that.
std::string p_text(double p);

}  // namespace mnist_bench
