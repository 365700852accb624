#include "record/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

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
                    .buffers = {{"bn1.running_mean", {2}, {3.0F, 4.0F}}},
                    .optimizer = {{"exp_avg", kTensors}, {"exp_avg_sq", kTensors}}},
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
              message("shape[0] is -1"));
  EXPECT_THAT(
      parse(
          file(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 1)),
      message("impossible shape"));
  EXPECT_THAT(parse(file(R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", 1)),
              message("not float32"));
  EXPECT_THAT(parse(file(R"({"a":1})", 0)), message("header is damaged"));
  EXPECT_THAT(parse("abc"), message("truncated"));
}

TEST(Safetensors, ReadsATensorWithoutValues) {
  const std::vector<NamedTensor> tensors = {{.name = "none", .shape = {0, 3}, .values = {}},
                                            {.name = "one", .shape = {1}, .values = {2}}};
  EXPECT_EQ(parse_safetensors(safetensors_bytes({.tensors = tensors, .metadata = {}})).tensors,
            tensors);
  EXPECT_TRUE(parse_safetensors(safetensors_bytes({})).tensors.empty());
}

/// A safetensors file of this header, and `values` zeros.
std::string safetensors_file(const std::string& header, std::size_t values = 1) {
  std::string bytes(8, '\0');
  const std::uint64_t size = header.size();
  std::memcpy(bytes.data(), &size, sizeof(size));
  return bytes + header + std::string(sizeof(float) * values, '\0');
}

std::string safetensors_refusal(const std::string& bytes) {
  try {
    parse_safetensors(bytes);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    return error.what();
  }
  return "it was believed";
}

TEST(Safetensors, ConvertsNoNumberToAnother) {
  const auto with = [](const std::string& shape, const std::string& offsets) {
    return safetensors_file(R"({"a":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":)" +
                            offsets + "}}");
  };
  EXPECT_EQ(safetensors_refusal(with("[1]", "[0,4]")), "it was believed");
  for (const char* shape : {"[1.0]", "[1e30]", "[-1e30]", "[true]", "[\"1\"]", "1", "null",
                            "[18446744073709551615]", "[-1]", "[[1]]"}) {
    EXPECT_THAT(safetensors_refusal(with(shape, "[0,4]")), HasSubstr("shape")) << shape;
  }
  for (const char* offsets : {"[0,4.0]", "[0,1e300]", "[-0.5,4]", "[0]", "[0,4,8]", "{}", "[4,0]",
                              "[0,18446744073709551615]"}) {
    EXPECT_THAT(safetensors_refusal(with("[1]", offsets)), HasSubstr("offsets")) << offsets;
  }
  EXPECT_THAT(safetensors_refusal(safetensors_file(R"({"__metadata__":{"a":1}})", 0)),
              HasSubstr("a is 1"));
  EXPECT_THAT(safetensors_refusal(safetensors_file(R"({"__metadata__":[]})", 0)),
              HasSubstr("__metadata__ is []"));
  EXPECT_THAT(safetensors_refusal(safetensors_file("[]", 0)), HasSubstr("an object belongs there"));
  EXPECT_THAT(safetensors_refusal(safetensors_file(R"({"a":1,"a":1})", 0)),
              HasSubstr("duplicate key"));
}

