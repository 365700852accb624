#include "data/data_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "data/dataset.h"
#include "data/fixtures.h"
#include "data/unreadable.h"

namespace mnist_bench {
namespace {

using test::gzip;
using test::images_file;
using test::labels_file;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DataFilesTest : public test::DatasetFolder {
 protected:
  void move_all_to(const std::string& subfolder) const {
    for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                             "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
      rename(name, subfolder + "/" + name);
    }
  }
};

TEST_F(DataFilesTest, HaveOtherSpellingsOfTheirNames) {
  rename("train-images-idx3-ubyte", "train-images.idx3-ubyte");
  rename("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte");
  rename("t10k-images-idx3-ubyte", "test-images-idx3-ubyte");
  EXPECT_EQ(load().test.size(), 20);
}

TEST_F(DataFilesTest, HaveNamesInUpperOrLowerCase) {
  rename("train-images-idx3-ubyte", "TRAIN-IMAGES-IDX3-UBYTE");
  rename("t10k-labels-idx1-ubyte", "T10k-Labels-idx1-ubyte");
  std::filesystem::remove(folder_ / "train-labels-idx1-ubyte");
  test::write(folder_ / "TRAIN-LABELS-IDX1-UBYTE.GZ", gzip(labels_file(30)));
  EXPECT_EQ(load().files[0].path, folder_ / "TRAIN-IMAGES-IDX3-UBYTE");
  EXPECT_EQ(load().train.size(), 30);
}

TEST_F(DataFilesTest, HaveEmnistsNames) {
  rename("train-images-idx3-ubyte", "emnist-letters-train-images-idx3-ubyte");
  rename("train-labels-idx1-ubyte", "emnist-letters-train-labels-idx1-ubyte");
  rename("t10k-images-idx3-ubyte", "EMNIST-Letters-test-images-idx3-ubyte");
  rename("t10k-labels-idx1-ubyte", "emnist-letters-test-labels-idx1-ubyte");
  EXPECT_EQ(load().test.size(), 20);
}

TEST_F(DataFilesTest, OfSeveralDataSetsAreRefused) {
  test::write(folder_ / "emnist-digits-train-images-idx3-ubyte.gz", gzip(images_file(30)));
  EXPECT_THAT(error(), AllOf(HasSubstr("holds files of several data sets"),
                             HasSubstr("(train-images-idx3-ubyte, emnist-digits-train-images")));
}

TEST_F(DataFilesTest, OfOneRoleThatDifferAreRefusedByName) {
  const struct {
    const char* present;
    const char* name;
    const char* role;
  } pairs[] = {{"train-images-idx3-ubyte", "train-images.idx3-ubyte", "training images"},
               {"train-labels-idx1-ubyte", "train-labels.idx1-ubyte", "training labels"},
               {"t10k-images-idx3-ubyte", "test-images-idx3-ubyte", "test images"},
               {"t10k-labels-idx1-ubyte", "T10K-LABELS-IDX1-UBYTE", "test labels"},
               {"t10k-labels-idx1-ubyte", "t10k-labels-idx1-ubyte.gz", "test labels"}};
  for (const auto& pair : pairs) {
    SCOPED_TRACE(pair.name);
    test::write(folder_ / pair.name, "other bytes");
    EXPECT_THAT(error(), AllOf(HasSubstr(pair.role), HasSubstr("differ"),
                               HasSubstr((folder_ / pair.present).string()),
                               HasSubstr((folder_ / pair.name).string())));
    std::filesystem::remove(folder_ / pair.name);
  }
}

TEST_F(DataFilesTest, OfOneRoleMayHaveTheSameUncompressedBytes) {
  test::write(folder_ / "train-images.idx3-ubyte", images_file(30));
  test::write(folder_ / "t10k-labels-idx1-ubyte.gz", gzip(labels_file(20)));
  EXPECT_EQ(load().files[3].path, folder_ / "t10k-labels-idx1-ubyte");  // the raw one is faster
  test::write(folder_ / "t10k-labels-idx1-ubyte.gz", gzip(labels_file(20) + "x"));
  EXPECT_THAT(error(), HasSubstr("test labels"));
}

TEST_F(DataFilesTest, OfOneRoleAreAllStamped) {
  const auto before = file_stamps(folder_.path());
  EXPECT_EQ(before.size(), 4U);
  test::write(folder_ / "train-labels.idx1-ubyte", labels_file(30));
  EXPECT_EQ(file_stamps(folder_.path()).size(), 5U);
  EXPECT_NE(file_stamps(folder_.path()), before);
}

TEST_F(DataFilesTest, AreNotHiddenByFoldersOfTheirNames) {
  const auto inner = folder_ / "train-images.idx3-ubyte" / "train-images.idx3-ubyte";
  std::filesystem::create_directory(inner.parent_path());
  EXPECT_EQ(load().files[0].path, folder_ / "train-images-idx3-ubyte");
  std::filesystem::copy_file(folder_ / "train-images-idx3-ubyte", inner);
  EXPECT_EQ(load().files[0].path, folder_ / "train-images-idx3-ubyte");
  test::write(inner, "other bytes");
  EXPECT_THAT(error(), AllOf(HasSubstr("could be the training images, and they differ"),
                             HasSubstr(inner.string())));
}

TEST_F(DataFilesTest, MayLieInFoldersOfTheirNames) {
  rename("train-images-idx3-ubyte", "x");
  rename("x", "train-images-idx3-ubyte/train-images-idx3-ubyte");
  EXPECT_EQ(load().files[0].path, folder_ / "train-images-idx3-ubyte" / "train-images-idx3-ubyte");
  test::write(folder_ / "train-images-idx3-ubyte" / "train-images-idx3-ubyte.gz", "differs");
  EXPECT_THAT(error(), HasSubstr("training images"));
}

TEST_F(DataFilesTest, AreNotTheFoldersOfTheirNames) {
  std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
  std::filesystem::create_directory(folder_ / "train-images-idx3-ubyte");
  EXPECT_THAT(error(), HasSubstr("train-images-idx3-ubyte: it is a folder"));
}

TEST_F(DataFilesTest, ThatAreMissingAreNamedWithWhatIsThere) {
  rename("train-labels-idx1-ubyte", "labels");
  rename("t10k-images-idx3-ubyte", "pictures");
  std::filesystem::create_directory(folder_ / "old");
  EXPECT_THAT(error(),
              AllOf(HasSubstr(folder_.path().string()),
                    HasSubstr("lacks train-labels-idx1-ubyte, t10k-images-idx3-ubyte (raw or .gz)"),
                    HasSubstr("it holds labels, t10k-labels-idx1-ubyte, train-images-idx3-ubyte, "
                              "old/ and pictures")));
}

TEST_F(DataFilesTest, AmongManyOthersAreNamedFirst) {
  for (int i = 0; i < 20; ++i) test::write(folder_ / ("a" + std::to_string(i)), "x");
  rename("train-labels-idx1-ubyte", "z-labels");
  EXPECT_THAT(error(), AllOf(HasSubstr("z-labels"), HasSubstr("and 18 more")));
}

TEST_F(DataFilesTest, AreAllNamedWhereThereIsNone) {
  const test::TemporaryFolder empty;
  EXPECT_THAT(test::data_error([&] { (void)load_dataset(empty.path()); }),
              AllOf(HasSubstr("train-images-idx3-ubyte"), HasSubstr("train-labels-idx1-ubyte"),
                    HasSubstr("t10k-images-idx3-ubyte"), HasSubstr("t10k-labels-idx1-ubyte"),
                    HasSubstr("it is empty")));
}

TEST_F(DataFilesTest, InAFolderBelowAreFound) {
  move_all_to("MNIST/raw");
  EXPECT_THAT(error(), HasSubstr("it holds MNIST/"));
  EXPECT_THAT(remedy(), AllOf(HasSubstr((folder_ / "MNIST" / "raw").string()),
                              HasSubstr("name that folder")));  // in a config or as an argument
}

TEST_F(DataFilesTest, WithAnotherEndingAreNamed) {
  rename("train-labels-idx1-ubyte", "train-labels-idx1-ubyte.bin");
  EXPECT_THAT(error(), HasSubstr("train-labels-idx1-ubyte.bin"));
  EXPECT_THAT(remedy(), HasSubstr("rename it to train-labels-idx1-ubyte"));
}

TEST_F(DataFilesTest, WithNearlyTheirNamesAreNamed) {
  for (const char* name : {"train-labels-idx1", "Train_Labels_idx1_ubyte"}) {
    rename("train-labels-idx1-ubyte", name);
    EXPECT_THAT(error(), HasSubstr(name));
    EXPECT_THAT(remedy(), HasSubstr(std::string(name) + " is nearly train-labels-idx1-ubyte"));
    rename(name, "train-labels-idx1-ubyte");
  }
}

TEST_F(DataFilesTest, OfQmnistsLabelsAreNamed) {
  rename("train-labels-idx1-ubyte", "train-labels-idx2-int");
  EXPECT_THAT(error(), HasSubstr("train-labels-idx2-int"));
  EXPECT_THAT(remedy(), AllOf(HasSubstr("train-labels-idx2-int"), HasSubstr("QMNIST")));
}

TEST_F(DataFilesTest, InARelativeFolderAreSaidToBeRelativeToTheCurrentOne) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  const std::string current = std::filesystem::current_path().string();
  const std::string missing = test::data_error([] { (void)load_dataset("nowhere"); });
  std::filesystem::create_directory("empty");
  const std::string lacking = test::data_error([] { (void)load_dataset("empty"); });
  std::filesystem::current_path(before);
  EXPECT_THAT(missing, HasSubstr("nowhere (relative to " + current + ")"));
  EXPECT_THAT(lacking, HasSubstr("empty (relative to " + current + ")"));
  EXPECT_THAT(test::data_error([&] { (void)load_dataset(folder_ / "empty"); }),
              Not(HasSubstr("relative")));
}

