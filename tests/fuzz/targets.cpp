#include "fuzz/targets.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/strict_json.h"
#include "config/read.h"
#include "config/sweep.h"
#include "config/write.h"
#include "data/dataset.h"
#include "data/dataset_warnings.h"
#include "data/idx.h"
#include "data/image_file.h"
#include "data/npy.h"
#include "data/pixels.h"
#include "fuzz/inputs.h"
#include "paper/check.h"
#include "record/checkpoint.h"
#include "record/read_predictions.h"
#include "record/read_result.h"
#include "record/result_json.h"
#include "record/safetensors.h"
#include "record/stored_files.h"
#include "record/verify_run.h"
#include "report/format/formats.h"

namespace mnist_bench::fuzz {
namespace {

constexpr std::string_view kConfig = R"({"model": {"type": "mlp"}, "training": {"epochs": 1}})";

// src/config

void strict_json(std::string_view input) {
  for (const bool comments : {true, false}) {
    const auto value =
        accepted(ExitCode::usage, [&] { return parse_strict_json(input, "input", comments); });
    if (!value) continue;
    require(parse_strict_json(value->dump(), "dumped", false) == *value,
            "a value that is written and read again is the same");
    require(excerpt(*value).size() <= 200, "an excerpt is short");
  }
  require(escaped(input).size() <= 200, "an escaped text is short");
}

void expect_resolved(const ExperimentConfig& config) {
  const std::string resolved = to_json(config).dump();
  const ExperimentConfig again = parse_experiment(resolved, "again.json");
  require(to_json(again).dump() == resolved, "a resolved config that is read again is the same");
  require(config_hash(again) == config_hash(config), "and so is its hash");
  require(!output_folder(config).empty(), "a run has a folder");
}

void config(std::string_view input) {
  const auto config = accepted(ExitCode::usage, [&] { return parse_experiment(input, "in.json"); });
  if (config) expect_resolved(*config);
}

/// A line each.
void overrides(std::string_view input) {
  std::vector<std::string> lines(1);
  for (const char c : input) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  const auto config =
      accepted(ExitCode::usage, [&] { return parse_experiment(kConfig, "in.json", lines); });
  if (config) expect_resolved(*config);
}

void sweep(std::string_view input) {
  file("mlp.json", kConfig);
  const auto path = file("sweep.json", input);
  const auto plan =
      accepted(ExitCode::usage, [&] { return plan_sweep(read_sweep(path), {"threads=1"}); });
  if (!plan || plan->size() > 1000) return;
  std::set<std::filesystem::path> folders;
  for (const ExperimentConfig& run : *plan) {
    expect_resolved(run);
    folders.insert(output_folder(run));
  }
  require(folders.size() == plan->size(), "each run of a sweep has a folder of its own");
  std::size_t runs = 0;
  for (const std::int64_t shard : {1, 2, 3}) runs += shard_of(*plan, shard, 3).size();
  require(runs == plan->size(), "the shards are the plan");
}

// src/data

std::string gzip(std::string_view bytes) {
  z_stream stream{};
  require(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK, "zlib");
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  // zlib's interface is not const-correct; it does not write to its input.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  require(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// What `read` makes of `input` and of the same bytes compressed must not differ.
template <typename Read>
void expect_same_compressed(std::string_view input, const Read& read) {
  const auto stored = accepted(ExitCode::data, [&] { return read(file("idx", input)); });
  if (stored) {
    std::size_t values = 1;
    for (const std::int64_t dimension : stored->dimensions) {
      values *= static_cast<std::size_t>(dimension);
    }
    require(stored->values.size() == values, "there are as many values as the header announces");
  }
  if (input.starts_with("\x1f\x8b")) return;
  const auto inflated = accepted(ExitCode::data, [&] { return read(file("idx", gzip(input))); });
  require(stored.has_value() == inflated.has_value(), "compressing decides over nothing");
  if (stored) require(stored->values == inflated->values, "compressing changes no value");
}

void idx_labels(std::string_view input) { expect_same_compressed(input, read_idx_labels); }

void idx_images(std::string_view input) {
  IdxFile labels;
  std::int64_t count = 0;  // as in the input's header, so that it is the right one
  for (std::size_t i = 4; i < 8 && i < input.size(); ++i) {
    count = count * 256 + static_cast<std::uint8_t>(input[i]);
  }
  labels.dimensions = {count};
  expect_same_compressed(input, [&](const auto& path) { return read_idx_images(path, labels); });
}

/// The next file of a folder that is one input: its length in two bytes, and its bytes.
std::string_view next_file(std::string_view& input) {
  std::size_t size = 0;
  if (input.size() >= 2) {
    size = static_cast<std::uint8_t>(input[0]) * 256U + static_cast<std::uint8_t>(input[1]);
    input.remove_prefix(2);
  }
  const std::string_view bytes = input.substr(0, size);
  input.remove_prefix(bytes.size());
  return bytes;
}

/// Four files.
void dataset(std::string_view input) {
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                           "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    file(std::string("data/") + name, next_file(input));
  }
  const auto dataset = accepted(ExitCode::data, [&] { return load_dataset(scratch() / "data"); });
  if (!dataset) return;
  for (const ImageSet* set : {&dataset->train, &dataset->test}) {
    std::int64_t images = 0;
    for (const std::int64_t count : class_counts(*set, dataset->classes)) images += count;
    require(images == set->size(), "each image is of one class");
    require(select(*set, {0, set->size() - 1}).size() == 2, "any image can be selected");
    const PixelStatistics statistics = summarize_pixels(*set).statistics;
    require(statistics.mean >= 0 && statistics.mean <= 1,
            "the mean of the pixels is one of theirs");
  }
  dataset_warnings(*dataset, "mnist", Normalization::standardize);
}

void npy(std::string_view input) {
  const auto path = file("a.npy", input);
  const auto integers = accepted(ExitCode::data, [&] { return read_npy_integers(path, 256); });
  const auto bytes = accepted(ExitCode::data, [&] { return read_npy_bytes(path); });
  require(!bytes || (integers && integers->values == bytes->values), "bytes are integers");
  if (!integers) return;
  std::size_t values = 1;
  for (const std::int64_t dimension : integers->shape) {
    values *= static_cast<std::size_t>(dimension);
  }
  require(integers->values.size() == values, "there are as many values as the header announces");
}

void image(std::string_view input) {
  const auto image = accepted(ExitCode::data, [&] { return decode_image(input, "input"); });
  require(!image || image->pixels.size() == image->shape.pixels(), "an image has all its pixels");
}

// src/record

std::optional<RunResult> read_record(std::string_view input) {
  file("run/result.json", with_right_sha256(input));
  return accepted(ExitCode::io, [] { return read_result(scratch() / "run"); });
}

void result(std::string_view input) {
  const auto result = read_record(input);
  if (result) require(!to_json(*result).dump().empty(), "a record can be written again");
}

void report(std::string_view input) {
  auto result = read_record(input);
  if (!result) return;
  result->config.data.directory = "none";  // images that a page would show
  StoredRuns stored;
  for (const char* folder : {"a", "b"}) {
    stored.runs.push_back({.folder = folder, .result = *result});
    ++result->config.seed;
    result->parameters_sha256.reset();  // else the second were a copy of the first
  }
  const auto paper = [](const std::vector<RunGroup>& groups, const EvaluationsOfRuns& evaluations) {
    return paper_section(check_paper(groups, evaluations));
  };
  const Report report =
      make_report(stored, {.further = {{.option = "--paper", .make = paper}}, .mistakes = true});
  require(!text_report(report).empty(), "every record can be reported");
  for (const Format& format : formats()) {
    require(!format.render(report).empty(), "every record can be reported in every format");
  }
}

/// The lines of epochs.jsonl that `bytes` are read as.
std::optional<std::string> lines_read_from(std::string_view bytes) {
  file("run/epochs.jsonl", bytes);
  const auto epochs = accepted(ExitCode::io, [] { return read_epochs(scratch() / "run"); });
  if (!epochs) return std::nullopt;
  std::string lines;
  for (const EpochRecord& epoch : *epochs) lines += to_json(epoch).dump() + "\n";
  return lines;
}

void epochs(std::string_view input) {
  const auto lines = lines_read_from(input);
  if (!lines) return;
  require(lines_read_from(*lines) == lines, "epochs that are written and read again are the same");
}

/// The six files of a run, an empty one left out.
void verify(std::string_view input) {
  const std::filesystem::path folder = scratch() / "verified";
  std::filesystem::remove_all(folder);
  for (const std::string name : {"result.json", "config.json", "epochs.jsonl", "predictions.csv",
                                 "model.safetensors", "checkpoint.safetensors"}) {
    const std::string_view bytes = next_file(input);
    if (bytes.empty()) continue;
    const bool signed_file = name == "result.json" || name == "checkpoint.safetensors";
    file("verified/" + name, signed_file ? with_right_sha256(bytes) : std::string(bytes));
  }
  const RunCheck check = verify_run(folder);
  require(!check.status.empty(), "every run has a status");
  for (const std::string& fault : check.faults) require(!fault.empty(), "a fault says what it is");
}

void predictions(std::string_view input) {
  const auto rows = accepted(ExitCode::io, [&] { return parse_predictions(input, "input"); });
  if (!rows) return;
  const std::string written = predictions_csv(*rows);
  require(predictions_csv(parse_predictions(written, "written")) == written,
          "predictions that are written and read again are the same");
}

void checkpoint(std::string_view input) {
  accepted(ExitCode::io, [&] { return parse_checkpoint(input); });
  const auto checkpoint =
      accepted(ExitCode::io, [&] { return parse_checkpoint(with_right_sha256(input)); });
  if (!checkpoint) return;
  const std::string written = checkpoint_bytes(*checkpoint);
  require(checkpoint_bytes(parse_checkpoint(written)) == written,
          "a checkpoint that is written and read again is the same");
}

void safetensors(std::string_view input) {
  const auto content = accepted(ExitCode::io, [&] { return parse_safetensors(input); });
  if (!content) return;
  const std::string written = safetensors_bytes(*content);
  require(safetensors_bytes(parse_safetensors(written)) == written,
          "tensors that are written and read again are the same");
}

constexpr std::array kTargets = {
    Target{"strict_json", strict_json},
    Target{"config", config},
    Target{"overrides", overrides},
    Target{"sweep", sweep},
    Target{"idx_labels", idx_labels},
    Target{"idx_images", idx_images},
    Target{"dataset", dataset},
    Target{"result", result},
    Target{"report", report},
    Target{"predictions", predictions},
    Target{"checkpoint", checkpoint},
    Target{"safetensors", safetensors},
    Target{"epochs", epochs},
    Target{"verify", verify},
    Target{"npy", npy},
    Target{"image", image},
};

}  // namespace

std::span<const Target> targets() { return kTargets; }

}  // namespace mnist_bench::fuzz
