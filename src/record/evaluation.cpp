#include "record/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "base/sha256.h"
#include "config/write.h"
#include "record/check_calibration.h"
#include "record/check_computed.h"
#include "record/contradiction.h"
#include "record/probabilities.h"
#include "record/record_fields.h"
#include "record/run_files.h"
#include "record/seal.h"

namespace mnist_bench {
namespace {

using J = JsonValue;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostEvaluationBytes = std::size_t{16} << 20U;
constexpr std::size_t kLongestSpec = 200;
constexpr std::size_t kSpecStart = 180;
constexpr std::size_t kHashDigits = 12;

const Fields<EvaluatedRun>& evaluated_run_fields() {
  using R = EvaluatedRun;
  static const Fields<R> fields = {
      field("config_hash", &R::config_hash, &J::hash),
      field("seed", &R::seed, &J::count),
      field("parameters_sha256", &R::parameters_sha256, &J::hash),
      field("engine", &R::engine, &J::text),
  };
  return fields;
}

const Fields<EvaluatedData>& evaluated_data_fields() {
  using D = EvaluatedData;
  static const Fields<D> fields = {
      field("dataset", &D::dataset, &J::text),
      field("samples", &D::samples, &J::count),
      field("sha256", &D::sha256, &J::hash),
  };
  return fields;
}

/// Images by their indices in the test file, not written where they are not known.
Field<AgainstClean> indices_field(const std::string& name,
                                  std::optional<std::vector<std::int64_t>> AgainstClean::*member) {
  Field<AgainstClean> field{
      .name = name,
      .write = [member](const AgainstClean& against) { return Json(*(against.*member)); },
      .read =
          [name, member](AgainstClean& against, const JsonValue& json) {
            std::vector<std::int64_t> indices;
            for (const JsonValue& item : json.at(name.c_str()).items()) {
              indices.push_back(item.count());
            }
            against.*member = std::move(indices);
          }};
  return may_lack(unless_absent(std::move(field), member));
}

const Fields<AgainstClean>& against_clean_fields() {
  using A = AgainstClean;
  static const Fields<A> fields = {
      field("accuracy_change", &A::accuracy_change, &J::number),
      field("right_to_wrong", &A::right_to_wrong, &J::count),
      field("wrong_to_right", &A::wrong_to_right, &J::count),
      indices_field("right_to_wrong_images", &A::right_to_wrong_images),
      indices_field("wrong_to_right_images", &A::wrong_to_right_images),
  };
  return fields;
}

const Fields<EvaluationTiming>& evaluation_timing_fields() {
  using T = EvaluationTiming;
  static const Fields<T> fields = {
      field("transform_seconds", &T::transform_seconds, &J::amount),
      field("predict_seconds", &T::predict_seconds, &J::amount),
  };
  return fields;
}

Field<Evaluation> transform_field() {
  return {.name = "transform",
          .write = [](const Evaluation& evaluation) { return Json(evaluation.transform); },
          .read =
              [](Evaluation& evaluation, const JsonValue& json) {
                const JsonValue list = json.at("transform");
                static_cast<void>(list.items());
                if (const auto problem = problem_in_transforms(list.json())) {
                  throw Error(ExitCode::io, fmt::format("transform{}: {}",
                                                        problem->where.to_string(), problem->text));
                }
                evaluation.transform = list.json().get<TransformChain>();
              }};
}

const Fields<Evaluation>& evaluation_fields() {
  using E = Evaluation;
  static const Fields<E> fields = {
      derived<E>("schema", [](const E& /*evaluation*/) { return Json(kEvaluationSchema); }),
      object("run", &E::run, evaluated_run_fields()),
      field("engine", &E::engine, &J::text),
      transform_field(),
      field("suite", &E::suite, &J::text),
      object("data", &E::data, evaluated_data_fields()),
      object("test", &E::test, test_fields()),
      object("against_clean", &E::against_clean, against_clean_fields()),
      unless_absent(field("probabilities_sha256", &E::probabilities_sha256, &J::hash),
                    &E::probabilities_sha256),
      object("timing", &E::timing, evaluation_timing_fields()),
      object("provenance", &E::provenance, provenance_fields()),
  };
  return fields;
}

/// Throws unless there are as many indices as the member `name` counts, ascending.
void check_indices(const std::string& name, std::int64_t count,
                   const std::optional<std::vector<std::int64_t>>& indices) {
  if (!indices) return;
  const auto listed = static_cast<std::int64_t>(indices->size());
  if (listed != count) {
    contradict("against_clean." + name, std::to_string(count),
               fmt::format("{}_images has {}", name, listed));
  }
  const auto falling = std::adjacent_find(indices->begin(), indices->end(), std::greater_equal<>());
  if (falling == indices->end()) return;
  contradict(fmt::format("against_clean.{}_images", name), std::to_string(*falling),
             "its indices do not ascend");
}

void check_against_clean(const Evaluation& evaluation) {
  if (!evaluation.against_clean) return;
  const AgainstClean& against = *evaluation.against_clean;
  const auto change = static_cast<double>(against.wrong_to_right - against.right_to_wrong) /
                      static_cast<double>(evaluation.data.samples);
  if (!nearly(change, against.accuracy_change)) {
    contradict("against_clean.accuracy_change", fmt::format("{}", against.accuracy_change),
               fmt::format("its counts give {}", change));
  }
  check_indices("right_to_wrong", against.right_to_wrong, against.right_to_wrong_images);
  check_indices("wrong_to_right", against.wrong_to_right, against.wrong_to_right_images);
}

/// Throws unless `evaluation` is one of the run in `folder`, and `file` its own file there.
void require_evaluation_of(const RunResult& result, const Evaluation& evaluation,
                           const std::filesystem::path& folder, const std::filesystem::path& file) {
  if (!is_of(evaluation.run, result)) {
    throw Error(ExitCode::io,
                fmt::format("{} is of another model than the run's, which was trained again",
                            file.string()));
  }
  const std::optional<Engine> other =
      evaluation.engine == evaluation.run.engine ? std::nullopt : engine_of(evaluation.engine);
  const std::filesystem::path own =
      evaluation_file(folder, file.parent_path().filename().string(), evaluation.transform, other);
  if (file.lexically_normal() == own.lexically_normal()) return;
  throw Error(ExitCode::io,
              fmt::format("{} holds what belongs into {}", file.string(), own.string()));
}

/// The files DATA/SPEC.json in `folder`, by name, their probabilities, and those that are being
/// written.
struct EvaluationFiles {
  std::vector<std::filesystem::path> written;
  std::vector<std::filesystem::path> probabilities;
  std::vector<std::filesystem::path> temporary;
};

EvaluationFiles files_below(const std::filesystem::path& folder) {
  EvaluationFiles files;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry.depth() == 0) continue;
    entry.disable_recursion_pending();  // nothing deeper is of an evaluation
    const std::filesystem::path& path = entry->path();
    const std::string name = path.filename().string();
    if (name.starts_with('.')) {
      const bool is_ours = name.find(".json.tmp-") != std::string::npos ||
                           name.find(".npy.tmp-") != std::string::npos;
      if (is_ours) files.temporary.push_back(path);
    } else if (path.extension() == ".npy") {
      files.probabilities.push_back(path);
    } else if (path.extension() == ".json") {
      files.written.push_back(path);
    }
  }
  std::sort(files.written.begin(), files.written.end());
  return files;
}

