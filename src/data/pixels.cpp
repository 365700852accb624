#include "data/pixels.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "data/dataset.h"

namespace mnist_bench {
namespace {

using Histogram = std::array<std::int64_t, 256>;

/// Several histograms, added up in the end: most pixels are 0, and a processor that counts each in
/// the same place waits for its own last count.
Histogram histogram_of(const std::vector<std::uint8_t>& pixels) {
  constexpr std::size_t kLanes = 8;
  std::array<Histogram, kLanes> lanes{};
  const std::size_t whole = pixels.size() / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) ++lanes[lane][pixels[i + lane]];
  }
  for (std::size_t i = whole; i < pixels.size(); ++i) ++lanes[0][pixels[i]];
  for (std::size_t lane = 1; lane < kLanes; ++lane) {
    for (std::size_t value = 0; value < 256; ++value) lanes[0][value] += lanes[lane][value];
  }
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

double bright_border_of(const ImageSet& set, std::uint8_t largest) {
  const auto rows = static_cast<std::size_t>(set.rows);
  const auto columns = static_cast<std::size_t>(set.columns);
  std::int64_t bright = 0;
  std::int64_t count = 0;
  const auto look = [&](const std::uint8_t* row, std::size_t step) {
    for (std::size_t column = 0; column < columns; column += step) {
      bright += 2 * row[column] > largest ? 1 : 0;
      ++count;
    }
  };
  for (std::size_t row = 0; row < set.labels.size() * rows; ++row) {
    const bool whole = row % rows == 0 || row % rows == rows - 1;
    look(set.pixels.data() + row * columns, whole ? 1 : std::max<std::size_t>(columns - 1, 1));
  }
  return static_cast<double>(bright) / static_cast<double>(count);
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
  summary.bright_border = bright_border_of(set, summary.largest);
  return summary;
}

PixelStatistics normalization_constants(Normalization normalization,
                                        const PixelStatistics& training) {
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
  return training;
}

}  // namespace mnist_bench
