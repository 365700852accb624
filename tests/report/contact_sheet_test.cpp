#include "report/contact_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "data/dataset.h"
#include "report/decoded_picture.h"
#include "report/evaluated_runs.h"
#include "report/severity.h"

namespace mnist_bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Of a run on the shipped MNIST.
class ContactSheetTest : public testing::Test {
 protected:
  ContactSheetTest() {
    group_.completed[0].result.data->test.sha256 = shipped().test.sha256;
    evaluate_group(group_, {{"shift:dx=2", {9'000}}, {"shift:dx=4", {8'000}}, {"invert", {2'000}}},
                   evaluations_);
  }

  static const Dataset& shipped() {
    static const Dataset dataset = load_dataset(shipped_mnist());
    return dataset;
  }
  [[nodiscard]] ContactSheet sheet() const {
    return contact_sheet({group_}, transform_families({group_}, evaluations_), evaluations_);
  }

  RunGroup group_ = group_with("mlp", {9'768});
  EvaluationsOfRuns evaluations_;
};

TEST_F(ContactSheetTest, ShowsTheFirstImageOfEachClassAtEachSeverity) {
  const ContactSheet found = sheet();
  EXPECT_EQ(found.unavailable, "");
  EXPECT_THAT(found.images, ElementsAre(3, 2, 1, 18));  // the first 0, 1, 2 and 3 of MNIST
  ASSERT_EQ(found.strips.size(), 2U);
  EXPECT_EQ(found.strips[0].family, "shift");
  EXPECT_THAT(found.strips[0].columns, ElementsAre("as they are", "2 px", "4 px"));
  EXPECT_EQ(found.strips[0].picture.shape.columns, 3 * 28 + 2 * 2);
  EXPECT_EQ(found.strips[0].picture.shape.rows, 4 * 28 + 3 * 2);
}

TEST_F(ContactSheetTest, NamesTheDirectionThatItShowsOfSeveral) {
  EXPECT_THAT(sheet().strips[0].first_of_several, IsEmpty());
  evaluate_group(group_, {{"shift:dy=2", {9'000}}}, evaluations_);
  EXPECT_THAT(sheet().strips[0].columns, ElementsAre("as they are", "2 px", "4 px"));
  EXPECT_THAT(sheet().strips[0].first_of_several, ElementsAre("shift:dx=2"));
}

TEST_F(ContactSheetTest, HasNoSeverityOfATransformWithout) {
  EXPECT_EQ(sheet().strips[1].family, "invert");
  EXPECT_THAT(sheet().strips[1].columns, ElementsAre("as they are", "after it"));
}

TEST_F(ContactSheetTest, HasThePixelsOfTheImageAndOfTheImageMoved) {
  const ContactSheet found = sheet();
  const Picture& picture = found.strips.at(0).picture;
  const std::vector<std::uint8_t> bytes = decoded(picture);
  const std::uint8_t* image = shipped().test.pixels.data() + 2 * 784;  // the second row
  for (std::int64_t r = 0; r < 28; ++r) {
    for (std::int64_t c = 0; c < 28; ++c) {
      const auto line = static_cast<std::size_t>((30 + r) * picture.shape.columns + c);
      EXPECT_EQ(bytes[line], 255 - image[r * 28 + c]);
      EXPECT_EQ(bytes[line + 30], 255 - (c < 2 ? 0 : image[r * 28 + c - 2]));
    }
  }
}

TEST_F(ContactSheetTest, IsUnavailableWhereTheDataAreNotThoseOfTheRecord) {
  group_.completed[0].result.data->test.sha256 = "other";
  EXPECT_THAT(sheet().unavailable, HasSubstr("not the one"));
  EXPECT_THAT(sheet().strips, IsEmpty());
}

}  // namespace
}  // namespace mnist_bench
