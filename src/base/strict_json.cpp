#include "base/strict_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/error.h"

namespace mnist_bench {
namespace {

using nlohmann::json;

/// More than any config needs, and far below the depth at which recursive code (dump, destructors)
/// overflows the stack.
constexpr std::size_t kMaxDepth = 64;

/// What a message starts with; nothing where its reader adds the file's name.
std::string prefix(std::string_view origin) {
  return origin.empty() ? std::string() : fmt::format("{}: ", origin);
}

[[noreturn]] void fail_in_line(std::string_view text, std::size_t offset, std::string_view origin,
                               const std::string& reason) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0: the first line
  throw Error(ExitCode::usage, fmt::format("{}line {}, column {}: {}", prefix(origin), line,
                                           before.size() - line_start + 1, reason));
}

/// What nlohmann's exception says, without its own prefix and position.
std::string reason_of(const std::string& what) {
  std::string reason = what.substr(what.find("] ") + 2);
  if (reason.starts_with("parse error")) reason = reason.substr(reason.find(": ") + 2);
  return escaped(reason);
}

/// Builds the value from parse events, so that nesting costs no stack and duplicates are seen.
class Builder : public nlohmann::json_sax<json> {
 public:
  Builder(std::string_view text, std::string_view origin) : text_(text), origin_(origin) {}

  json take() { return std::move(root_); }

  bool null() override { return insert(nullptr) != nullptr; }
  bool boolean(bool value) override { return insert(value) != nullptr; }
  bool number_integer(std::int64_t value) override { return insert(value) != nullptr; }
  bool number_unsigned(std::uint64_t value) override { return insert(value) != nullptr; }
  bool number_float(double value, const std::string&) override { return insert(value) != nullptr; }
  bool string(std::string& value) override {
    if (value.find('\0') != std::string::npos) fail("NUL in a string");
    return insert(std::move(value)) != nullptr;
  }
  bool binary(json::binary_t&) override { return false; }  // not in JSON text

  bool key(std::string& name) override {
    const bool has_nul = name.find('\0') != std::string::npos;
    open_.back().key = has_nul ? std::string() : std::move(name);
    if (has_nul) fail_at(next().parent_pointer(), "NUL in a key");
    if (open_.back().value->contains(open_.back().key)) fail("duplicate key");
    return true;
  }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    fail_in_line(text_, position > 0 ? position - 1 : 0, origin_, reason_of(error.what()));
  }

 private:
  /// A container around the next value.
  struct Open {
    json* value;
    std::string key;  // of the next value, in an object
  };

  /// The pointer to the next value. Built for messages only: keeping it up to date would cost each
  /// value the length of all keys around it.
  [[nodiscard]] json::json_pointer next() const {
    json::json_pointer pointer;
    for (const Open& open : open_) {
      if (open.value->is_object()) {
        pointer /= open.key;
      } else {  // only the innermost array does not yet hold the next value
        pointer /= open.value->size() - (&open == &open_.back() ? 0 : 1);
      }
    }
    return pointer;
  }

  json* insert(json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    json& parent = *open_.back().value;
    if (!parent.is_array()) return &(parent[open_.back().key] = std::move(value));
    parent.push_back(std::move(value));
    return &parent.back();
  }

  bool open(json container) {
    if (open_.size() == kMaxDepth) fail(fmt::format("nested deeper than {} levels", kMaxDepth));
    open_.push_back({.value = insert(std::move(container)), .key = {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  /// Refuses the next value, or its key.
  [[noreturn]] void fail(const std::string& reason) const { fail_at(next(), reason); }

  [[noreturn]] void fail_at(const json::json_pointer& pointer, const std::string& reason) const {
    const std::string location = pointer.empty() ? "" : escaped(pointer.to_string()) + ": ";
    throw Error(ExitCode::usage, fmt::format("{}{}{}", prefix(origin_), location, reason));
  }

  std::string_view text_;
  std::string_view origin_;
  json root_;
  std::vector<Open> open_;  // outermost first
};

}  // namespace

void require_utf8(std::string_view text, std::string_view origin) {
  for (std::size_t offset = 0; offset < text.size();) {
    if (text[offset] == '\0') fail_in_line(text, offset, origin, "NUL byte");
    const std::size_t length = utf8_sequence(text.substr(offset));
    if (length == 0) fail_in_line(text, offset, origin, "a byte that is not UTF-8");
    offset += length;
  }
}

json parse_strict_json(std::string_view text, std::string_view origin, bool comments) {
  // nlohmann treats NUL as the end of the text and does not check comments.
  require_utf8(text, origin);
  Builder builder(text, origin);
  json::sax_parse(text.begin(), text.end(), &builder, json::input_format_t::json,
                  /*strict=*/true, /*ignore_comments=*/comments);
  return builder.take();
}

std::string excerpt(const json& value) {
  return escaped(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace mnist_bench
