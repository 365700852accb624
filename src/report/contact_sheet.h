#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "report/evaluations.h"
#include "report/groups.h"
#include "report/test_pictures.h"

namespace mnist_bench {

struct TransformFamily;

/// How many of the runs that tell get a picture right.
struct RightCount {
  std::int64_t right = 0;
  std::int64_t runs = 0;
};

/// Which columns of a row of pictures the runs of a group get right.
struct RightRow {
  std::int64_t image = 0;  ///< its index in the test file
  std::string group;
  std::vector<std::optional<RightCount>> columns;  ///< absent: no run tells
};

/// What the severities of one family of transforms do to some test images: a picture whose rows are
/// images, and whose columns are the image as it is, then after each transform.
struct ContactStrip {
  std::string family;
  std::vector<std::string> columns;  ///< what each column is: "as they are", "15"
  /// For points with several SPECs (directions of a shift): the SPEC that is shown.
  std::vector<std::string> first_of_several;
  Picture picture;
  std::vector<RightRow> right = {};  ///< a row per image and group that tells something
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

/// Its numbers: for each family who gets which picture right.
nlohmann::ordered_json to_json(const ContactSheet& sheet);

}  // namespace mnist_bench
