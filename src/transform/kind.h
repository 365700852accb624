#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rule.h"
#include "transform/image_shape.h"
#include "transform/transform.h"

namespace mnist_bench {

/// Makes the bytes of one image from those of another. `index`: the image's index in its file,
/// from which its random numbers are drawn, whatever part of the file is used. May be called by
/// several threads at a time.
using ImageMap = std::function<void(std::int64_t index, std::span<const std::uint8_t> in,
                                    std::span<std::uint8_t> out)>;

/// A transform made ready for images of one shape.
struct PreparedTransform {
  ImageShape output;
  ImageMap apply;
};

/// One setting of a kind of transform: "degrees" of "rotate".
struct TransformKey {
  std::string name;
  Rule rule;
  /// Absent: it has to be given.
  std::optional<Setting> default_value = std::nullopt;
  std::string meaning;
};

/// A kind of transform. SPECs, configs, their schema and reference, and the standard suite are all
/// derived from the list of these.
struct TransformKind {
  std::string_view type;
  std::string meaning;
  std::vector<TransformKey> keys;
  /// The settings of its points in the standard suite.
  std::vector<std::vector<Setting>> severities;
  /// The value of the first key that leaves images as they are; absent where none does.
  std::optional<double> unchanged_at;
  /// Throws Error(usage) for images that it cannot take.
  std::function<PreparedTransform(const std::vector<Setting>& settings, ImageShape input)> prepare;
};

/// All of them, in the order of the standard suite.
const std::vector<TransformKind>& transform_kinds();
/// The one with this name; null where there is none.
const TransformKind* find_transform_kind(std::string_view type);

/// A setting and the member of `Settings` that it fills in.
template <class Settings>
struct MemberKey {
  TransformKey key;
  std::variant<std::int64_t Settings::*, double Settings::*> member;
};

template <class Settings, class T>
MemberKey<Settings> required_key(const std::string& name, const Rule& rule, T Settings::*member,
                                 const std::string& meaning) {
  return {.key = {.name = name, .rule = rule, .meaning = meaning}, .member = member};
}

/// The default is the member's own.
template <class Settings, class T>
MemberKey<Settings> optional_key(const std::string& name, const Rule& rule, T Settings::*member,
                                 const std::string& meaning) {
  MemberKey<Settings> key = required_key(name, rule, member, meaning);
  key.key.default_value = Settings{}.*member;
  return key;
}

/// The seed of the random stream that the kind draws from.
template <class Settings>
MemberKey<Settings> seed_key(std::int64_t Settings::*member) {
  return optional_key("seed", IntegerRange{0, std::numeric_limits<std::int64_t>::max()}, member,
                      "Seed of the random numbers; not that of the run.");
}

/// A kind whose settings are the members of a struct.
template <class Settings>
TransformKind transform_kind(std::string_view type, std::string meaning,
                             std::vector<MemberKey<Settings>> keys,
                             std::vector<std::vector<Setting>> severities,
                             PreparedTransform (*prepare)(const Settings&, ImageShape),
                             std::optional<double> unchanged_at = 0.0) {
  TransformKind kind{.type = type,
                     .meaning = std::move(meaning),
                     .keys = {},
                     .severities = std::move(severities),
                     .unchanged_at = unchanged_at,
                     .prepare = {}};
  for (const MemberKey<Settings>& key : keys) kind.keys.push_back(key.key);
  kind.prepare = [keys = std::move(keys), prepare](const std::vector<Setting>& values,
                                                   ImageShape input) {
    Settings settings;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      std::visit(
          [&]<class T>(T Settings::*member) { settings.*member = std::get<T>(values.at(i)); },
          keys[i].member);
    }
    return prepare(settings, input);
  };
  return kind;
}

/// A kind without settings; with `severities` of 1 a point of the standard suite.
TransformKind transform_kind(std::string_view type, std::string meaning,
                             PreparedTransform (*prepare)(ImageShape), std::size_t severities = 0);

/// Severities of a kind whose first key takes `values`, while the others are `others`.
std::vector<std::vector<Setting>> severities(const std::vector<Setting>& values,
                                             const std::vector<Setting>& others = {});

}  // namespace mnist_bench
