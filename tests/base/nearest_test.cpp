#include "base/nearest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mnist_bench {
namespace {

const std::vector<std::string> kKeys = {"epochs", "batch_size", "engine", "learning_rate", "seed"};

TEST(Nearest, FindsTheKeyBehindEachKindOfTypingError) {
  EXPECT_EQ(nearest("epoch", kKeys), "epochs");                   // a letter missing
  EXPECT_EQ(nearest("epochss", kKeys), "epochs");                 // a letter too many
  EXPECT_EQ(nearest("batch-size", kKeys), "batch_size");          // another letter
  EXPECT_EQ(nearest("laerning_rate", kKeys), "learning_rate");    // two swapped
  EXPECT_EQ(nearest("learningrate", kKeys), "learning_rate");     // no separator
  EXPECT_EQ(nearest("learning_rates_", kKeys), "learning_rate");  // two edits
}

TEST(Nearest, ReturnsAnExactMatchItself) { EXPECT_EQ(nearest("seed", kKeys), "seed"); }

TEST(Nearest, CountsASwapOfNeighboursAsOneEdit) {
  // "ba" is one swap from "ab" but two replacements from "cd"; one edit must win over two.
  EXPECT_EQ(nearest("bax", {"cdx", "abx"}), "abx");
}

TEST(Nearest, PrefersTheCloserCandidateWhateverTheirOrder) {
  EXPECT_EQ(nearest("hiden", {"hidden2", "hidden"}), "hidden");
  EXPECT_EQ(nearest("hiden", {"hidden", "hidden2"}), "hidden");
}

TEST(Nearest, AllowsTwoEditsInAShortWordAndNotThree) {
  EXPECT_EQ(nearest("seXX", {"seed"}), "seed");
  EXPECT_EQ(nearest("sXXX", {"seed"}), std::nullopt);
}

TEST(Nearest, AllowsAThirdOfALongWordAndNotMore) {
  EXPECT_EQ(nearest("XXXXbatchsize", {"abcdbatchsize"}), "abcdbatchsize");  // 4 of 13
  EXPECT_EQ(nearest("XXXXXatchsize", {"abcdbatchsize"}), std::nullopt);     // 5 of 13
}

TEST(Nearest, FindsNothingInWordsThatShareNoLetter) {
  EXPECT_EQ(nearest("ab", {"cd"}), std::nullopt);
  EXPECT_EQ(nearest("", {"ab"}), std::nullopt);
  EXPECT_EQ(nearest("seed", {}), std::nullopt);
}

TEST(Nearest, FindsTheOnlyCandidateWithSuchAPart) {
  const std::vector<std::string> kinds = {"gaussian_noise", "shot_noise", "salt_pepper",
                                          "permute_pixels"};
  EXPECT_EQ(nearest("gausian", kinds), "gaussian_noise");
  EXPECT_EQ(nearest("pepper", kinds), "salt_pepper");
  EXPECT_EQ(nearest("permute", kinds), "permute_pixels");
  EXPECT_EQ(nearest("noise", kinds), std::nullopt);  // two have it
  EXPECT_EQ(nearest("rot", kinds), std::nullopt);    // "shot" is near, but the word is short
}

TEST(Nearest, TakesCapitalsForSmallLetters) {
  EXPECT_EQ(nearest("SGD", {"adam", "sgd"}), "sgd");
  EXPECT_EQ(nearest("c", {"gamma", "C"}), "C");
}

TEST(Nearest, FindsTheOnlyCandidateThatBeginsAsTheWord) {
  EXPECT_EQ(nearest("validate", {"train_limit", "validation"}), "validation");
  EXPECT_EQ(nearest("augmentation", {"augment", "engine"}), "augment");
  EXPECT_EQ(nearest("train_size", {"train_limit"}), std::nullopt);             // 6 of 10
  EXPECT_EQ(nearest("augmentation", {"augment", "augmented"}), std::nullopt);  // two do
}

TEST(Nearest, FindsTheOnlyCandidateWithSuchInitials) {
  EXPECT_EQ(nearest("lr", kKeys), "learning_rate");
  EXPECT_EQ(nearest("lr", {"learning_rate", "loss_rate"}), std::nullopt);
  EXPECT_EQ(nearest("e", kKeys), std::nullopt);
}

TEST(Nearest, LooksAtWordsOf64BytesAndNotOfMore) {
  const std::string longest(64, 'x');
  EXPECT_EQ(nearest(longest, {longest}), longest);
  EXPECT_EQ(nearest(longest + 'x', {longest}), std::nullopt);
}

}  // namespace
}  // namespace mnist_bench
