#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/groups.h"

namespace mnist_bench {

/// A test image that runs of a group got wrong.
struct Mistake {
  std::int64_t index = 0;  ///< in the test file
  std::int64_t truth = 0;
  std::int64_t predicted = 0;  ///< by most of the runs that were wrong, the most confident first
  std::int64_t runs_wrong = 0;
  double confidence = 0.0;  ///< mean softmax of the wrong classes, over the runs that were wrong
  std::string png;          ///< the image's bytes as a PNG file
};

/// Those of one group.
struct Mistakes {
  std::string group;           ///< its label
  ClassNames names;            ///< of its classes
  std::size_t runs = 0;        ///< that completed
  std::vector<Mistake> worst;  ///< by the sum of confidences over all runs, at most `count`
  std::int64_t images = 0;     ///< test images that at least one run got wrong
  /// Why there are none to show: data or predictions that cannot be read, or are not those of the
  /// record. Empty otherwise.
  std::string unavailable;
};

/// How many a page shows of each group.
inline constexpr std::size_t kMistakesShown = 24;

/// Reads the predictions of each group's completed runs and the data set that they name.
std::vector<Mistakes> find_mistakes(const std::vector<RunGroup>& groups,
                                    std::size_t count = kMistakesShown);

}  // namespace mnist_bench
