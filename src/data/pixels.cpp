#include "data/pixels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "data/dataset.h"

namespace mnist_bench {
namespace {

using Histogram = std::array<std::int64_t, 256>;

/// Neighbouring pixels go to different histograms, which are summed at the end: to increment a
/// count twice in a row, a processor must wait for the first increment. Most pixels of MNIST are 0,
/// which are counted eight at a time.
Histogram histogram_of(const std::vector<std::uint8_t>& pixels) {
  constexpr std::size_t kLanes = sizeof(std::uint64_t);
  std::array<Histogram, kLanes> lanes{};
  std::int64_t zeros = 0;
  const std::size_t whole = pixels.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    std::uint64_t together = 0;
    std::memcpy(&together, pixels.data() + i, kLanes);
    if (together == 0) {
      ++zeros;
    } else {
#pragma GCC unroll 8
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        ++lanes[lane][together >> (8 * lane) & 0xFFU];
      }
    }
  }
  for (std::size_t i = whole; i < pixels.size(); ++i) ++lanes[0][pixels[i]];
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    for (std::size_t value = 0; value < 256; ++value) lanes[0][value] += lanes[lane][value];
  }
  lanes[0][0] += zeros * static_cast<std::int64_t>(kLanes);
  return lanes[0];
}

PixelStatistics statistics_of(const Histogram& histogram, std::size_t pixels) {
  const auto count = static_cast<double>(pixels);
  const auto mean_of = [&](const auto& function) {
    double sum = 0.0;
    for (std::size_t value = 0; value < histogram.size(); ++value) {
      sum += static_cast<double>(histogram[value]) * function(static_cast<double>(value) / 255.0);
    }
    return sum / count;
  };
  const double mean = mean_of([](double x) { return x; });
  const double variance = mean_of([&](double x) { return (x - mean) * (x - mean); });
  return {mean, std::sqrt(variance)};
}

/// The lower one of two in the middle.
std::uint8_t median_of(const Histogram& histogram, std::size_t pixels) {
  std::size_t value = 0;
  std::int64_t below = histogram[0];
  while (2 * below < static_cast<std::int64_t>(pixels)) below += histogram.at(++value);
  return static_cast<std::uint8_t>(value);
}

}  // namespace

PixelSummary summarize_pixels(const ImageSet& set) {
  if (set.pixels.empty()) return {};
  const Histogram histogram = histogram_of(set.pixels);
  const auto occurs = [](std::int64_t count) { return count > 0; };
  const auto* const first = std::find_if(histogram.begin(), histogram.end(), occurs);
  const auto last = std::find_if(histogram.rbegin(), histogram.rend(), occurs);
  PixelSummary summary;
  summary.statistics = statistics_of(histogram, set.pixels.size());
  summary.smallest = static_cast<std::uint8_t>(first - histogram.begin());
  summary.largest = static_cast<std::uint8_t>(histogram.rend() - last - 1);
  summary.median = median_of(histogram, set.pixels.size());
  return summary;
}

PixelScaling normalization_constants(Normalization normalization, const PixelStatistics& training) {
  switch (normalization) {
    case Normalization::standardize:
      return {.mean = 0.1307, .sd = 0.3081};  // paper, sec. 3.6
    case Normalization::unit:
      return {.mean = 0.0, .sd = 1.0};
    case Normalization::none:
      return {.mean = 0.0, .sd = 1.0 / 255.0};
    case Normalization::dataset:
      break;
  }
  if (!(training.sd > 0.0)) {
    throw Error(ExitCode::data,
                "all pixels of the training images have the same value: there is no standard "
                "deviation to divide by",
                "use data.normalization=unit, if these are the right images");
  }
  return {.mean = training.mean, .sd = training.sd};
}

}  // namespace mnist_bench
