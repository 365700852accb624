#include "record/read_result.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/files.h"
#include "record/check_result.h"
#include "record/contradiction.h"
#include "record/json_value.h"
#include "record/record_fields.h"
#include "record/result_json.h"
#include "record/seal.h"

namespace mnist_bench {
EpochRecord epoch_from_json(const JsonValue& json) {
  // Before there were two engines, epochs did not name theirs.
  return read_fields(epoch_fields(), json, {.engine = std::string(to_string(Engine::libtorch))});
}

RunResult parse_result(std::string_view bytes) {
  const nlohmann::json document = parse_record_json(bytes);
  const JsonValue json(document);
  const JsonValue schema = json.at("schema");
  const bool first = schema.text() == kFirstResultSchema;
  if (!first && schema.text() != kResultSchema) {
    schema.refuse(fmt::format("\"{}\" or \"{}\"", kResultSchema, kFirstResultSchema));
  }
  // So that no changed byte of "schema" can do without it.
  if (first && json.find("sha256")) {
    contradict("schema", fmt::format("\"{}\"", kFirstResultSchema), "it has a sha256");
  }
  if (!first) require_seal(bytes, json.at("sha256"));
  RunResult result = read_fields(result_fields(), json);
  check_result(result, json);
  return result;
}

RunResult read_result(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "result.json";
  const std::string bytes = read_file(file, kMaxResultBytes, ExitCode::io);
  try {
    return parse_result(bytes);
  } catch (const Error& error) {
    throw Error(
        ExitCode::io,
        fmt::format("{} is not a usable result of mnist-bench: {}", file.string(), error.what()),
        "move it away; if the folder is that of a run, --force runs it again");
  }
}

}  // namespace mnist_bench
