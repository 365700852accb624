#include "base/shipped_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/error_of.h"
#include "base/temporary_folder.h"

namespace mnist_bench {
namespace {

using test::error_of;
using test::TemporaryFolder;

/// MNIST_BENCH_DATA for as long as the object lives.
class DataVariable {
 public:
  explicit DataVariable(const std::string& value) {
    ::setenv("MNIST_BENCH_DATA", value.c_str(), /*overwrite=*/1);
  }
  ~DataVariable() { ::unsetenv("MNIST_BENCH_DATA"); }
  DataVariable(const DataVariable&) = delete;
  DataVariable& operator=(const DataVariable&) = delete;
};

TEST(ShippedFiles, AreNextToTheProgram) {
  const std::filesystem::path source = MNIST_BENCH_SOURCE;
  EXPECT_EQ(find_shipped("configs"), std::filesystem::canonical(source / "configs"));
  EXPECT_EQ(find_shipped("mnist"), std::filesystem::canonical(source / "third_party/mnist"));
  EXPECT_EQ(find_shipped("neither"), std::nullopt);
}

TEST(ShippedFiles, AreLookedForInTheFolderOfTheVariableLast) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder / "configs");
  std::filesystem::create_directories(folder / "of-the-variable-alone");
  const DataVariable variable(folder.path().string());
  EXPECT_EQ(shipped_folders().back(), folder.path());
  EXPECT_EQ(find_shipped("of-the-variable-alone"),
            std::filesystem::canonical(folder / "of-the-variable-alone"));
  EXPECT_NE(find_shipped("configs"), std::filesystem::canonical(folder / "configs"));
}

TEST(ShippedFiles, ABrokenLinkIsNotFound) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  const DataVariable variable(folder.path().string());
  EXPECT_EQ(find_shipped("dangling"), std::nullopt);
}

TEST(ShippedFiles, RefuseAnEmptyVariable) {
  const DataVariable variable("");
  const auto error = error_of([] { find_shipped("mnist"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), ExitCode::usage);
  EXPECT_THAT(error->what(), testing::HasSubstr("MNIST_BENCH_DATA is empty"));
}

}  // namespace
}  // namespace mnist_bench
