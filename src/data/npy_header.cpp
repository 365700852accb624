#include "data/npy_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "base/error.h"
#include "base/escape.h"
#include "data/file_signature.h"

namespace mnist_bench {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kNpyMagic = "\x93NUMPY"sv;
constexpr std::size_t kVersionEnd = 8;
constexpr std::size_t kMaxRank = 32;  // NumPy's own limit
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kCopyInCOrder =
    "save it with numpy.save(file, numpy.ascontiguousarray(array))";

/// NumPy's dictionary, as Python's repr() writes it:
/// {'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), } and spaces up to a line feed.
class NpyDictionary {
 public:
  /// text: the file up to the end of its header; the dictionary begins at `at`.
  NpyDictionary(std::string_view text, std::size_t at, const std::filesystem::path& path)
      : text_(text), at_(at), path_(path) {}

  NpyHeader parse() {
    expect("{");
    while (!take("}")) {
      parse_entry();
      if (!take(",")) {
        expect("}");
        break;
      }
    }
    const std::string_view rest = text_.substr(at_);
    if (rest.empty() || rest.back() != '\n' || rest.find_first_not_of(' ') != rest.size() - 1) {
      fail("spaces and a line feed after the dictionary");
    }
    for (const auto& [key, has] :
         {std::pair("descr", type_.has_value()), std::pair("fortran_order", order_.has_value()),
          std::pair("shape", shape_.has_value())}) {
      if (!has) fail_npy(path_, fmt::format("its header has no key '{}'", key));
    }
    if (*order_) fail_npy(path_, "its values are in Fortran order", kCopyInCOrder);
    NpyHeader header{.type = *type_, .shape = *shape_, .bytes = text_.size()};
    for (const std::int64_t dimension : header.shape) {
      if (__builtin_mul_overflow(header.count, dimension, &header.count)) {
        fail_npy(path_, "the product of the dimensions in its header is beyond 64 bits");
      }
    }
    return header;
  }

 private:
  [[noreturn]] void fail(std::string_view wanted) const {
    const std::string found = at_ >= text_.size() ? std::string("the end of the header")
                                                  : "'" + escaped(text_.substr(at_, 20)) + "'";
    fail_npy(path_,
             fmt::format("its header has {} at byte {}, where {} is expected", found, at_, wanted));
  }

  void skip_spaces() { at_ = std::min(text_.find_first_not_of(' ', at_), text_.size()); }

  bool take(std::string_view token) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  void expect(std::string_view token) {
    if (!take(token)) fail(fmt::format("'{}'", token));
  }

  void parse_entry() {
    skip_spaces();
    const std::size_t start = at_;
    const std::string key = parse_string("a key");
    expect(":");
    bool is_new = true;
    if (key == "descr") {
      is_new = !type_.has_value();
      type_ = parse_type();
    } else if (key == "fortran_order") {
      is_new = !order_.has_value();
      order_ = parse_order();
    } else if (key == "shape") {
      is_new = !shape_.has_value();
      shape_ = parse_shape();
    } else {
      at_ = start;
      fail("'descr', 'fortran_order' or 'shape'");
    }
    if (is_new) return;
    fail_npy(path_, fmt::format("its header has the key '{}' twice, again at byte {}", key, start));
  }

  /// A string without escapes.
  std::string parse_string(std::string_view wanted) {
    skip_spaces();
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) {
      const std::size_t end = text_.find(text_[at_], at_ + 1);
      if (end != std::string_view::npos) {
        const std::string_view content = text_.substr(at_ + 1, end - at_ - 1);
        if (content.find_first_of("\\\n") == std::string_view::npos) {
          at_ = end + 1;
          return std::string(content);
        }
      }
    }
    fail(wanted);
  }

  std::string parse_type() {
    skip_spaces();
    if (text_.substr(at_).starts_with('[')) {
      fail_npy(path_, "its values are records of several fields (a structured type)",
               "save one field of them, as an array of integers");
    }
    return parse_string("a type of values, such as '|u1',");
  }

