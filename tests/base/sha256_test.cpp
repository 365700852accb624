#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mnist_bench {
namespace {

// The three messages and digests of FIPS 180-2, appendix B.
TEST(Sha256, AgreesWithTheStandardsExamples) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfNothingIsThatOfTheEmptyMessage) {
  constexpr std::string_view kEmpty =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_EQ(sha256_hex(""), kEmpty);
  EXPECT_EQ(Sha256().hex(), kEmpty);
}

TEST(Sha256, OfPiecesIsThatOfTheWhole) {
  Sha256 hash;
  hash.update("a", 1);
  hash.update("", 0);
  hash.update("bc", 2);
  EXPECT_EQ(hash.hex(), sha256_hex("abc"));
}

TEST(Sha256, ACopyContinuesFromTheSameBytesAndLeavesTheFirstAlone) {
  Sha256 hash;
  hash.update("a", 1);
  Sha256 copy = hash;
  copy.update("bc", 2);
  EXPECT_EQ(copy.hex(), sha256_hex("abc"));
  EXPECT_EQ(hash.hex(), sha256_hex("a"));
  hash = copy;
  hash.update("d", 1);
  EXPECT_EQ(hash.hex(), sha256_hex("abcd"));
  EXPECT_EQ(copy.hex(), sha256_hex("abc"));
}

TEST(Sha256, CountsEmbeddedZeroBytes) {
  EXPECT_NE(sha256_hex(std::string_view("a\0b", 3)), sha256_hex("a"));
}

}  // namespace
}  // namespace mnist_bench
