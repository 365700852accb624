#pragma once

#include <span>
#include <string_view>

namespace mnist_bench::fuzz {

/// One parser: `run` gives it bytes of any kind. It returns when they are taken or refused by the
/// parser's own Error, and ends the process where a property of what was taken does not hold.
struct Target {
  std::string_view name;
  void (*run)(std::string_view input);
};

/// All targets: a new one is a line in this table, and a folder of that name in seeds/.
std::span<const Target> targets();

}  // namespace mnist_bench::fuzz
