#include "record/evaluation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "config/write.h"
#include "record/seal.h"
#include "record/test_record.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kHash(64, 'a');

/// Three images of classes 0, 1, 1; the last is taken for 0.
Evaluation some_evaluation() {
  const Predictions predictions{.classes = {0, 1, 0},
                                .probabilities = {0.9F, 0.75F, 0.5F},
                                .class_probabilities = {0.9F, 0.1F, 0.25F, 0.75F, 0.5F, 0.5F},
                                .loss = 0.4};
  Evaluation evaluation;
  evaluation.run = {.config_hash = config_hash(ExperimentConfig{}),
                    .seed = 3,
                    .parameters_sha256 = kHash,
                    .engine = "native"};
  evaluation.engine = "libtorch";
  evaluation.transform = parse_spec("rotate:degrees=15+shift:dx=1", "test");
  evaluation.data = {.dataset = "mnist", .samples = 3, .sha256 = kHash};
  evaluation.test = test_record(predictions, {0, 1, 1}, 2);
  evaluation.against_clean = {.accuracy_change = -1.0 / 3.0,
                              .right_to_wrong = 1,
                              .wrong_to_right = 0,
                              .right_to_wrong_images = {{17}},
                              .wrong_to_right_images = {{}}};
  return evaluation;
}

std::string refusal_of(const std::string& text) {
  try {
    parse_evaluation(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

/// `evaluation_text` with one change, sealed again.
std::string forged(const std::string& before, const std::string& after) {
  std::string text = evaluation_text(some_evaluation());
  const std::size_t at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  text.replace(at, before.size(), after);
  const std::size_t seal = text.rfind("\"sha256\": \"") + 11;
  text.replace(seal, kNoHash.size(), kNoHash);
  return sealed(text, seal);
}

TEST(Evaluation, IsReadAsItWasWritten) {
  const std::string text = evaluation_text(some_evaluation());
  EXPECT_EQ(evaluation_text(parse_evaluation(text)), text);
  Evaluation plain = some_evaluation();
  plain.transform = {};
  plain.suite = "quick";
  plain.against_clean.reset();
  plain.probabilities_sha256 = kHash;
  const std::string second = evaluation_text(plain);
  EXPECT_EQ(evaluation_text(parse_evaluation(second)), second);
  Evaluation older = some_evaluation();
  older.against_clean->right_to_wrong_images.reset();
  older.against_clean->wrong_to_right_images.reset();
  const std::string third = evaluation_text(older);
  EXPECT_THAT(third, Not(HasSubstr("_images")));
  EXPECT_EQ(evaluation_text(parse_evaluation(third)), third);
}

TEST(Evaluation, IsRefusedWithAnyByteChanged) {
  const std::string text = evaluation_text(some_evaluation());
  for (std::size_t i = 0; i < text.size(); i += 7) {
    std::string changed = text;
    changed[i] = changed[i] == '1' ? '2' : '1';
    EXPECT_THROW(parse_evaluation(changed), Error) << i;
  }
  EXPECT_THROW(parse_evaluation(text.substr(0, text.size() / 2)), Error);
}

TEST(Evaluation, IsRefusedWhereItContradictsItself) {
  EXPECT_THAT(refusal_of(forged("\"samples\": 3", "\"samples\": 4")), HasSubstr("data.samples"));
  EXPECT_THAT(refusal_of(forged("\"right_to_wrong\": 1", "\"right_to_wrong\": 2")),
              HasSubstr("against_clean.accuracy_change"));
  EXPECT_THAT(refusal_of(forged("17\n", "17,\n18\n")), HasSubstr("right_to_wrong_images has 2"));
  EXPECT_THAT(refusal_of(forged("\"degrees\": 15.0", "\"degrees\": 1500.0")),
              HasSubstr("transform/0/degrees"));
  EXPECT_THAT(refusal_of(forged("\"shift\"", "\"shfit\"")), HasSubstr("did you mean"));
  EXPECT_THAT(refusal_of(forged("mnist-bench.evaluation/1", "mnist-bench.evaluation/2")),
              HasSubstr("schema"));
}

TEST(Evaluation, IsNamedAfterItsTransform) {
  const auto file_name = [](const char* spec, std::optional<Engine> engine = {}) {
    return evaluation_file("run", "test", parse_spec(spec, "test"), engine).string();
  };
  EXPECT_EQ(file_name("identity"), "run/evaluations/test/identity.json");
  EXPECT_EQ(file_name("shift:dy=2", Engine::native), "run/evaluations/test/shift~dy=2.native.json");
  std::string longest;
  for (int i = 0; i < 16; ++i) longest += fmt::format("{}shift:dx={}", i == 0 ? "" : "+", 100 + i);
  std::string canonical = longest;
  std::replace(canonical.begin(), canonical.end(), ':', '~');
  EXPECT_EQ(file_name(longest.c_str()),
            fmt::format("run/evaluations/test/{}-{}.json", canonical.substr(0, 180),
                        sha256_hex(canonical).substr(0, 12)));
}

TEST(Evaluation, OfAnotherModelIsUnusable) {
  const test::TemporaryFolder folder;
  const Evaluation evaluation = some_evaluation();
  const auto file = evaluation_file(folder.path(), "test", evaluation.transform, Engine::libtorch);
  create_folders(file.parent_path());
  write_file_atomically(file, evaluation_text(evaluation));
  RunResult result;
  result.parameters_sha256 = kHash;
  EXPECT_EQ(read_evaluations(folder.path(), result).evaluations.size(), 1U);
  EXPECT_EQ(read_evaluations(folder.path(), result).evaluations.front().data, "test");
  result.parameters_sha256 = std::string(64, 'b');
  const StoredEvaluations stored = read_evaluations(folder.path(), result);
  EXPECT_TRUE(stored.evaluations.empty());
  ASSERT_EQ(stored.unusable.size(), 1U);
  EXPECT_EQ(stored.unusable.front().file, file);
  EXPECT_THAT(stored.unusable.front().why, HasSubstr("another model"));
  // k-NN and SVM have no parameters to tell them apart.
  result.parameters_sha256 = kHash;
  result.config.data.train_limit = 100;
  EXPECT_TRUE(read_evaluations(folder.path(), result).evaluations.empty());
  remove_evaluations(folder.path());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "evaluations"));
}

TEST(Evaluation, UnderTheNameOfAnotherIsUnusable) {
  const test::TemporaryFolder folder;
  const auto file = evaluation_file(folder.path(), "test", {}, Engine::libtorch);
  create_folders(file.parent_path());
  write_file_atomically(file, evaluation_text(some_evaluation()));
  RunResult result;
  result.parameters_sha256 = kHash;
  const StoredEvaluations stored = read_evaluations(folder.path(), result);
  EXPECT_TRUE(stored.evaluations.empty());
  ASSERT_EQ(stored.unusable.size(), 1U);
  EXPECT_THAT(stored.unusable.front().why,
              HasSubstr("evaluations/test/rotate~degrees=15+shift~dx=1.libtorch.json"));
}

}  // namespace
}  // namespace mnist_bench