TEST_F(DataFilesTest, ThatAreBrokenLinksAreReportedAsSuch) {
  rename("train-images-idx3-ubyte", "gone");
  std::filesystem::create_symlink("../store/images", folder_ / "train-images-idx3-ubyte");
  EXPECT_THAT(error(),
              AllOf(HasSubstr("cannot read " + (folder_ / "train-images-idx3-ubyte").string()),
                    HasSubstr("it is a link to ../store/images, which does not exist")));
  EXPECT_THAT(remedy(), HasSubstr("restore the file that the link points to"));
  EXPECT_THAT(test::data_error([&] { (void)file_stamps(folder_.path()); }),
              HasSubstr("a link to ../store/images"));
  std::filesystem::create_symlink("nowhere", folder_ / "data");
  const std::filesystem::path below = folder_ / "data" / "mnist";
  EXPECT_THAT(test::data_error([&] { (void)load_dataset(below); }),
              HasSubstr((folder_ / "data").string() + " is a link to nowhere"));
}

TEST(Unreadable, FilesAreReportedWithTheSystemsReason) {
  std::string remedy;
  const auto message = [&](int error) {
    return test::data_error([&] { fail_unreadable("/x/y", "/x/y", error, "otherwise"); }, &remedy);
  };
  EXPECT_EQ(message(EACCES), "cannot read /x/y: Permission denied");
  EXPECT_THAT(remedy, HasSubstr("chmod u+r"));
  EXPECT_EQ(message(EIO), "cannot read /x/y: Input/output error");
  EXPECT_EQ(remedy, "otherwise");
}

TEST_F(DataFilesTest, WithoutPermissionAreNotCalledDamaged) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  ::chmod((folder_ / "train-images-idx3-ubyte").c_str(), 0);
  EXPECT_THAT(error(), HasSubstr("Permission denied"));
  EXPECT_THAT(remedy(), AllOf(HasSubstr("chmod"), Not(HasSubstr("undamaged"))));
}

TEST_F(DataFilesTest, InAMissingFolderAreRefusedWithWhatToSet) {
  std::string text;
  EXPECT_THAT(test::data_error([&] { (void)load_dataset(folder_ / "nowhere"); }, &text),
              AllOf(HasSubstr("nowhere"), HasSubstr("No such file")));
  EXPECT_THAT(text, HasSubstr("data.directory"));
  EXPECT_THAT(test::data_error([&] { (void)load_dataset(folder_ / "train-images-idx3-ubyte"); }),
              HasSubstr("Not a directory"));
}

}  // namespace
}  // namespace mnist_bench
