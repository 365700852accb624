#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace mnist_bench {

/// JSON Schema (draft 2020-12) of the experiment config. The reader is stricter where a schema
/// cannot follow: duplicate keys, integers written as 3.0, numbers beyond double's range, lengths
/// in bytes.
nlohmann::ordered_json config_schema();

/// All keys as a Markdown table: key, type and range, default, meaning.
std::string config_reference_markdown();

}  // namespace mnist_bench
