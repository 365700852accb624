#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "base/sanitized.h"
#include "data/dataset.h"
#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using test::gzip;
using ::testing::HasSubstr;

constexpr std::size_t kMebibyte = std::size_t{1} << 20U;
[[maybe_unused]] constexpr long kAllowedKibibytes = 200L * 1024;

std::string random_bytes(std::size_t size) {
  std::mt19937 generator(1);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(generator());
  return bytes;
}

/// gzip members that decompress to `size` bytes 0, compressed only once.
std::string gzip_zeros(std::size_t size) {
  static const std::string member = gzip({}, 16 * kMebibyte);
  std::string bytes;
  for (; size >= 16 * kMebibyte; size -= 16 * kMebibyte) bytes += member;
  return bytes + gzip({}, size);
}

struct Outcome {
  std::string error;
  long peak_kibibytes = 0;
};

/// Loads the folder in a process of its own, which tells its peak memory from this one's.
Outcome load_in_child(const std::filesystem::path& folder) {
  int channel[2];
  if (::pipe(channel) != 0) return {"no pipe", 0};
  const pid_t child = ::fork();
  if (child == 0) {
    std::string message = "no error";
    try {
      (void)load_dataset(folder);
    } catch (const std::exception& error) {
      message = error.what();
    }
    const ssize_t written = ::write(channel[1], message.data(), message.size());
    ::_exit(written < 0 ? 1 : 0);
  }
  ::close(channel[1]);
  Outcome outcome;
  char block[4096];
  for (ssize_t count = 0; (count = ::read(channel[0], block, sizeof block)) > 0;) {
    outcome.error.append(block, static_cast<std::size_t>(count));
  }
  ::close(channel[0]);
  rusage usage{};
  ::wait4(child, nullptr, 0, &usage);
  outcome.peak_kibibytes = usage.ru_maxrss;
  return outcome;
}

/// A folder whose training files are the given ones, with a sound test set.
class Bomb : public ::testing::Test {
 protected:
  Bomb() {
    test::write(folder_ / "t10k-images-idx3-ubyte", test::images_file(20, 28, 28));
    test::write(folder_ / "t10k-labels-idx1-ubyte", test::labels_file(20));
  }
  [[nodiscard]] std::filesystem::path images() const {
    return folder_ / "train-images-idx3-ubyte.gz";
  }
  [[nodiscard]] std::filesystem::path labels() const {
    return folder_ / "train-labels-idx1-ubyte.gz";
  }
  void expect_refused(const std::string& cause) const {
    const Outcome outcome = load_in_child(folder_.path());
    EXPECT_THAT(outcome.error, HasSubstr(cause));
#ifndef MNIST_BENCH_SANITIZED  // shadow and quarantine count as well
    EXPECT_LT(outcome.peak_kibibytes, kAllowedKibibytes);
#endif
  }

  test::TemporaryFolder folder_;
};

TEST_F(Bomb, WithAHeaderThatIsConsistentIsRefused) {
  constexpr std::uint32_t kCount = 300'000;  // 224 MiB of pixels
  test::write(labels(), gzip(test::labels_file(kCount)));
  test::write(images(), gzip(test::images_header(kCount, 28, 28), std::size_t{kCount} * 28 * 28));
  expect_refused("train-images-idx3-ubyte.gz: it decompresses to more than 200 times its size");
}

TEST_F(Bomb, ThatDeliversGibibytesBeyondItsHeaderIsRefused) {
  test::write(labels(), gzip(test::labels_file(60)));
  test::write(images(), gzip(test::images_file(60)) + gzip_zeros(4096 * kMebibyte));
  expect_refused("train-images-idx3-ubyte.gz: trailing bytes");
}

TEST_F(Bomb, OfLabelsIsRefused) {
  test::write(labels(), gzip(test::labels_header(1024U << 20U)) + gzip_zeros(1024 * kMebibyte));
  test::write(images(), gzip(test::images_file(60)));
  expect_refused("train-labels-idx1-ubyte.gz: it decompresses to more than 200 times its size");
}

TEST_F(Bomb, BehindBytesThatDoNotCompressIsRefused) {
  constexpr std::uint32_t kCount = 1'000'000;  // 748 MiB of pixels
  test::write(labels(), gzip(test::labels_file(kCount)));
  test::write(images(), gzip(test::images_header(kCount, 28, 28) + random_bytes(17 * kMebibyte)) +
                            gzip_zeros(kCount * 28 * 28 - 17 * kMebibyte));
  expect_refused("train-images-idx3-ubyte.gz: it decompresses to more than 200 times its size");
}

TEST_F(Bomb, OfEmptyGzipMembersIsReadThroughWithoutMemory) {
  test::write(labels(), gzip(test::labels_file(60)));
  std::string bytes = gzip(test::images_file(60, 28, 28));
  const std::string empty = gzip({});
  for (int i = 0; i < 500'000; ++i) bytes += empty;  // 10 MB
  test::write(images(), bytes);
  expect_refused("no error");
}

TEST_F(Bomb, ThatIsAHeaderAloneUsesNoMemory) {
  const std::string header = test::images_header(1'300'000, 28, 28);  // 972 MiB
  test::write(labels(), test::labels_header(1'300'000) + std::string(1'300'000, '\1'));
  test::write(images(), header);
  expect_refused("train-images-idx3-ubyte.gz: truncated: 0 bytes");
  test::write(images(), gzip(header));
  expect_refused("train-images-idx3-ubyte.gz: truncated: 0 bytes");
}

TEST_F(Bomb, IsNotSuspectedInASmallFileThatCompressesWell) {
  constexpr std::uint32_t kCount = 20'000;  // 15 MiB, 1000 : 1
  test::write(labels(), gzip(test::labels_file(kCount)));
  test::write(images(), gzip(test::images_header(kCount, 28, 28), std::size_t{kCount} * 28 * 28));
  EXPECT_EQ(load_dataset(folder_.path()).train.size(), kCount);
}

}  // namespace
}  // namespace mnist_bench
