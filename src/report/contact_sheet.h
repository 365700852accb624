#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/evaluations.h"
#include "report/groups.h"
#include "report/test_pictures.h"

namespace mnist_bench {

struct TransformFamily;

/// What the severities of one family of transforms do to some test images: a picture whose rows are
/// images, and whose columns are the image as it is, then after each transform.
struct ContactStrip {
  std::string family;
  std::vector<std::string> columns;  ///< what each column is: "as they are", "15"
  /// Of the points with several SPECs, the directions of a shift, the ones that are shown.
  std::vector<std::string> first_of_several;
  Picture picture;
  /// A row per image and group: the image's index, the group, and for each column how many of the
  /// runs get the picture right: "5/6", or "–" where that is not known.
  std::vector<std::vector<std::string>> right = {};
};

struct ContactSheet {
  std::string group;                 ///< label of the one whose test set it shows
  std::vector<std::int64_t> images;  ///< indices in the test file of the rows
  std::vector<ContactStrip> strips;
  /// Why there is none: data that cannot be read, or are not those of the record. Empty otherwise.
  std::string unavailable;
};

/// How many images a sheet shows unless told otherwise, as images_of_each_class() chooses them.
inline constexpr std::size_t kSheetImages = 4;

/// Reads the data set of the first group that has evaluations, of which there is one, and the
/// predictions of all runs. Of a point with several directions the first is shown.
ContactSheet contact_sheet(const std::vector<RunGroup>& groups,
                           const std::vector<TransformFamily>& families,
                           const EvaluationsOfRuns& evaluations);

}  // namespace mnist_bench
