#include "record/read_predictions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "base/sha256.h"
#include "base/temporary_folder.h"
#include "record/result_json.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;

constexpr const char* kHeader = "index,true,predicted,probability\n";

std::string file_of(const std::string& lines) { return fmt::format("{}{}", kHeader, lines); }

std::string refusal_of_predictions(const std::string& text) {
  try {
    parse_predictions(text, "p.csv");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    EXPECT_FALSE(error.remedy().empty());
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

TEST(ReadPredictions, GivesBackWhatWasWritten) {
  const std::vector<Prediction> written = {
      {9, 1, 1, 0.70063806F}, {0, 9, 4, 1.0F}, {5, 0, 2, 1e-7F}};
  const auto read = parse_predictions(predictions_csv(written), "p.csv");
  ASSERT_EQ(read.size(), 3U);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].index, written[i].index);
    EXPECT_EQ(read[i].truth, written[i].truth);
    EXPECT_EQ(read[i].predicted, written[i].predicted);
    EXPECT_EQ(read[i].probability, written[i].probability);
  }
}

TEST(ReadPredictions, KeepTheSecondClass) {
  const std::vector<Prediction> written = {
      {.index = 9, .truth = 1, .predicted = 1, .probability = 0.7F, .second = {{7, 0.2F}}},
      {.index = 0, .truth = 9, .predicted = 4, .probability = 1.0F, .second = {{0, 0.0F}}}};
  const std::string text = predictions_csv(written);
  EXPECT_EQ(text,
            "index,true,predicted,probability,second,second_probability\n"
            "9,1,1,0.7,7,0.2\n0,9,4,1,0,0\n");
  const auto read = parse_predictions(text, "p.csv");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].second, (ClassProbability{.label = 7, .probability = 0.2F}));
  EXPECT_EQ(read[1].second, (ClassProbability{.label = 0, .probability = 0.0F}));
  const std::string header = text.substr(0, text.find('\n') + 1);
  for (const char* line : {"1,2,3,0.5\n", "1,2,3,0.5,4\n", "1,2,3,0.5,-4,0.1\n",
                           "1,2,3,0.5,4,1.1\n", "1,2,3,0.5,4,0.1,\n", "1,2,3,0.5,,0.1\n"}) {
    EXPECT_THAT(refusal_of_predictions(header + line), HasSubstr("p.csv, line 2")) << line;
  }
}

TEST(ReadPredictions, RefusesAnotherHeaderAndAnEmptyFile) {
  EXPECT_THAT(
      refusal_of_predictions("index;true;predicted;probability\n0;1;1;0.5\n"),
      HasSubstr("p.csv, line 1: expected the header 'index,true,predicted,probability,second,"));
  EXPECT_THAT(refusal_of_predictions("0,1,1,0.5\n"), HasSubstr("line 1"));
  EXPECT_THAT(refusal_of_predictions(fmt::format("\xEF\xBB\xBF{}", kHeader)),
              HasSubstr("found '\xEF\xBB\xBFindex"));
  EXPECT_THAT(refusal_of_predictions(""), HasSubstr("there is no prediction"));
  EXPECT_THAT(refusal_of_predictions(kHeader), HasSubstr("there is no prediction"));
}

TEST(ReadPredictions, RefusesAFileThatIsCutShort) {
  EXPECT_THAT(refusal_of_predictions(file_of("0,1,1,0.5\n1,2,2,0.")),
              HasSubstr("line 3: it ends without a line feed"));
}

TEST(ReadPredictions, RefusesEveryLineThatIsNotFourPlainNumbers) {
  for (const char* line : {"",
                           "0,1,1",
                           "0,1,1,0.5,9",
                           "0,1,1,0.5,",
                           "a,1,1,0.5",
                           "-1,1,1,0.5",
                           "0,-1,1,0.5",
                           "0,1,-1,0.5",
                           "0,1,1,-0.1",
                           "0,1,1,1.5",
                           "0,1,1,nan",
                           "0,1,1,inf",
                           "0,1,1,",
                           "0,1,1,0.5x",
                           " 0,1,1,0.5",
                           "0, 1,1,0.5",
                           "0,1,1,0.5 ",
                           "0,1,1,0.5\r",
                           "+0,1,1,0.5",
                           "0x1,1,1,0.5",
                           "1.0,1,1,0.5",
                           "99999999999999999999,1,1,0.5",
                           "\"0\",1,1,0.5",
                           ",,,"}) {
    EXPECT_THAT(refusal_of_predictions(file_of(fmt::format("{}\n", line))),
                HasSubstr("p.csv, line 2"))
        << line;
  }
}

TEST(ReadPredictions, RefusesAnImageThatIsThereTwice) {
  EXPECT_THAT(refusal_of_predictions(file_of("3,1,1,0.5\n4,1,1,0.5\n3,1,1,0.5\n")),
              HasSubstr("line 4: image 3 occurs twice"));
}

TEST(ReadPredictions, ShowsALongOrBinaryLineShortened) {
  const std::string message =
      refusal_of_predictions(file_of(fmt::format("{}\n", std::string(500, '\x1b'))));
  EXPECT_LT(message.size(), 300U);
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
}

TEST(ReadPredictions, NamesAMissingFile) {
  const test::TemporaryFolder folder;
  try {
    read_predictions(folder.path());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    EXPECT_THAT(error.what(), HasSubstr((folder / "predictions.csv").string()));
  }
  std::ofstream(folder / "predictions.csv") << kHeader << "0,1,1,0.5\n";
  EXPECT_EQ(read_predictions(folder.path()).size(), 1U);
}

TEST(ReadPredictions, RefusesThoseOfAnotherRecord) {
  const test::TemporaryFolder folder;
  RunResult result = sample_result();
  result.test->confusion = {{1, 1}, {0, 1}};
  const auto refusal = [&](const std::string& lines) -> std::string {
    std::ofstream(folder / "predictions.csv") << kHeader << lines;
    try {
      read_predictions(folder.path(), result);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::io);
      EXPECT_THAT(error.what(), HasSubstr((folder / "predictions.csv").string()));
      EXPECT_FALSE(error.remedy().empty());
      return error.what();
    }
    return "none";
  };
  const std::string lines = "0,0,0,0.5\n1,0,1,0.75\n2,1,1,1\n";
  result.predictions_sha256.reset();  // as in a record of 0.1.0
  EXPECT_EQ(refusal(lines), "none");
  EXPECT_THAT(refusal("0,0,0,0.5\n1,0,0,0.75\n2,1,1,1\n"), HasSubstr("confusion matrix counts"));
  EXPECT_THAT(refusal("0,0,0,0.5\n1,0,7,0.75\n2,1,1,1\n"), HasSubstr("has class 7"));
  result.predictions_sha256 = sha256_hex(kHeader + lines);
  EXPECT_EQ(refusal(lines), "none");
  EXPECT_THAT(refusal("0,0,0,0.5\n1,0,1,0.76\n2,1,1,1\n"), HasSubstr("predictions_sha256"));
  result.status = RunStatus::interrupted;  // whose record may be older than the file
  EXPECT_EQ(refusal("0,0,0,0.5\n"), "none");
}

}  // namespace
}  // namespace mnist_bench
