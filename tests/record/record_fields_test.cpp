#include "record/record_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace mnist_bench {
namespace {

using testing::SizeIs;

// Structured bindings name each member of a struct: one that is added does not compile here, and
// then is counted against its fields.
template <class... Members>
std::size_t how_many(const Members&... /*members*/) {
  return sizeof...(Members);
}

std::size_t members_of(const Provenance& p) {
  const auto& [version, git_revision, git_dirty, build_type, compiler, libtorch, device,
               device_name, cpu, simd, threads, jobs, allocator, started_at, command, resumed_after,
               cuda, cudnn, driver, tf32, mkl_cbwr, omp_wait_policy, gomp_spincount] = p;
  return how_many(version, git_revision, git_dirty, build_type, compiler, libtorch, device,
                  device_name, cpu, simd, threads, jobs, allocator, started_at, command,
                  resumed_after, cuda, cudnn, driver, tf32, mkl_cbwr, omp_wait_policy,
                  gomp_spincount);
}

std::size_t members_of(const DataSummary& d) {
  const auto& [dataset, train, test, validation, mean, sd, files] = d;
  return how_many(dataset, train, test, validation, mean, sd, files);
}

std::size_t members_of(const LayerSummary& l) {
  const auto& [name, type, output_shape, parameters, macs] = l;
  return how_many(name, type, output_shape, parameters, macs);
}

std::size_t members_of(const ModelSummary& m) {
  const auto& [type, parameters, macs, layers, input_shape, stored_bytes, support_vectors] = m;
  return how_many(type, parameters, macs, layers, input_shape, stored_bytes, support_vectors);
}

std::size_t members_of(const Preactivations& p) {
  const auto& [layer, mean, sd] = p;
  return how_many(layer, mean, sd);
}

std::size_t members_of(const EpochRecord& e) {
  const auto& [epoch, engine, device, train_loss, train_accuracy, train_seconds, evaluate_seconds,
               images_per_second, test, validation] = e;
  return how_many(epoch, engine, device, train_loss, train_accuracy, train_seconds,
                  evaluate_seconds, images_per_second, test, validation);
}

std::size_t members_of(const TimingRecord& t) {
  const auto& [load, train, evaluate, total, peak_rss, fit, peak_device] = t;
  return how_many(load, train, evaluate, total, peak_rss, fit, peak_device);
}

std::size_t members_of(const TestRecord& t) {
  const auto& [loss, metrics, confusion, calibration] = t;
  return how_many(loss, metrics, confusion, calibration);
}

std::size_t members_of(const RunResult& r) {
  const auto& [status, error, config, provenance, data, model, preactivations, epochs, test,
               validation, timing, parameters_sha256, predictions_sha256, probabilities_sha256,
               notes] = r;
  return how_many(status, error, config, provenance, data, model, preactivations, epochs, test,
                  validation, timing, parameters_sha256, predictions_sha256,
                  probabilities_sha256);  // notes are not written
}

template <class Struct>
std::size_t members_in(const Fields<Struct>& fields) {
  std::size_t members = 0;
  for (const Field<Struct>& field : fields) members += field.members;
  return members;
}

/// Each member must differ from its default and from the others.
template <class Struct>
void expect_all_members(const Fields<Struct>& fields, const Struct& record) {
  EXPECT_EQ(members_in(fields), members_of(record));

  const nlohmann::ordered_json written = write_fields(fields, record);
  EXPECT_THAT(written, SizeIs(fields.size())) << written;
  const nlohmann::ordered_json flat = written.flatten();
  std::set<std::string> values;
  for (const auto& [path, value] : flat.items()) {
    EXPECT_FALSE(value.is_null()) << path;
    EXPECT_TRUE(values.insert(value.dump()).second) << path << " " << value;
  }
  const auto document = nlohmann::json::parse(written.dump());
  EXPECT_EQ(write_fields(fields, read_fields(fields, JsonValue(document))), written);
}

SplitSummary split(std::int64_t samples, char digit) {
  return {.samples = samples, .sha256 = std::string(64, digit), .class_counts = {samples + 1}};
}

TEST(RecordFields, AreAllOfTheProvenance) {
  expect_all_members(provenance_fields(), {.version = "1",
                                           .git_revision = "2",
                                           .git_dirty = true,
                                           .build_type = "3",
                                           .compiler = "4",
                                           .libtorch = "5",
                                           .device = "6",
                                           .device_name = "7",
                                           .cpu = "8",
                                           .simd = "9",
                                           .threads = 10,
                                           .jobs = 11,
                                           .allocator = "12",
                                           .started_at = "13",
                                           .command = "14",
                                           .resumed_after = {15},
                                           .cuda = "16",
                                           .cudnn = "17",
                                           .driver = "18",
                                           .tf32 = false,
                                           .mkl_cbwr = "19",
                                           .omp_wait_policy = "20",
                                           .gomp_spincount = "21"});
}

TEST(RecordFields, AreAllOfTheData) {
  expect_all_members(
      data_fields(),
      {.dataset = "mnist",
       .train = split(10, 'a'),
       .test = split(20, 'b'),
       .validation = split(30, 'd'),
       .mean = 0.25,
       .std = 0.5,
       .files = {{.role = "train_images", .path = "/train", .sha256 = std::string(64, 'c')}}});
}

TEST(RecordFields, AreAllOfTheModelAndItsLayers) {
  const LayerSummary layer = {
      .name = "fc1", .type = "Linear", .output_shape = {1}, .parameters = 2, .macs = 3};
  expect_all_members(layer_fields(), layer);
  expect_all_members(model_fields(), {.type = "layers",
                                      .parameters = 4,
                                      .macs = 5,
                                      .layers = {layer},
                                      .input_shape = {6, 7, 8},
                                      .stored_bytes = 9,
                                      .support_vectors = 10});
}

TEST(RecordFields, AreAllOfTheOutputsAtStepZero) {
  expect_all_members(preactivation_fields(), {.layer = "fc1", .mean = -0.1, .sd = 1.4});
}

TEST(RecordFields, AreAllOfAnEpoch) {
  expect_all_members(epoch_fields(), {.epoch = 1,
                                      .engine = "native",
                                      .device = "cpu",
                                      .train_loss = 0.1,
                                      .train_accuracy = 0.2,
                                      .train_seconds = 0.3,
                                      .evaluate_seconds = 0.4,
                                      .images_per_second = 0.5,
                                      .test = EpochScores{0.6, 0.7, 0.8},
                                      .validation = EpochScores{0.9, 0.91, 0.92}});
}

TEST(RecordFields, AreAllOfTheTiming) {
  expect_all_members(timing_fields(), {.load_seconds = 0.1,
                                       .train_seconds = 0.2,
                                       .evaluate_seconds = 0.3,
                                       .total_seconds = 0.4,
                                       .peak_rss_bytes = 5,
                                       .fit_seconds = 0.6,
                                       .peak_device_bytes = 7});
}

TEST(RecordFields, AreAllOfTheTestAndTheWholeRecord) {
  EXPECT_EQ(members_in(test_fields()), members_of(TestRecord{}));
  EXPECT_EQ(members_in(result_fields()), members_of(RunResult{}));
}

TEST(RecordFields, ThatAnOlderRecordLacksKeepTheirDefaults) {
  auto document = nlohmann::json::parse(write_fields(provenance_fields(), Provenance{}).dump());
  for (const char* member : {"simd", "jobs", "resumed_after", "cuda"}) document.erase(member);
  const Provenance read = read_fields(provenance_fields(), JsonValue(document));
  EXPECT_EQ(read.jobs, 1);
  EXPECT_FALSE(read.cuda);
}

TEST(RecordFields, OfTheProvenanceSayWhatTheyAre) {
  for (const Field<Provenance>& field : provenance_fields()) {
    EXPECT_FALSE(field.meaning.empty()) << field.name;
  }
}

}  // namespace
}  // namespace mnist_bench
