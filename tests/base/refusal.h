#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace mnist_bench {

/// What `action` says when it refuses with a usage error; a test failure if it does not.
template <class Action>
std::string refusal_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.remedy().empty() ? error.what() : error.what() + (" " + error.remedy());
  }
  ADD_FAILURE() << "was accepted";
  return {};
}

}  // namespace mnist_bench
