#include "record/read_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/temporary_folder.h"
#include "record/record_text.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;

TEST(ReadResult, WrittenAgainItIsTheSame) {
  for (const RunStatus status :
       {RunStatus::completed, RunStatus::diverged, RunStatus::interrupted, RunStatus::failed}) {
    const RunResult result = sample_result_of(status);
    EXPECT_EQ(result_text(parse_result(result_text(result))), result_text(result));
  }
}

TEST(ReadResult, NamesTheFileAndWhatIsWrongWithIt) {
  const test::TemporaryFolder folder;
  auto no_timing = to_json(sample_result());
  no_timing.erase("timing");
  auto other_schema = to_json(sample_result());
  other_schema["schema"] = "mnist-bench.result/99";
  const std::pair<std::string, std::string> cases[] = {
      {"{", "line 1, column 2"},
      {"[]", "an object belongs there"},
      {"", "line 1, column 1"},
      {std::string(100, '\0'), "NUL"},
      {test::record_text(no_timing), "it has no timing"},
      {test::record_text(other_schema), "result/99"},
      {to_json(sample_result()).dump(), "it has no sha256"}};
  for (const auto& [text, cause] : cases) {
    write_file_atomically(folder / "result.json", text);
    try {
      read_result(folder.path());
      ADD_FAILURE() << text << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::io);
      EXPECT_THAT(error.what(), HasSubstr((folder / "result.json").string()));
      EXPECT_THAT(error.what(), HasSubstr(cause));
    }
  }
}

TEST(ReadResult, NoticesEveryByteThatIsAnother) {
  const std::string text = result_text(sample_result());
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const int bits : {0x01, 0x03, 0x20}) {
      std::string damaged = text;
      damaged[i] = static_cast<char>(damaged[i] ^ bits);
      EXPECT_THROW(parse_result(damaged), Error) << "byte " << i << ", bits " << bits;
    }
  }
}

TEST(ReadResult, NoticesEveryTruncationAndEveryAddition) {
  const std::string text = result_text(sample_result());
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_THROW(parse_result(text.substr(0, size)), Error) << size << " bytes";
  }
  EXPECT_THROW(parse_result(text + " "), Error);
  EXPECT_THROW(parse_result(text + text), Error);
}

TEST(ReadResult, HashesWhatItDoesNotKnow) {
  auto json = to_json(sample_result());
  json["of a later version"] = {{"x", {1, 2, nullptr}}};
  json["test"]["of a later version"] = {{"share", 0.5}};
  std::string text = test::record_text(json);
  EXPECT_EQ(test::refusal_of_record(text), "it was believed");
  text.replace(text.find("0.5}"), 3, "0.6");
  EXPECT_THAT(test::refusal_of_record(text), HasSubstr("do not match its sha256"));
}

TEST(ReadResult, RefusesDuplicateKeysAndWhatIsNoJson) {
  const std::string text = test::first_record_text(to_json(sample_result()));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    return changed.replace(changed.find(from), from.size(), to);
  };
  EXPECT_THAT(test::refusal_of_record(with(R"("status":)", R"("status": "failed", "status":)")),
              HasSubstr("/status: duplicate key"));
  EXPECT_THAT(
      test::refusal_of_record(with(R"("samples": 10,)", R"("samples": 10, "samples": 10,)")),
      HasSubstr("duplicate key"));
  EXPECT_THAT(test::refusal_of_record(with(R"("samples": 10)", R"("samples": NaN)")),
              HasSubstr("line "));
  EXPECT_THAT(test::refusal_of_record(with(R"("samples": 10)", R"("samples": 1e999)")),
              HasSubstr("number overflow"));
  EXPECT_THAT(test::refusal_of_record(with(R"("schema")", R"(// comment
"schema")")),
              HasSubstr("line 2"));
}

// 0.1.0 ended in SIGSEGV.
TEST(ReadResult, RefusesDeepNesting) {
  constexpr std::size_t kDeep = 52'500;
  const std::string arrays = std::string(kDeep, '[') + std::string(kDeep, ']');
  EXPECT_THAT(test::refusal_of_record(arrays), HasSubstr("nested deeper than 64"));
  auto json = to_json(sample_result());
  json["deep"] = "HERE";
  std::string text = json.dump();
  EXPECT_THAT(test::refusal_of_record(text.replace(text.find("\"HERE\""), 6, arrays)),
              HasSubstr("nested deeper than 64"));
  std::string objects;
  for (std::size_t i = 0; i < kDeep; ++i) objects += R"({"a":)";
  EXPECT_THAT(test::refusal_of_record(objects), HasSubstr("nested deeper than 64"));
}

// Whose every look-up of a key took 0.1.0 time in proportion to their number: 200,000 keys took it
// half a minute, and these would take it months.
TEST(ReadResult, ReadsManyKeysInTimeThatIsNotQuadratic) {
  auto json = to_json(sample_result());
  json["many"] = "HERE";
  std::string many = "{";
  for (int i = 0; i < 1'000'000; ++i) many += '"' + std::to_string(i) + R"(":0,)";
  many.back() = '}';
  std::string text = test::first_record_text(json);
  text.replace(text.find("\"HERE\""), 6, many);
  EXPECT_EQ(test::refusal_of_record(text), "it was believed");
}

// Where each value is told the way to it, a long key costs its length a million times.
TEST(ReadResult, ReadsManyValuesBelowALongKeyInTimeThatIsNotQuadratic) {
  auto json = to_json(sample_result());
  json[std::string(1 << 20, 'k')] = "HERE";
  std::string many = "[";
  for (int i = 0; i < 1'000'000; ++i) many += "[],";
  many.back() = ']';
  std::string text = test::first_record_text(json);
  text.replace(text.find("\"HERE\""), 6, many);
  EXPECT_EQ(test::refusal_of_record(text), "it was believed");
}

TEST(ReadResult, QuotesNoControlCharacterOfTheFile) {
  auto json = to_json(sample_result());
  json["status"] = "\x1b[31m\x07";
  const std::string message = test::refusal_of_record(test::record_text(json));
  EXPECT_THAT(message, HasSubstr("status is"));
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_EQ(message.find('\x07'), std::string::npos);
}

TEST(ReadRuns, NamesARefusedRunAndGoesOnWithTheOthers) {
  const test::TemporaryFolder folder;
  for (const char* name : {"a", "b", "c"}) std::filesystem::create_directory(folder / name);
  write_file_atomically(folder / "a/result.json", result_text(sample_result()));
  write_file_atomically(folder / "b/result.json", std::string(52'500, '['));
  write_file_atomically(folder / "c/result.json", result_text(sample_result("other")));
  const StoredRuns stored = read_runs({folder.path()});
  ASSERT_EQ(stored.runs.size(), 2U);
  EXPECT_EQ(stored.runs[1].result.config.name, "other");
  EXPECT_THAT(stored.unreadable,
              testing::ElementsAre(HasSubstr((folder / "b/result.json").string())));
}

}  // namespace
}  // namespace mnist_bench
