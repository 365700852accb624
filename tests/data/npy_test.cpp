#include "data/npy.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "base/temporary_folder.h"
#include "data/fixtures.h"

namespace mnist_bench {
namespace {

using test::data_error;
using test::TemporaryFolder;
using test::write;
using Bytes = std::vector<std::uint8_t>;
using Shape = std::vector<std::int64_t>;

const std::filesystem::path kArrays = MNIST_BENCH_SOURCE "/tests/data/numpy";

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A file of version 1.0 with this dictionary.
std::string npy_file(const std::string& dictionary, const std::string& values) {
  const auto length = static_cast<char>(dictionary.size() + 1);
  return std::string("\x93NUMPY\x01\x00", 8) + length + '\0' + dictionary + '\n' + values;
}

/// What is said of a file with these bytes, after its name.
std::string npy_error(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto path = write(folder / "a.npy", bytes);
  const std::string message = data_error([&] { read_npy_integers(path, 10); });
  const std::string start = "cannot read " + path.string() + ": ";
  EXPECT_EQ(message.substr(0, start.size()), start);
  return message.substr(std::min(start.size(), message.size()));
}

/// The same of a file of three bytes with this dictionary.
std::string dictionary_error(const std::string& dictionary) {
  return npy_error(npy_file(dictionary, "\1\2\3"));
}

NpyArray read_with(const std::string& dictionary, const std::string& values) {
  const TemporaryFolder folder;
  return read_npy_integers(write(folder / "a.npy", npy_file(dictionary, values)), 10);
}

TEST(Npy, ReadsIntegersOfEveryTypeThatNumPyWrites) {
  std::size_t count = 0;
  for (const std::string order : {"", "little-", "big-"}) {
    for (const std::string type : {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"}) {
      const auto path = kArrays / (order + type + ".npy");
      if (order.empty() != (type[1] == '1')) continue;
      SCOPED_TRACE(path.string());
      const NpyArray array = read_npy_integers(path, 10);
      EXPECT_EQ(array.shape, Shape{3});
      EXPECT_EQ(array.values, (Bytes{3, 0, 9}));
      ++count;
    }
  }
  EXPECT_EQ(count, 14U);
}

TEST(Npy, ReadsBytesRowByRow) {
  const NpyArray array = read_npy_bytes(kArrays / "bytes-2x3x2.npy");
  EXPECT_EQ(array.shape, (Shape{2, 3, 2}));
  EXPECT_EQ(array.values, (Bytes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(Npy, ReadsVersionTwo) {
  EXPECT_EQ(read_npy_bytes(kArrays / "version-2.npy").values, (Bytes{3, 0, 9}));
}

TEST(Npy, ReadsASingleValueAndNone) {
  const NpyArray single =
      read_with("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "\7");
  EXPECT_EQ(single.shape, Shape{});
  EXPECT_EQ(single.values, Bytes{7});
  const NpyArray none =
      read_with("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 28), }", "");
  EXPECT_EQ(none.shape, (Shape{0, 28}));
  EXPECT_EQ(none.values, Bytes{});
}

TEST(Npy, ReadsTheKeysInAnyOrderWithOrWithoutSpaces) {
  EXPECT_EQ(read_with("{'shape':(3,),'descr':'|u1','fortran_order':False}", "\1\2\3").shape,
            Shape{3});
  EXPECT_EQ(read_with("{ \"fortran_order\" : False , 'shape' : ( 1 , 3 , ) , "
                      "\"descr\" : \"|u1\" , }    ",
                      "\1\2\3")
                .shape,
            (Shape{1, 3}));
}

TEST(Npy, RefusesAnotherDictionaryWhereItDiffers) {
  const std::string sound = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }";
  EXPECT_EQ(read_with(sound, "\1\2\3").values.size(), 3U);
  EXPECT_EQ(dictionary_error("['descr']"),
            "its header has '['descr']\\x0a' at byte 10, where '{' is expected");
  EXPECT_EQ(dictionary_error("{'descr': '|u1', 'fortran_order': False, 'shape': (3), }"),
            "its header has '), }\\x0a' at byte 62, where ',' is expected");
  EXPECT_EQ(dictionary_error("{'descr': '|u1', 'fortran_order': False, 'shape': (-3,), }"),
            "its header has '-3,), }\\x0a' at byte 61, where a dimension of at most 63 bits is "
            "expected");
  EXPECT_EQ(
      dictionary_error("{'descr': '|u1', 'fortran_order': 0, 'shape': (3,), }"),
      "its header has '0, 'shape': (3,), }\\x0a' at byte 44, where False or True is expected");
  EXPECT_EQ(
      dictionary_error("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), 'x': 1}"),
      "its header has ''x': 1}\\x0a' at byte 66, where 'descr', 'fortran_order' or 'shape' is "
      "expected");
  EXPECT_EQ(dictionary_error("{'descr': '|u1', 'fortran_order': False, 'shape': (3,)"),
            "its header has '\\x0a' at byte 64, where '}' is expected");
  EXPECT_EQ(dictionary_error("{'descr': '|u1"),
            "its header has ''|u1\\x0a' at byte 20, where a type of values, such as '|u1', is "
            "expected");
  EXPECT_EQ(dictionary_error(sound + "x"),
            "its header has 'x\\x0a' at byte 67, where spaces and a line feed after the dictionary "
            "is expected");
}

TEST(Npy, RefusesMissingAndRepeatedKeys) {
  EXPECT_EQ(dictionary_error("{'descr': '|u1', 'shape': (3,), }"),
            "its header has no key 'fortran_order'");
  EXPECT_EQ(dictionary_error("{}"), "its header has no key 'descr'");
  EXPECT_EQ(dictionary_error("{'descr': '|u1', 'descr': '|u1'}"),
            "its header has the key 'descr' twice, again at byte 27");
}

TEST(Npy, RefusesADictionaryWithoutALineFeed) {
  std::string bytes = npy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", "");
  bytes.back() = ' ';
  EXPECT_EQ(npy_error(bytes),
            "its header has ' ' at byte 67, where spaces and a line feed after the dictionary is "
            "expected");
}

TEST(Npy, RefusesValuesOfAnotherType) {
  const auto error = [](const char* name) {
    const std::string text = npy_error(bytes_of(kArrays / name));
    return text.substr(0, text.find(';'));
  };
  EXPECT_EQ(error("float32-2x3.npy"), "it holds floating-point numbers of type '<f4'");
  EXPECT_EQ(error("records.npy"), "its values are records of several fields (a structured type)");
  EXPECT_EQ(error("fortran.npy"), "its values are in Fortran order");
  EXPECT_EQ(data_error([] { read_npy_bytes(kArrays / "little-i8.npy"); }),
            "cannot read " + (kArrays / "little-i8.npy").string() +
                ": it holds integers of type '<i8'; unsigned bytes ('|u1') are read");
  for (const std::string type :
       {"<u1", "|u2", "=u2", "u2", "<u3", "<u16", "<i", "", "<U1", "|O", "|b1"}) {
    const auto text =
        dictionary_error("{'descr': '" + type + "', 'fortran_order': False, 'shape': (3,), }");
    EXPECT_NE(text.find("of type '" + type + "'"), std::string::npos) << text;
  }
}

TEST(Npy, RefusesOtherVersions) {
  std::string bytes = bytes_of(kArrays / "version-2.npy");
  bytes[6] = 3;
  EXPECT_EQ(npy_error(bytes), "version 3.0 of the format; 1.0 and 2.0 are read");
  bytes = bytes_of(kArrays / "u1.npy");
  bytes[7] = 1;
  EXPECT_EQ(npy_error(bytes), "version 1.1 of the format; 1.0 and 2.0 are read");
}

TEST(Npy, RefusesOtherFilesSayingWhatTheyAre) {
  EXPECT_EQ(npy_error("PK\3\4 and more"), "not a NumPy file (.npy): it is a zip archive");
  EXPECT_EQ(npy_error("NUMPY!!"),
            "not a NumPy file (.npy): it starts with 'NUMPY!' instead of '\\x93NUMPY'");
}

TEST(Npy, RefusesAFileCutAnywhere) {
  for (const char* name : {"big-u2.npy", "version-2.npy"}) {
    const std::string whole = bytes_of(kArrays / name);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(npy_error(whole.substr(0, size)).substr(0, 10), "truncated:") << size;
    }
  }
  EXPECT_EQ(npy_error(bytes_of(kArrays / "big-u2.npy").substr(0, 133)),
            "truncated: 133 bytes, where its header of 128 bytes announces (3) values, 134 bytes "
            "together");
}

TEST(Npy, RefusesTrailingBytes) {
  EXPECT_EQ(npy_error(bytes_of(kArrays / "u1.npy") + '\0'),
            "trailing bytes: 132 bytes, where its header of 128 bytes announces (3) values, 131 "
            "bytes together");
}

TEST(Npy, RefusesShapesBeyondTheFileBeforeItAllocates) {
  const auto error = [](const std::string& type, const std::string& shape) {
    return dictionary_error("{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape +
                            "), }");
  };
  EXPECT_EQ(error("|u1", "4611686018427387904, 4"),
            "the product of the dimensions in its header is beyond 64 bits");
  EXPECT_EQ(error("<u8", "4611686018427387904,"),
            "(4611686018427387904) values are more than 1 GiB");
  EXPECT_EQ(error("|u1", "1073741825,"), "(1073741825) values are more than 1 GiB");
  EXPECT_EQ(error("|u1", "1073741824,").substr(0, 10), "truncated:");
  EXPECT_NE(error("|u1", "9223372036854775808,").find("at most 63 bits"), std::string::npos);
  EXPECT_NE(error("|u1", "03,").find("at most 63 bits"), std::string::npos);
  std::string ones;
  for (int i = 0; i < 33; ++i) ones += "1,";
  EXPECT_NE(error("|u1", ones).find("at most 32 dimensions"), std::string::npos);
}

TEST(Npy, RefusesAHeaderBeyondNumPysOwnLimit) {
  std::string bytes = bytes_of(kArrays / "version-2.npy");
  bytes[10] = 1;  // of four, 64 KiB more
  EXPECT_EQ(npy_error(bytes), "a header of 65652 bytes; at most 10000 are read");
}

TEST(Npy, NamesAValueOutOfRangeByIndexAndByte) {
  const auto error = [](const std::string& type, const std::string& values) {
    const std::string text = npy_error(
        npy_file("{'descr': '" + type + "', 'fortran_order': False, 'shape': (2,), }", values));
    return text.substr(0, text.find(';'));
  };
  EXPECT_EQ(error("|u1", "\x09\x0a"), "value 10 at index 1 (byte 69)");
  EXPECT_EQ(error("|i1", "\xff\x09"), "value -1 at index 0 (byte 68)");
  EXPECT_EQ(error("<i2", std::string("\x00\x01\x09\x00", 4)), "value 256 at index 0 (byte 68)");
  EXPECT_EQ(error(">i2", std::string("\x00\x01\xff\xfe", 4)), "value -2 at index 1 (byte 70)");
  EXPECT_EQ(error("<u8", std::string(8, '\0') + std::string(8, '\xff')),
            "value 18446744073709551615 at index 1 (byte 76)");
  EXPECT_EQ(error(">i8", '\x80' + std::string(15, '\0')),
            "value -9223372036854775808 at index 0 (byte 68)");
}

TEST(Npy, TakesEveryByteWhereTheLimitIs256) {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& type, const std::string& value) {
    const std::string file =
        npy_file("{'descr': '" + type + "', 'fortran_order': False, 'shape': (1,), }", value);
    return read_npy_integers(write(folder / "a.npy", file), 256).values.at(0);
  };
  EXPECT_EQ(read("|u1", "\xff"), 255);
  EXPECT_EQ(read("<i2", std::string("\xff\x00", 2)), 255);
  EXPECT_EQ(read(">u4", std::string("\x00\x00\x00\xff", 4)), 255);
}

TEST(Npy, DoesNotBlockOnAPipe) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THROW(read_npy_bytes(folder / "pipe"), Error);
  EXPECT_THROW(read_npy_bytes(folder.path()), Error);
  EXPECT_THROW(read_npy_bytes(folder / "none"), Error);
}

TEST(NpyBytes, AreThoseThatNumPyWrites) {
  const float nan = std::bit_cast<float>(0x7fc00000U);
  const std::array values = {0.0F,   1.0F, 0.5F,
                             1e-30F, nan,  -std::numeric_limits<float>::infinity()};
  EXPECT_EQ(npy_bytes(values, 2, 3), bytes_of(kArrays / "float32-2x3.npy"));
  const std::vector<float> zeros(10'000);
  const std::string large = npy_bytes(zeros, 1000, 10);
  EXPECT_EQ(large.substr(0, 128), bytes_of(kArrays / "float32-1000x10.header"));
  EXPECT_EQ(large.size(), 128U + 40'000U);
}

}  // namespace
}  // namespace mnist_bench
