#pragma once

#include <gtest/gtest.h>

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

/// The same as version 0.1.0 wrote it.
inline std::string first_record_text(nlohmann::ordered_json json) {
  json["schema"] = "mnist-bench.result/1";
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
