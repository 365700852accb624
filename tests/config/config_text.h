#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/refusal.h"
#include "config/read.h"

namespace mnist_bench {

inline ExperimentConfig parse(std::string_view text) { return parse_experiment(text, "test.json"); }

inline std::string config_refusal(std::string_view text,
                                  const std::vector<std::string>& overrides = {}) {
  SCOPED_TRACE(text.substr(0, 200));
  return refusal_of([&] { parse_experiment(text, "test.json", overrides); });
}

/// A minimal config whose `section` (or top level, if empty) also has `member`.
inline std::string config_with(std::string_view section, std::string_view member,
                               std::string_view type = "mlp") {
  if (section == "model") {
    return fmt::format(R"({{"name": "m", "model": {{"type": "{}", {}}}}})", type, member);
  }
  const std::string added =
      section.empty() ? std::string(member) : fmt::format(R"("{}": {{{}}})", section, member);
  const std::string name = member.starts_with(R"("name")") ? "" : R"("name": "m", )";
  return fmt::format(R"({{{}"model": {{"type": "{}"}}, {}}})", name, type, added);
}

}  // namespace mnist_bench
