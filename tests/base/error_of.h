#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "base/error.h"

namespace mnist_bench::test {

/// The Error that `action` throws, with code and text; a failure of the test if there is none.
inline std::optional<Error> error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return std::nullopt;
}

}  // namespace mnist_bench::test
