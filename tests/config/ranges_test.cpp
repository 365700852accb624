#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/rule.h"
#include "config/config_text.h"
#include "config/read.h"

namespace mnist_bench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct IntegerKey {
  const char* section;
  const char* name;
  const char* smallest;
  const char* largest;
  const char* too_small;
  const char* too_large;
  const char* type = "mlp";
};

class IntegerKeys : public ::testing::TestWithParam<IntegerKey> {
 protected:
  std::string config(std::string_view value) const {
    return config_with(GetParam().section, fmt::format(R"("{}": {})", GetParam().name, value),
                       GetParam().type);
  }
};

TEST_P(IntegerKeys, AcceptBothEndsOfTheirRangeAndNothingBeyond) {
  EXPECT_NO_THROW(parse(config(GetParam().smallest)));
  EXPECT_NO_THROW(parse(config(GetParam().largest)));
  EXPECT_THAT(
      config_refusal(config(GetParam().too_small)),
      HasSubstr(fmt::format("/{}: found {}; allowed: integer {} to {}", GetParam().name,
                            GetParam().too_small, GetParam().smallest, GetParam().largest)));
  EXPECT_THAT(config_refusal(config(GetParam().too_large)), HasSubstr("allowed: integer"));
}

TEST_P(IntegerKeys, RejectWhatIsNotAnInteger) {
  for (const char* value :
       {"3.9", "3.0", "1e3", "1E0", "-0.5", "true", "false", "\"3\"", "[3]", "{}",
        "18446744073709551615", "18446744073709551616", "-9223372036854775808", "1e300"}) {
    EXPECT_THAT(config_refusal(config(value)), HasSubstr("allowed: integer"));
  }
  for (const char* value : {"NaN", "Infinity", "1e400", "03", "0x3"}) {
    EXPECT_THAT(config_refusal(config(value)), StartsWith("test.json: line 1, column"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    ExperimentConfig, IntegerKeys,
    ::testing::Values(IntegerKey{"", "seed", "0", "9223372036854775807", "-1",
                                 "9223372036854775808"},
                      IntegerKey{"", "threads", "1", "1024", "0", "1025"},
                      IntegerKey{"data", "train_limit", "1", "4294967295", "0", "4294967296"},
                      IntegerKey{"data", "test_limit", "1", "4294967295", "0", "4294967296"},
                      IntegerKey{"data", "validation", "1", "4294967295", "0", "4294967296"},
                      IntegerKey{"training", "steps", "1", "1000000000", "0", "1000000001"},
                      IntegerKey{"training", "evaluate_every", "1", "100000", "0", "100001"},
                      IntegerKey{"model", "conv1_channels", "1", "4096", "0", "4097", "cnn"},
                      IntegerKey{"model", "conv2_channels", "1", "4096", "0", "4097", "cnn"},
                      IntegerKey{"model", "hidden", "1", "65536", "0", "65537", "cnn"},
                      IntegerKey{"training", "epochs", "1", "100000", "0", "100001"},
                      IntegerKey{"training", "batch_size", "1", "1048576", "0", "1048577"}),
    [](const auto& parameter) {
      return std::string(parameter.param.section) + "_" + parameter.param.name;
    });

struct NumberKey {
  const char* section;
  const char* name;
  std::vector<const char*> good;
  std::vector<const char*> bad;
  const char* type = "mlp";
};

class NumberKeys : public ::testing::TestWithParam<NumberKey> {
 protected:
  std::string config(std::string_view value) const {
    return config_with(GetParam().section, fmt::format(R"("{}": {})", GetParam().name, value),
                       GetParam().type);
  }
};

TEST_P(NumberKeys, AcceptBothEndsOfTheirRangeAndNothingBeyond) {
  for (const char* value : GetParam().good) EXPECT_NO_THROW(parse(config(value))) << value;
  for (const char* value : GetParam().bad) {
    EXPECT_THAT(config_refusal(config(value)), HasSubstr("allowed: number"));
  }
}

TEST_P(NumberKeys, RejectWhatIsNotANumber) {
  for (const char* value : {"true", "\"0.5\"", "null", "[0.5]", "{}"}) {
    EXPECT_THAT(config_refusal(config(value)), HasSubstr(fmt::format("found {}", value)));
  }
  for (const char* value : {"NaN", "-Infinity", "1e400", "-1e400", ".5"}) {
    EXPECT_THAT(config_refusal(config(value)), StartsWith("test.json: line 1, column"));
  }
}

const std::vector<const char*> kInUnit = {"0", "0.0", "-0.0", "0.9999999999999999"};
const std::vector<const char*> kNotInUnit = {"1", "1.0", "-1e-300", "2", "18446744073709551616"};
const std::vector<const char*> kPositive = {"1", "5e-324", "1.7e308"};
const std::vector<const char*> kNotPositive = {"0", "0.0", "-0.0", "-1", "1e-400"};

INSTANTIATE_TEST_SUITE_P(
    ExperimentConfig, NumberKeys,
    ::testing::Values(NumberKey{"model", "dropout", kInUnit, kNotInUnit},
                      NumberKey{"model", "dropout", kInUnit, kNotInUnit, "cnn"},
                      NumberKey{"model", "dropout2d", kInUnit, kNotInUnit, "cnn"},
                      NumberKey{"optimizer", "learning_rate", kPositive, kNotPositive},
                      NumberKey{"optimizer", "beta1", kInUnit, kNotInUnit},
                      NumberKey{"optimizer", "beta2", kInUnit, kNotInUnit},
                      NumberKey{"optimizer", "epsilon", kPositive, kNotPositive},
                      NumberKey{"optimizer", "weight_decay", {"0", "1.7e308"}, {"-1e-300", "-1"}}),
    [](const auto& parameter) {
      return fmt::format("{}_{}_{}", parameter.param.section, parameter.param.name,
                         parameter.param.type);
    });

TEST(ExperimentConfig, BoundsTheListOfHiddenLayers) {
  const auto hidden = [](std::string_view list) {
    return config_with("model", fmt::format(R"("hidden": {})", list));
  };
  for (const char* list : {"[1]", "[65536]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"}) {
    EXPECT_NO_THROW(parse(hidden(list)));
  }
  for (const char* list : {"[]", "[0]", "[65537]", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "[1,2.0]",
                           "[true]", "[null]", "[[1]]", "[\"1\"]", "null", "{}"}) {
    EXPECT_THAT(config_refusal(hidden(list)),
                HasSubstr(fmt::format("/model/hidden: found {}; allowed: list of 1 to 16 integers, "
                                      "each 1 to 65536",
                                      list)));
  }
}

TEST(ExperimentConfig, AcceptsNullOnlyWhereAKeyIsOptional) {
  for (const char* key : {"name", "seed", "device", "output"}) {
    EXPECT_THAT(config_refusal(config_with("", fmt::format(R"("{}": null)", key))),
                HasSubstr("found null"));
  }
  for (const char* key : {"epochs", "batch_size", "engine"}) {
    EXPECT_THAT(config_refusal(config_with("training", fmt::format(R"("{}": null)", key))),
                HasSubstr("found null"));
  }
  for (const char* key : {"dataset", "normalization"}) {
    EXPECT_THAT(config_refusal(config_with("data", fmt::format(R"("{}": null)", key))),
                HasSubstr("found null"));
  }
}

TEST(ExperimentConfig, AcceptsOnlyNamesThatAreOneFolder) {
  const auto named = [](std::string_view name) {
    return config_with("", fmt::format(R"("name": "{}")", name));
  };
  for (const std::string& name : {std::string("a"), std::string("A-b_c.9"), std::string("-"),
                                  std::string("a.."), std::string(100, 'x')}) {
    EXPECT_EQ(parse(named(name)).name, name);
  }
  for (const std::string& name :
       {std::string(""), std::string("../x"), std::string("/abs"), std::string("."),
        std::string(".."), std::string(".x"), std::string("a/b"), std::string("a b"),
        std::string("ü"), std::string("a\\n"), std::string("a\\u0000b"), std::string(101, 'x'),
        std::string(1'000'000, 'x'), std::string("{seed}")}) {
    EXPECT_THAT(config_refusal(named(name)), HasSubstr("test.json: /name:"));
  }
}

TEST(ExperimentConfig, AcceptsOnlyKnownDevices) {
  for (const char* device : {"auto", "cpu", "cuda", "cuda:0", "cuda:10", "cuda:999"}) {
    EXPECT_EQ(parse(config_with("", fmt::format(R"("device": "{}")", device))).device, device);
  }
  for (const char* device : {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:01", "cuda:1000", "cuda:x",
                             "cpu:0", " cpu", "cpu\\n", "mps"}) {
    EXPECT_THAT(config_refusal(config_with("", fmt::format(R"("device": "{}")", device))),
                HasSubstr("/device: found"));
  }
}

TEST(ExperimentConfig, AcceptsOnlyKnownPlaceholdersInOutput) {
  const auto output = [](std::string_view text) {
    return config_with("", fmt::format(R"("output": "{}")", text));
  };
  for (const std::string& text :
       {std::string("x"), std::string("/a/../b c"), std::string("{seed}{name}{seed}"),
        std::string("ü/{name}"), std::string(4'096, 'x')}) {
    EXPECT_EQ(parse(output(text)).output, text);
  }
  for (const std::string& text :
       {std::string(""), std::string("{nam}"), std::string("{}"), std::string("{name"),
        std::string("name}"), std::string("{{name}}"), std::string("{ name }"),
        std::string("{se{name}ed}"), std::string("{seed}}"), std::string("a\\u0000b"),
        std::string(4'097, 'x'), std::string(500'000, 'x')}) {
    EXPECT_THAT(config_refusal(output(text)), HasSubstr("test.json: /output:"));
  }
}

TEST(ExperimentConfig, RefusesAnEmptyOrOverlongDataDirectory) {
  const auto directory = [](std::string_view text) {
    return config_with("data", fmt::format(R"("directory": "{}")", text));
  };
  EXPECT_NO_THROW(parse(directory("{x}")));
  EXPECT_NO_THROW(parse(directory(std::string(4'096, 'x'))));
  EXPECT_THAT(config_refusal(directory("")), HasSubstr("/data/directory: found \"\""));
  EXPECT_THAT(config_refusal(directory(std::string(4'097, 'x'))),
              HasSubstr("/data/directory: found"));
}

TEST(ExperimentConfig, AsksForTheDirectoryOfADataSetThatDoesNotShip) {
  EXPECT_THAT(
      config_refusal(config_with("data", R"("dataset": "kmnist")")),
      AllOf(StartsWith("test.json: /data/dataset: found \"kmnist\""), HasSubstr("data.directory")));
  EXPECT_NO_THROW(parse(config_with("data", R"("dataset": "kmnist", "directory": "x")")));
  EXPECT_THAT(config_refusal(config_with("data", R"("dataset": "../x", "directory": "x")")),
              HasSubstr("/data/dataset"));
}

}  // namespace
}  // namespace mnist_bench
