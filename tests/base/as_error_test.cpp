#include "base/as_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <system_error>

namespace mnist_bench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(AsError, AnErrorIsItself) {
  const Error error = as_error(Error(ExitCode::data, "what", "remedy"));
  EXPECT_EQ(error.code(), ExitCode::data);
  EXPECT_STREQ(error.what(), "what");
  EXPECT_EQ(error.remedy(), "remedy");
}

TEST(AsError, KnownCausesOfTheStandardLibraryAreNamed) {
  EXPECT_STREQ(as_error(std::bad_alloc()).what(), "out of memory");
  const std::error_code full = std::make_error_code(std::errc::no_space_on_device);
  const Error file = as_error(std::filesystem::filesystem_error("rename", "a", "b", full));
  EXPECT_EQ(file.code(), ExitCode::io);
  EXPECT_THAT(file.what(), HasSubstr("No space left"));
  const auto none = std::make_error_code(std::errc::resource_unavailable_try_again);
  const Error thread = as_error(std::system_error(none));
  EXPECT_THAT(thread.what(), StartsWith("cannot start a thread: "));
  EXPECT_THAT(thread.remedy(), HasSubstr("ulimit -u"));
}

TEST(AsError, AnythingElseIsABugToReportInOneLine) {
  const Error error = as_error(std::runtime_error("map::at\nframe #0"));
  EXPECT_EQ(error.code(), ExitCode::run_failed);
  EXPECT_STREQ(error.what(), "unexpected: map::at");
  EXPECT_THAT(error.remedy(), HasSubstr("please report"));
}

TEST(ThreadsRefused, SaysHowManyOfHowManyAndWhy) {
  EXPECT_STREQ(threads_refused(8, 3, "no").what(), "cannot start 8 threads, only 3: no");
}

}  // namespace
}  // namespace mnist_bench