TEST(Safetensors, BoundsTheHeader) {
  EXPECT_THAT(safetensors_refusal(safetensors_file(std::string(52'500, '['))),
              HasSubstr("nested deeper than 64"));
  const std::string spaces((1 << 20) - 2, ' ');
  EXPECT_EQ(safetensors_refusal(safetensors_file("{" + spaces + "}", 0)), "it was believed");
  EXPECT_THAT(safetensors_refusal(safetensors_file("{ " + spaces + "}", 0)),
              HasSubstr("1048576 are read at most"));
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
  EXPECT_EQ(read.state.buffers, sample_checkpoint().state.buffers);
  EXPECT_EQ(read.state.optimizer, sample_checkpoint().state.optimizer);
  ASSERT_EQ(read.epochs.size(), 2U);
  EXPECT_EQ(read.epochs[1].train_loss, written.epochs[1].train_loss);
  EXPECT_EQ(read.resumed_after, written.resumed_after);
  EXPECT_EQ(read.total_seconds, written.total_seconds);
}

TEST(Checkpoint, OfTenThousandEpochsCanBeReadBack) {
  Checkpoint written = sample_checkpoint();
  written.epochs.resize(10'000, written.epochs[0]);
  std::int64_t count = 0;
  for (EpochRecord& epoch : written.epochs) epoch.epoch = ++count;
  written.state.epoch = count;
  EXPECT_EQ(parse_checkpoint(checkpoint_bytes(written)).epochs.size(), 10'000U);
}

TEST(Checkpoint, RefusesEpochsThatAreNotThoseBeforeIt) {
  const auto refusal_of = [](const Checkpoint& checkpoint) {
    try {
      parse_checkpoint(checkpoint_bytes(checkpoint));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("it was believed");
  };
  Checkpoint checkpoint = sample_checkpoint();
  EXPECT_EQ(refusal_of(checkpoint), "it was believed");
  checkpoint.state.epoch = 3;
  EXPECT_THAT(refusal_of(checkpoint), HasSubstr("it is from epoch 3, but lists 2 epochs"));
  checkpoint = sample_checkpoint();
  checkpoint.epochs[1].epoch = 1;
  EXPECT_THAT(refusal_of(checkpoint), HasSubstr("epochs[1].epoch is 1"));
  checkpoint = sample_checkpoint();
  checkpoint.resumed_after = {3};
  EXPECT_THAT(refusal_of(checkpoint), HasSubstr("resumed_after"));
  checkpoint = sample_checkpoint();
  checkpoint.total_seconds = -1.0;
  EXPECT_THAT(refusal_of(checkpoint), HasSubstr("total_seconds is -1.0"));
}

TEST(Checkpoint, OfAnotherStepThanThatAfterItsEpochsIsRefused) {
  const Checkpoint checkpoint = sample_checkpoint();  // 2 epochs, 8 steps
  TrainingConfig training{.epochs = 5, .batch_size = 64};
  EXPECT_NO_THROW(require_step(checkpoint, schedule_of(training, 200)));  // 64 + 64 + 64 + 8
  EXPECT_NO_THROW(require_step(checkpoint, schedule_of(training, 256)));
  EXPECT_THROW(require_step(checkpoint, schedule_of(training, 257)), Error);
  EXPECT_THROW(require_step(checkpoint, schedule_of(training, 192)), Error);
  // Only the last epoch may be a part.
  training.steps = 8;
  EXPECT_NO_THROW(require_step(checkpoint, schedule_of(training, 257)));
  training.steps = 9;
  EXPECT_THROW(require_step(checkpoint, schedule_of(training, 257)), Error);
}

TEST(Checkpoint, OfAnEpochThatIsNotSavedIsRefused) {
  const Checkpoint checkpoint = sample_checkpoint();
  for (const std::int64_t every : {1, 2}) {
    const TrainingConfig training{.epochs = 5, .batch_size = 64, .evaluate_every = every};
    EXPECT_NO_THROW(require_step(checkpoint, schedule_of(training, 200)));
  }
  TrainingConfig training{.epochs = 5, .batch_size = 64, .evaluate_every = 3};
  EXPECT_THROW(require_step(checkpoint, schedule_of(training, 200)), Error);
  training.epochs = 2;
  EXPECT_NO_THROW(require_step(checkpoint, schedule_of(training, 200)));
}

TEST(Checkpoint, OfAnUnknownEngineIsRefused) {
  Checkpoint checkpoint = sample_checkpoint();
  checkpoint.engine = "";
  EXPECT_THROW(parse_checkpoint(checkpoint_bytes(checkpoint)), Error);
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
