#include "record/read_predictions.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/escape.h"
#include "base/files.h"
#include "base/sha256.h"
#include "record/result_json.h"
#include "record/stored_files.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kLargestFile = std::size_t{256} << 20U;

/// All of `text` as a number: no sign but "-" in an exponent, no space, nothing after it.
template <typename Number>
std::optional<Number> number_from(std::string_view text) {
  Number value{};
  if (text.empty() || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const std::size_t end = line.find(',');
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return fields;
    line.remove_prefix(end + 1);
  }
}

std::optional<float> share_from(std::string_view text) {
  const auto share = number_from<float>(text);
  // Written so that NaN is refused as well.
  return share && *share >= 0.0F && *share <= 1.0F ? share : std::nullopt;
}

/// A line with as many columns as the header has.
std::optional<Prediction> prediction_from(std::string_view line, std::size_t columns) {
  const std::vector<std::string_view> fields = fields_of(line);
  if (fields.size() != columns) return std::nullopt;
  const auto index = number_from<std::int64_t>(fields[0]);
  const auto truth = number_from<std::int64_t>(fields[1]);
  const auto predicted = number_from<std::int64_t>(fields[2]);
  const auto probability = share_from(fields[3]);
  if (!index || !truth || !predicted || !probability) return std::nullopt;
  Prediction prediction{
      .index = *index, .truth = *truth, .predicted = *predicted, .probability = *probability};
  if (columns == 4) return prediction;
  const auto second = number_from<std::int64_t>(fields[4]);
  const auto second_probability = share_from(fields[5]);
  if (!second || !second_probability) return std::nullopt;
  prediction.second = {.label = *second, .probability = *second_probability};
  return prediction;
}

Error malformed(std::string_view origin, std::size_t line, const std::string& what) {
  return Error(ExitCode::io, fmt::format("{}, line {}: {}", origin, line, what),
               "the file was changed or cut short; run the experiment again with --force");
}

std::filesystem::path file_in(const std::filesystem::path& folder) {
  return folder / "predictions.csv";
}

std::string bytes_of(const std::filesystem::path& folder) {
  return read_file(file_in(folder), kLargestFile, ExitCode::io);
}

}  // namespace

std::vector<Prediction> parse_predictions(std::string_view text, std::string_view origin) {
  std::vector<Prediction> predictions;
  std::unordered_set<std::int64_t> indices;
  std::size_t number = 0;
  std::size_t columns = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos) {
      throw malformed(origin, number, "it ends without a line feed: the file is cut short");
    }
    text.remove_prefix(end + 1);
    if (number == 1) {
      if (line != kPredictionColumns && line != kFirstPredictionColumns) {
        throw malformed(
            origin, number,
            fmt::format("expected the header '{}', found '{}'", kPredictionColumns, escaped(line)));
      }
      columns = fields_of(line).size();
      continue;
    }
    const std::optional<Prediction> prediction = prediction_from(line, columns);
    if (!prediction) {
      throw malformed(
          origin, number,
          fmt::format("expected an index, two classes and a probability of 0 to 1{} "
                      "(like {}), found '{}'",
                      columns == 4 ? "" : ", a class and its probability",
                      columns == 4 ? "17,3,5,0.75" : "17,3,5,0.75,3,0.2", escaped(line)));
    }
    if (!indices.insert(prediction->index).second) {
      throw malformed(origin, number, fmt::format("image {} occurs twice", prediction->index));
    }
    predictions.push_back(*prediction);
  }
  if (predictions.empty()) throw malformed(origin, number + 1, "there is no prediction");
  return predictions;
}

std::vector<Prediction> read_predictions(const std::filesystem::path& folder) {
  return parse_predictions(bytes_of(folder), file_in(folder).string());
}

std::vector<Prediction> read_predictions(const std::filesystem::path& folder,
                                         const RunResult& result) {
  const std::string bytes = bytes_of(folder);
  std::vector<Prediction> predictions = parse_predictions(bytes, file_in(folder).string());
  if (!is_final(result.status) || !result.test) return predictions;
  try {
    check_predictions(*result.test, predictions);
    if (result.predictions_sha256 && *result.predictions_sha256 != sha256_hex(bytes)) {
      throw Error(ExitCode::io, "its bytes do not match the predictions_sha256 of result.json");
    }
  } catch (const Error& error) {
    throw Error(ExitCode::io, fmt::format("{}: {}", file_in(folder).string(), error.what()),
                "it or its result.json was changed; run the experiment again with --force");
  }
  return predictions;
}

void check_predictions(const TestRecord& test, const std::vector<Prediction>& predictions) {
  const ConfusionMatrix& counts = test.confusion;
  const auto classes = static_cast<std::int64_t>(counts.size());
  ConfusionMatrix found(counts.size(), std::vector<std::int64_t>(counts.size(), 0));
  for (const Prediction& p : predictions) {
    const std::int64_t largest =
        std::max({p.truth, p.predicted, p.second ? p.second->label : std::int64_t{0}});
    if (largest >= classes) {
      throw Error(ExitCode::io,
                  fmt::format("image {} has class {}, but the confusion matrix only {} classes",
                              p.index, largest, classes));
    }
    ++found[static_cast<std::size_t>(p.truth)][static_cast<std::size_t>(p.predicted)];
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (std::size_t j = 0; j < counts.size(); ++j) {
      if (found[i][j] == counts[i][j]) continue;
      throw Error(ExitCode::io,
                  fmt::format("{} images of class {} are predicted as {}, but the confusion matrix "
                              "counts {}",
                              found[i][j], i, j, counts[i][j]));
    }
  }
}

}  // namespace mnist_bench
