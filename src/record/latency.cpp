#include "record/latency.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "config/experiment.h"
#include "record/fields.h"

namespace mnist_bench {
namespace {

using J = JsonValue;

constexpr std::size_t kMostLatencyBytes = std::size_t{16} << 20U;

const Fields<Latency>& latency_fields() {
  using L = Latency;
  static const Fields<L> fields = {
      field("name", &L::name, &J::text),
      field("engine", &L::engine, &J::text),
      field("batch", &L::batch, &J::count),
      field("threads", &L::threads, &J::count),
      field("calls", &L::calls, &J::count),
      field("p50_us", &L::p50_us, &J::amount),
      field("p90_us", &L::p90_us, &J::amount),
      field("p99_us", &L::p99_us, &J::amount),
      field("images_per_second", &L::images_per_second, &J::amount),
      field("simd", &L::simd, &J::text),
      field("parameter_bytes", &L::parameter_bytes, &J::count),
      field("activation_bytes", &L::activation_bytes, &J::count),
      field("config_hash", &L::config_hash, &J::hash),
      field("seed", &L::seed, &J::count),
  };
  return fields;
}

/// Throws for what no measurement gives.
void check(const Latency& latency, const JsonValue& json) {
  if (!engine_of(latency.engine)) json.at("engine").refuse("the name of an engine");
  for (const char* member : {"batch", "threads", "calls"}) {
    if (json.at(member).count() < 1) json.at(member).refuse("an integer of 1 or more");
  }
  if (latency.p50_us <= 0.0) json.at("p50_us").refuse("a time above 0");
  if (latency.p90_us < latency.p50_us) json.at("p90_us").refuse("at least p50_us");
  if (latency.p99_us < latency.p90_us) json.at("p99_us").refuse("at least p90_us");
}

std::vector<Latency> parse_latencies(std::string_view bytes) {
  const nlohmann::json document = parse_record_json(bytes);
  const JsonValue json(document);
  const JsonValue schema = json.at("schema");
  if (schema.text() != kLatencySchema) schema.refuse(fmt::format("\"{}\"", kLatencySchema));
  const JsonValue context = json.at("context");
  const std::string machine = fmt::format("{}, {}", context.at("cpu").text(),
                                          counted(context.at("num_cpus").count(), "core"));
  std::vector<std::string> warnings;
  for (const JsonValue& warning : json.at("warnings").items()) warnings.push_back(warning.text());
  std::vector<Latency> latencies;
  for (const JsonValue& series : json.at("series").items()) {
    Latency& latency = latencies.emplace_back(read_fields(latency_fields(), series));
    check(latency, series);
    latency.machine = machine;
    latency.warnings = warnings;
  }
  return latencies;
}

}  // namespace

nlohmann::ordered_json to_json(const Latency& latency) {
  return write_fields(latency_fields(), latency);
}

std::vector<Latency> read_latencies(const std::filesystem::path& file) {
  const std::string bytes = read_file(file, kMostLatencyBytes, ExitCode::io);
  try {
    return parse_latencies(bytes);
  } catch (const Error& error) {
    throw Error(
        ExitCode::io,
        fmt::format("{} holds no latencies that can be used: {}", file.string(), error.what()),
        "measure them: mnist-bench bench --inference RUN... -o FILE");
  }
}

}  // namespace mnist_bench