/// For others that evaluate the same run: each writes some milliseconds at a time.
constexpr std::chrono::seconds kPatience(5);

}  // namespace

bool is_of(const EvaluatedRun& run, const RunResult& result) {
  return run.parameters_sha256 == result.parameters_sha256 &&
         run.config_hash == config_hash(result.config);
}

std::string evaluation_text(const Evaluation& evaluation) {
  return sealed_json(write_fields(evaluation_fields(), evaluation));
}

Evaluation parse_evaluation(std::string_view bytes) {
  const nlohmann::json document = parse_record_json(bytes);
  const JsonValue json(document);
  const JsonValue schema = json.at("schema");
  if (schema.text() != kEvaluationSchema) schema.refuse(fmt::format("\"{}\"", kEvaluationSchema));
  require_seal(bytes, json.at("sha256"));
  Evaluation evaluation = read_fields(evaluation_fields(), json);
  require_same(document, write_fields(evaluation_fields(), evaluation));
  if (evaluation.data.samples != evaluation.test.metrics.samples) {
    contradict("data.samples", std::to_string(evaluation.data.samples),
               fmt::format("the confusion matrix counts {}", evaluation.test.metrics.samples));
  }
  check_calibration(evaluation.test);
  check_against_clean(evaluation);
  return evaluation;
}

