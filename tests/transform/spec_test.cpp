#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/refusal.h"
#include "transform/apply.h"
#include "transform/transform.h"

namespace mnist_bench {
namespace {

using ::testing::HasSubstr;

std::string canonical(std::string_view spec) { return canonical_spec(parse_spec(spec, "test")); }

std::string refusal(std::string_view spec) {
  return refusal_of([&] { parse_spec(spec, "--transform"); });
}

TEST(Spec, HasOneCanonicalForm) {
  EXPECT_EQ(canonical("shift:dy=-1,dx=2"), "shift:dx=2,dy=-1");
  EXPECT_EQ(canonical("shift:dx=0,dy=3"), "shift:dy=3");
  EXPECT_EQ(canonical("identity"), "identity");
  EXPECT_EQ(canonical("identity+shift:dx=1"), "shift:dx=1");
}

TEST(Spec, LeavesOutDefaultsAndWritesTheShortestDecimals) {
  EXPECT_EQ(canonical("elastic:seed=0,sigma=4.0,alpha=8.00"), "elastic:alpha=8");
  EXPECT_EQ(canonical("elastic:seed=3,sigma=2,alpha=8"), "elastic:alpha=8,sigma=2,seed=3");
  EXPECT_EQ(canonical("occlude:seed=0,value=255,size=8"), "occlude:size=8,value=255");
  EXPECT_EQ(canonical("gaussian_noise:sigma=0.10000000000000001"), "gaussian_noise:sigma=0.1");
  EXPECT_EQ(canonical("rotate:degrees=-0"), "rotate:degrees=0");
  EXPECT_EQ(canonical("rotate:degrees=1e-400"), "rotate:degrees=0");
  EXPECT_EQ(canonical("rotate:degrees=-1e-400"), "rotate:degrees=0");
  EXPECT_EQ(canonical("permute_pixels:seed=0+invert"), "permute_pixels+invert");
}

TEST(Spec, OfEveryKindIsReadAsItself) {
  for (const TransformKind& kind : transform_kinds()) {
    std::vector<std::vector<Setting>> points = kind.severities;
    if (kind.type == "permute_pixels") points = {{std::int64_t{0}}, {std::int64_t{5}}};
    if (kind.type == "resize") points = {{std::int64_t{14}, std::int64_t{31}}};
    if (points.empty()) points = {{}};
    for (const std::vector<Setting>& settings : points) {
      const TransformChain chain = {{.type = std::string(kind.type), .settings = settings}};
      EXPECT_EQ(parse_spec(canonical_spec(chain), "test"), chain) << canonical_spec(chain);
      const nlohmann::json json = nlohmann::ordered_json(chain);
      EXPECT_EQ(json.get<TransformChain>(), chain) << canonical_spec(chain);
    }
  }
}

TEST(Spec, TakesBothEndsOfEachRange) {
  for (const char* spec : {"shift:dx=-1024,dy=1024",
                           "rotate:degrees=-360",
                           "rotate:degrees=360",
                           "scale:factor=0.1",
                           "scale:factor=10",
                           "shear:factor=-2",
                           "shear:factor=2",
                           "gaussian_noise:sigma=0",
                           "gaussian_noise:sigma=2,seed=9223372036854775807",
                           "salt_pepper:p=0",
                           "salt_pepper:p=1",
                           "shot_noise:peak=1e-9",
                           "shot_noise:peak=700",
                           "blur:sigma=0.1",
                           "blur:sigma=10",
                           "occlude:size=1,value=0",
                           "occlude:size=28,value=255",
                           "contrast:factor=0",
                           "contrast:factor=4",
                           "brightness:add=-1",
                           "brightness:add=1",
                           "pixelate:size=1",
                           "pixelate:size=28",
                           "quantize:bits=1",
                           "quantize:bits=8",
                           "elastic:alpha=0,sigma=0.1",
                           "elastic:alpha=100,sigma=10",
                           "resize:rows=1,columns=1024"}) {
    EXPECT_NO_THROW(prepare_chain(parse_spec(spec, "test"), {})) << spec;
  }
}

TEST(Spec, RefusesWhatIsOutOfRange) {
  for (const char* spec : {"shift:dx=1025",
                           "shift:dy=-1025",
                           "rotate:degrees=360.001",
                           "rotate:degrees=-361",
                           "rotate:degrees=nan",
                           "rotate:degrees=inf",
                           "rotate:degrees=1e999",
                           "scale:factor=0.099",
                           "scale:factor=10.1",
                           "scale:factor=nan",
                           "shear:factor=2.01",
                           "shear:factor=-2.01",
                           "gaussian_noise:sigma=-0.1",
                           "gaussian_noise:sigma=2.1",
                           "gaussian_noise:sigma=nan",
                           "gaussian_noise:sigma=1,seed=-1",
                           "gaussian_noise:sigma=1,seed=9223372036854775808",
                           "gaussian_noise:sigma=1,seed=1.0",
                           "salt_pepper:p=-0.01",
                           "salt_pepper:p=1.01",
                           "shot_noise:peak=0",
                           "shot_noise:peak=-1",
                           "shot_noise:peak=700.1",
                           "blur:sigma=0.09",
                           "blur:sigma=10.1",
                           "occlude:size=0",
                           "occlude:size=4.0",
                           "occlude:size=4,value=128",
                           "occlude:size=4,value=1",
                           "contrast:factor=-0.1",
                           "contrast:factor=4.1",
                           "brightness:add=1.1",
                           "brightness:add=-1.1",
                           "pixelate:size=0",
                           "quantize:bits=0",
                           "quantize:bits=9",
                           "elastic:alpha=-1",
                           "elastic:alpha=101",
                           "elastic:alpha=8,sigma=0",
                           "elastic:alpha=8,sigma=11",
                           "permute_pixels:seed=-1",
                           "resize:rows=0,columns=1",
                           "resize:rows=1,columns=1025",
                           "rotate:degrees=",
                           "rotate:degrees=ten"}) {
    EXPECT_THAT(refusal(spec), HasSubstr("; allowed: ")) << spec;
  }
  EXPECT_THAT(refusal("shift:dx=+1"), HasSubstr("dx: found \"+1\"; allowed: "));
  EXPECT_THAT(refusal("shift:dx=1+rotate:degrees=+1+invert"), HasSubstr("found \"+1\""));
  EXPECT_THAT(refusal("occlude:size=4,value=128"), HasSubstr("found 128; allowed: 0 or 255"));
  EXPECT_THAT(refusal("shot_noise:peak=0"), HasSubstr("allowed: number > 0 and ≤ 700"));
}

TEST(Spec, RefusesToGuessWhatHasNoDefault) {
  for (const char* spec :
       {"rotate", "scale", "shear", "gaussian_noise:seed=1", "salt_pepper", "shot_noise", "blur",
        "occlude:value=255", "contrast", "brightness", "pixelate", "quantize", "elastic:sigma=4",
        "resize:rows=14", "resize:columns=14"}) {
    EXPECT_THAT(refusal(spec), HasSubstr("missing; allowed: ")) << spec;
  }
}

TEST(Spec, RefusesKeysThatAKindDoesNotHave) {
  EXPECT_THAT(refusal("invert:seed=1"), HasSubstr("it has no settings"));
  EXPECT_THAT(refusal("rotate:degree=1"), HasSubstr("did you mean \"degrees\"?"));
  EXPECT_THAT(refusal("blur:sigma=1,seed=1"), HasSubstr("unknown key of \"blur\""));
}

TEST(Spec, HasAtMost16Transforms) {
  std::string spec = "invert";
  for (int i = 1; i < 16; ++i) spec += "+invert";
  EXPECT_EQ(canonical(spec), spec);
  EXPECT_THAT(refusal(spec + "+invert"), HasSubstr("17 transforms; allowed: at most 16"));
}

TEST(Chain, RefusesImagesThatATransformCannotTake) {
  const auto refused = [](std::string_view spec, ImageShape shape = {}) {
    return refusal_of([&] { prepare_chain(parse_spec(spec, "test"), shape); });
  };
  EXPECT_THAT(refused("occlude:size=29"), HasSubstr("choose a size of at most 28"));
  EXPECT_THAT(refused("occlude:size=8", {.rows = 9, .columns = 7}),
              HasSubstr("a square of 8 × 8 pixels does not fit into images of 9 × 7"));
  EXPECT_THAT(refused("pixelate:size=5"),
              HasSubstr("blocks of 5 × 5 pixels do not fill images of 28 × 28"));
  EXPECT_THAT(refused("pixelate:size=4", {.rows = 28, .columns = 30}),
              HasSubstr("choose a size that divides 28 and 30"));
  // The shape that counts is the one after the transforms before.
  EXPECT_THAT(refused("resize:rows=20,columns=28+pixelate:size=7"), HasSubstr("20 × 28"));
  EXPECT_NO_THROW(
      prepare_chain(parse_spec("resize:rows=21,columns=28+pixelate:size=7", "test"), {}));
}

TEST(TransformsInConfigs, AreAsStrictAsSpecs) {
  const auto problem = [](const char* text) {
    const auto found = problem_in_transforms(nlohmann::json::parse(text));
    return found ? found->where.to_string() + ": " + found->text : "none";
  };
  EXPECT_EQ(problem(R"([{"type": "occlude", "size": 8, "value": 255}])"), "none");
  EXPECT_THAT(problem(R"([{"type": "occlude", "size": 8, "value": 0.0}])"),
              HasSubstr("/0/value: found 0.0"));
  EXPECT_THAT(problem(R"([{"type": "invert"}, {"type": "quantize", "bits": 1.0}])"),
              HasSubstr("/1/bits: found 1.0"));
  EXPECT_THAT(problem(R"([{"type": "rotate", "degrees": "15"}])"), HasSubstr("/0/degrees"));
  EXPECT_THAT(problem(R"([{"type": "rotate", "degrees": true}])"), HasSubstr("/0/degrees"));
  EXPECT_THAT(problem(R"([{"degrees": 15}])"), HasSubstr("/0/type: missing"));
  EXPECT_THAT(problem(R"(["invert"])"), HasSubstr("an object with \"type\""));
}

TEST(IntegerChoice, IsDescribedForPeopleAndPrograms) {
  const IntegerChoice choice{{0, 255}};
  EXPECT_EQ(choice.describe(), "0 or 255");
  EXPECT_EQ(choice.schema().dump(), R"({"type":"integer","enum":[0,255]})");
}

TEST(Spec, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(refusal("shfit:dx=1"), HasSubstr("did you mean \"shift\"?"));
  EXPECT_THAT(refusal("shift:dz=1"), HasSubstr("unknown key of \"shift\" (found 1)"));
  EXPECT_THAT(refusal("shift:dx=1,dx=2"), HasSubstr("'dx' is given twice"));
  EXPECT_THAT(refusal("shift:dx=1.5"), HasSubstr("dx: found 1.5; allowed: integer"));
  EXPECT_THAT(refusal("shift:dx="), HasSubstr("dx: found \"\""));
  EXPECT_THAT(refusal("shift:dx"), HasSubstr("not of the form key=value"));
  EXPECT_THAT(refusal(""), HasSubstr("name is empty"));
  EXPECT_THAT(refusal("shift:dx=1+"), HasSubstr("name is empty"));
}

}  // namespace
}  // namespace mnist_bench