  bool parse_order() {
    if (take("False")) return false;
    if (take("True")) return true;
    fail("False or True");
  }

  std::vector<std::int64_t> parse_shape() {
    std::vector<std::int64_t> shape;
    expect("(");
    while (!take(")")) {
      if (shape.size() == kMaxRank) fail(fmt::format("at most {} dimensions", kMaxRank));
      shape.push_back(parse_dimension());
      if (take(",")) continue;
      if (shape.size() == 1) fail("','");  // (3) is no tuple
      expect(")");
      break;
    }
    return shape;
  }

  std::int64_t parse_dimension() {
    skip_spaces();
    const std::string_view rest = text_.substr(at_);
    const std::string_view digits =
        rest.substr(0, std::min(rest.find_first_not_of(kDigits), rest.size()));
    std::int64_t dimension = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), dimension);
    if (error != std::errc() || (digits.size() > 1 && digits.front() == '0')) {
      fail("a dimension of at most 63 bits");
    }
    at_ += digits.size();
    return dimension;
  }

  std::string_view text_;
  std::size_t at_;
  const std::filesystem::path& path_;
  std::optional<std::string> type_;
  std::optional<bool> order_;
  std::optional<std::vector<std::int64_t>> shape_;
};

[[noreturn]] void fail_not_npy(std::string_view start, const std::filesystem::path& path) {
  const std::string_view shown = start.substr(0, kSignatureBytes);
  const auto format = recognize_format(
      std::span(reinterpret_cast<const std::uint8_t*>(shown.data()), shown.size()));
  if (format) fail_npy(path, fmt::format("not a NumPy file (.npy): it is {}", format->what));
  fail_npy(path, fmt::format("not a NumPy file (.npy): it starts with '{}' instead of '{}'",
                             escaped(start.substr(0, kNpyMagic.size())), escaped(kNpyMagic)));
}

}  // namespace

NpyHeader parse_npy_header(std::string_view start, const std::filesystem::path& path) {
  if (!start.starts_with(kNpyMagic)) {
    if (kNpyMagic.starts_with(start)) {
      fail_npy(path, fmt::format("truncated: {} bytes, less than its header", start.size()));
    }
    fail_not_npy(start, path);
  }
  const auto byte = [&](std::size_t at) -> std::size_t {
    if (at < start.size()) return static_cast<std::uint8_t>(start[at]);
    fail_npy(path, fmt::format("truncated: {} bytes, less than its header", start.size()));
  };
  const std::size_t major = byte(kNpyMagic.size());
  const std::size_t minor = byte(kNpyMagic.size() + 1);
  if (major < 1 || major > 2 || minor != 0) {
    fail_npy(path, fmt::format("version {}.{} of the format; 1.0 and 2.0 are read", major, minor),
             "save it with numpy.save, which writes version 1.0 of such an array");
  }
  const std::size_t width = major == 1 ? 2 : 4;
  std::size_t length = 0;
  for (std::size_t i = width; i-- > 0;) length = length * 256 + byte(kVersionEnd + i);
  const std::size_t begin = kVersionEnd + width;
  if (begin + length > kMaxNpyHeader) {
    fail_npy(path, fmt::format("a header of {} bytes; at most {} are read", length,
                               kMaxNpyHeader - begin));
  }
  if (begin + length > start.size()) {
    fail_npy(path, fmt::format("truncated: {} bytes, where its header alone has {}", start.size(),
                               begin + length));
  }
  return NpyDictionary(start.substr(0, begin + length), begin, path).parse();
}

void fail_npy(const std::filesystem::path& path, const std::string& cause,
              std::string_view remedy) {
  throw Error(ExitCode::data, fmt::format("cannot read {}: {}", path.string(), cause),
              std::string(remedy));
}

}  // namespace mnist_bench