void write_evaluation(const StoredRun& run, const std::filesystem::path& file,
                      const Evaluation& evaluation,
                      const std::optional<std::string>& probabilities) {
  // None may replace the run meanwhile, and what one process writes of a point belongs together.
  const FolderLock lock(run.folder, kLogFile, kPatience);
  if (!is_of(evaluation.run, read_result(run.folder))) {
    throw Error(ExitCode::io,
                fmt::format("{} was trained again while it was evaluated", run.folder.string()),
                "evaluate it again");
  }
  create_folders(file.parent_path());
  if (probabilities) write_file_atomically(probabilities_file(file), *probabilities);
  write_file_atomically(file, evaluation_text(evaluation));
  // What an earlier evaluation has saved.
  if (!probabilities) remove_file(probabilities_file(file));
}

void remove_temporary_evaluations(const std::filesystem::path& folder) {
  if (files_below(folder / kEvaluationsFolder).temporary.empty()) return;
  try {
    const FolderLock lock(folder, kLogFile);  // nobody writes any of them
    for (const auto& path : files_below(folder / kEvaluationsFolder).temporary) {
      std::error_code kept;
      std::filesystem::remove(path, kept);
    }
  } catch (const Error&) {
    return;  // in use, or read-only: they do no harm
  }
}

Evaluation read_evaluation(const std::filesystem::path& file) {
  const std::string bytes = read_file(file, kMostEvaluationBytes, ExitCode::io);
  try {
    return parse_evaluation(bytes);
  } catch (const Error& error) {
    throw Error(ExitCode::io,
                fmt::format("{} is not a usable evaluation: {}", file.string(), error.what()),
                "evaluate with --force replaces it");
  }
}

std::filesystem::path evaluation_file(const std::filesystem::path& folder, const std::string& data,
                                      const TransformChain& transform,
                                      std::optional<Engine> engine) {
  std::string name = canonical_spec(transform);
  std::replace(name.begin(), name.end(), ':', '~');
  if (name.size() > kLongestSpec) {
    name = name.substr(0, kSpecStart) + "-" + sha256_hex(name).substr(0, kHashDigits);
  }
  if (engine) name += fmt::format(".{}", to_string(*engine));
  return folder / kEvaluationsFolder / data / (name + ".json");
}

void remove_evaluations(const std::filesystem::path& folder) {
  // What a link leads to may hold more than this run's.
  if (std::filesystem::is_symlink(folder / kEvaluationsFolder)) return;
  const EvaluationFiles files = files_below(folder / kEvaluationsFolder);
  for (const auto* paths : {&files.written, &files.probabilities, &files.temporary}) {
    for (const std::filesystem::path& path : *paths) {
      remove_file(path);
      std::error_code not_empty;
      std::filesystem::remove(path.parent_path(), not_empty);
    }
  }
  std::error_code not_empty;
  std::filesystem::remove(folder / kEvaluationsFolder, not_empty);
}

StoredEvaluations read_evaluations(const std::filesystem::path& folder, const RunResult& result) {
  StoredEvaluations stored;
  for (const std::filesystem::path& file : files_below(folder / kEvaluationsFolder).written) {
    try {
      Evaluation evaluation = read_evaluation(file);
      require_evaluation_of(result, evaluation, folder, file);
      stored.evaluations.push_back({.file = file,
                                    .data = file.parent_path().filename().string(),
                                    .evaluation = std::move(evaluation)});
    } catch (const Error& error) {
      stored.unusable.push_back({.file = file, .why = error.what()});
    }
  }
  return stored;
}

}  // namespace mnist_bench
