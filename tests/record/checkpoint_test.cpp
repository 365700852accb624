#include "record/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "record/sample_result.h"

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::Throws;

const std::vector<NamedTensor> kTensors = {
    {.name = "fc1.weight", .shape = {2, 3}, .values = {1, -2, 3.5F, 0, 1e-30F, 6}},
    {.name = "fc1.bias", .shape = {2}, .values = {0.1F, 0.2F}}};

Checkpoint sample_checkpoint() {
  const RunResult result = sample_result();
  return {.config_hash = std::string(64, 'a'),
          .seed = 7,
          .engine = "libtorch",
          .data_sha256 = "dd",
          .state = {.epoch = 2,
                    .step = 8,
                    .parameters = kTensors,
                    .first_moments = kTensors,
                    .second_moments = kTensors},
          .epochs = result.epochs,
          .resumed_after = {1},
          .load_seconds = 0.1,
          .total_seconds = 1.0 / 3.0};
}

TEST(Safetensors, ReadBackIsWhatWasWritten) {
  const Safetensors content{.tensors = kTensors, .metadata = {{"format", "pt"}}};
  const Safetensors read = parse_safetensors(safetensors_bytes(content));
  EXPECT_EQ(read.tensors, content.tensors);
  EXPECT_EQ(read.metadata, content.metadata);
}

TEST(Safetensors, ValuesStartAtAMultipleOfEightBytes) {
  const std::string bytes = safetensors_bytes({.tensors = kTensors, .metadata = {}});
  EXPECT_EQ((bytes.size() - (6 + 2) * sizeof(float)) % 8, 0U);
}

TEST(Safetensors, RefusesGapsOverlapsAndImpossibleShapes) {
  const auto file = [](std::string header, std::size_t values) {
    std::string bytes(8, '\0');
    bytes[0] = static_cast<char>(header.size());
    return bytes + header + std::string(4 * values, '\0');
  };
  const auto message = [](const std::string& text) {
    return Throws<Error>(testing::Property(&Error::what, HasSubstr(text)));
  };
  const auto parse = [](const std::string& bytes) { return [bytes] { parse_safetensors(bytes); }; };
  EXPECT_THAT(parse(file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 2)),
              message("not where it should be"));
  EXPECT_THAT(parse(file(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 2)),
              message("behind the last tensor"));
  EXPECT_THAT(parse(file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 1)),
              message("do not fit its shape"));
  EXPECT_THAT(parse(file(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 1)),
              message("impossible shape"));
  EXPECT_THAT(
      parse(
          file(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 1)),
      message("impossible shape"));
  EXPECT_THAT(parse(file(R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", 1)),
              message("not float32"));
  EXPECT_THAT(parse(file(R"({"a":1})", 0)), message("header is damaged"));
  EXPECT_THAT(parse("abc"), message("truncated"));
}

TEST(Checkpoint, ReadBackIsWhatWasWritten) {
  const Checkpoint written = sample_checkpoint();
  const Checkpoint read = parse_checkpoint(checkpoint_bytes(written));
  EXPECT_EQ(read.config_hash, written.config_hash);
  EXPECT_EQ(read.seed, written.seed);
  EXPECT_EQ(read.engine, written.engine);
  EXPECT_EQ(read.data_sha256, written.data_sha256);
  EXPECT_EQ(read.state.epoch, 2);
  EXPECT_EQ(read.state.step, 8);
  EXPECT_EQ(read.state.parameters, kTensors);
  EXPECT_EQ(read.state.first_moments, kTensors);
  EXPECT_EQ(read.state.second_moments, kTensors);
  ASSERT_EQ(read.epochs.size(), 2U);
  EXPECT_EQ(read.epochs[1].train_loss, written.epochs[1].train_loss);
  EXPECT_EQ(read.resumed_after, written.resumed_after);
  EXPECT_EQ(read.total_seconds, written.total_seconds);
}

TEST(Checkpoint, AnyFlippedByteIsFound) {
  const std::string bytes = checkpoint_bytes(sample_checkpoint());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int bit : {0x01, 0x20, 0x80}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ bit);
      EXPECT_THROW(parse_checkpoint(damaged), Error) << "byte " << i << ", bit " << bit;
    }
  }
}

TEST(Checkpoint, AnyTruncationAndAnyAdditionIsFound) {
  const std::string bytes = checkpoint_bytes(sample_checkpoint());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(parse_checkpoint(bytes.substr(0, size)), Error) << size << " bytes";
  }
  EXPECT_THROW(parse_checkpoint(bytes + '\0'), Error);
}

}  // namespace
}  // namespace mnist_bench
