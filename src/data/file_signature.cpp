#include "data/file_signature.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace mnist_bench {
namespace {

using std::string_view_literals::operator""sv;

struct Signature {
  std::string_view start;
  ForeignFormat format;
};

constexpr std::string_view kUnpack = "unpack it, and use the IDX files that it holds";
constexpr std::string_view kRewrite = "write its contents as IDX files of unsigned bytes";

constexpr std::string_view kReadAndFetch =
    "open it to see what the server says, and fetch the file itself";

constexpr std::array kSignatures = {
    Signature{"<?xml"sv, {"an XML document, as a server sends instead of a file", kReadAndFetch}},
    Signature{"version https://git-lfs"sv,
              {"a Git LFS pointer instead of the file", "run 'git lfs pull' where it comes from"}},
    Signature{"PK\3\4"sv, {"a zip archive", kUnpack}},
    Signature{"PK\5\6"sv, {"an empty zip archive", "fetch the file again"}},
    Signature{"\x1f\x8b"sv, {"compressed by gzip twice", "decompress it once: gunzip"}},
    Signature{"BZh"sv, {"compressed by bzip2", "decompress it: bunzip2"}},
    Signature{"\xfd"
              "7zXZ\0"sv,
              {"compressed by xz", "decompress it: unxz"}},
    Signature{"\x28\xb5\x2f\xfd"sv, {"compressed by zstd", "decompress it: unzstd"}},
    Signature{"7z\xbc\xaf\x27\x1c"sv, {"a 7z archive", kUnpack}},
    Signature{"Rar!"sv, {"a RAR archive", kUnpack}},
    Signature{"\x93NUMPY"sv, {"a NumPy array (.npy)", kRewrite}},
    Signature{"\x89HDF\r\n\x1a\n"sv, {"an HDF5 file", kRewrite}},
    Signature{"PAR1"sv, {"a Parquet file", kRewrite}},
    Signature{"MATLAB 5.0"sv, {"a MATLAB file (.mat)", kRewrite}},
    Signature{"\x80\2"sv, {"a Python pickle", kRewrite}},
    Signature{"\x80\3"sv, {"a Python pickle", kRewrite}},
    Signature{"\x80\4"sv, {"a Python pickle", kRewrite}},
    Signature{"\x89PNG"sv, {"a PNG image", kRewrite}},
    Signature{"\xff\xd8\xff"sv, {"a JPEG image", kRewrite}},
};

bool is_markup(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '<') return false;
  text.remove_prefix(first + 1);
  return !text.empty() && (text.front() == '!' || text.front() == '?' ||
                           std::isalpha(static_cast<unsigned char>(text.front())) != 0);
}

}  // namespace

std::optional<ForeignFormat> recognize_format(std::span<const std::uint8_t> start) {
  const std::string text(start.begin(), start.end());
  const auto* const known =
      std::find_if(kSignatures.begin(), kSignatures.end(), [&](const Signature& signature) {
        return std::string_view(text).starts_with(signature.start);
      });
  if (known != kSignatures.end()) return known->format;
  if (is_markup(text)) {
    return ForeignFormat{"an HTML page, as a server sends instead of a file", kReadAndFetch};
  }
  return std::nullopt;
}

}  // namespace mnist_bench
