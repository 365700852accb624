#include "transform/transform.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/error.h"
#include "base/escape.h"
#include "base/number.h"
#include "transform/kind.h"

namespace mnist_bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr const char* kIdentity = "identity";

/// An integer without a loss, else a number, else the text itself, which no rule accepts.
json value_of(std::string_view text) {
  std::int64_t integer = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, integer);
  if (error == std::errc() && rest == end) return integer;
  const std::optional<double> number = number_in(text);
  return number && std::isfinite(*number) ? json(*number) : json(std::string(text));
}

/// Calls `use` for each of the parts of `text` between `separator`s. A '+' after '=' is a sign.
template <class Use>
void for_each_part(std::string_view text, char separator, const Use& use) {
  while (true) {
    std::size_t end = text.find(separator);
    while (separator == '+' && end != std::string_view::npos &&
           text.substr(0, end).ends_with('=')) {
      end = text.find(separator, end + 1);
    }
    use(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

class SpecReader {
 public:
  SpecReader(std::string_view spec, std::string_view origin) : spec_(spec), origin_(origin) {}

  [[nodiscard]] json read() const {
    json list = json::array();
    for_each_part(spec_, '+', [&](std::string_view part) { list.push_back(transform_in(part)); });
    return list;
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(ExitCode::usage, fmt::format("{} {}: {}", origin_, escaped(spec_), problem),
                "write name:key=value,key=value and join several with '+': "
                "rotate:degrees=15+shift:dx=2");
  }

 private:
  [[nodiscard]] json transform_in(std::string_view part) const {
    const std::size_t colon = part.find(':');
    const std::string_view type = part.substr(0, colon);
    if (type.empty()) fail("a transform's name is empty");
    json transform = {{"type", std::string(type)}};
    if (colon == std::string_view::npos) return transform;
    for_each_part(part.substr(colon + 1), ',', [&](std::string_view setting) {
      const std::size_t equals = setting.find('=');
      const std::string name(setting.substr(0, equals));
      if (name.empty() || equals == std::string_view::npos) {
        fail(fmt::format("'{}' is not of the form key=value", escaped(setting)));
      }
      if (transform.contains(name)) fail(fmt::format("'{}' is given twice", escaped(name)));
      transform[name] = value_of(setting.substr(equals + 1));
    });
    return transform;
  }

  std::string_view spec_;
  std::string_view origin_;
};

}  // namespace

std::optional<Problem> problem_in_transforms(const json& list) {
  return problem_in_list(list, forms_of(transform_kinds()));
}

void from_json(const json& value, Transform& transform) {
  const TransformKind& kind = *find_transform_kind(value.at("type").get_ref<const std::string&>());
  transform = {.type = std::string(kind.type), .settings = settings_from(value, kind)};
}

void to_json(ordered_json& value, const Transform& transform) {
  value = json_from(transform.settings, *find_transform_kind(transform.type));
}

TransformChain parse_spec(std::string_view spec, std::string_view origin) {
  const SpecReader reader(spec, origin);
  const json list = reader.read();
  if (const auto problem = problem_in_transforms(list)) {
    std::string where = problem->where.empty() ? "" : problem->where.back();
    if (where == "type") where.clear();
    reader.fail(where.empty() ? problem->text : where + ": " + problem->text);
  }
  return list.get<TransformChain>();
}

std::string canonical_spec(const TransformChain& chain) {
  std::string spec;
  for (const Transform& transform : chain) {
    if (transform.type == kIdentity) continue;
    if (!spec.empty()) spec += '+';
    spec += spec_from(transform.settings, *find_transform_kind(transform.type));
  }
  return spec.empty() ? kIdentity : spec;
}

}  // namespace mnist_bench
