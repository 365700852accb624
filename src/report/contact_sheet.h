#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/groups.h"
#include "report/test_pictures.h"

namespace mnist_bench {

struct TransformFamily;

/// What the severities of one family of transforms do to some test images: a picture whose rows are
/// images, and whose columns are the image as it is, then after each transform.
struct ContactStrip {
  std::string family;
  std::vector<std::string> columns;  ///< what each column is: "as it is", "15"
  Picture picture;
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

/// Reads the data set of the group's runs. Of a point with several directions the first is shown.
ContactSheet contact_sheet(const RunGroup& group, const std::vector<TransformFamily>& families);

}  // namespace mnist_bench
