#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "record/read_result.h"
#include "record/result_json.h"
#include "record/seal.h"

namespace mnist_bench::test {

/// The text of a record that says `json`, with the SHA-256 that belongs to it.
inline std::string record_text(nlohmann::ordered_json json) {
  json.erase("sha256");
  json["sha256"] = kNoHash;
  std::string text = json.dump();
  const std::size_t position = text.rfind(kNoHash);
  return sealed(std::move(text), position);
}

/// The same as version 0.1.0 wrote it, whose records have fewer members.
inline std::string first_record_text(nlohmann::ordered_json json) {
  json["schema"] = "mnist-bench.result/1";
  const auto erase = [](nlohmann::ordered_json& object,
                        const std::initializer_list<const char*> names) {
    if (!object.is_object()) return;
    for (const char* name : names) object.erase(name);
  };
  erase(json, {"predictions_sha256"});
  if (json.contains("provenance")) {
    erase(json["provenance"],
          {"cuda", "cudnn", "driver", "tf32", "mkl_cbwr", "omp_wait_policy", "gomp_spincount"});
  }
  if (json.contains("data")) erase(json["data"], {"files"});
  if (json.contains("timing")) erase(json["timing"], {"peak_device_bytes"});
  if (json.contains("test") && json["test"].is_object() && json["test"].contains("macro")) {
    erase(json["test"]["macro"], {"classes"});
  }
  if (json.contains("epochs")) {
    for (auto& epoch : json["epochs"]) erase(epoch, {"device"});
  }
  return json.dump(2) + "\n";
}

/// What the reader of records says against `text`.
inline std::string refusal_of_record(const std::string& text) {
  try {
    parse_result(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::io);
    return error.what();
  }
  return "it was believed";
}

}  // namespace mnist_bench::test
