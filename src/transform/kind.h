#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/rule.h"
#include "transform/form.h"
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

/// A kind of transform. SPECs, configs, their schema and reference, and the standard suite are all
/// derived from the list of these.
struct TransformKind : TransformForm {
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
  std::function<void(Settings&, const Setting&)> set;
};

template <class Settings, class T>
MemberKey<Settings> required_key(const std::string& name, const Rule& rule, T Settings::*member,
                                 const std::string& meaning) {
  return {.key = {.name = name, .rule = rule, .meaning = meaning},
          .set = [member](Settings& settings, const Setting& value) {
            settings.*member = std::get<T>(value);
          }};
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

template <class Settings>
std::vector<TransformKey> keys_of(const std::vector<MemberKey<Settings>>& members) {
  std::vector<TransformKey> keys;
  for (const MemberKey<Settings>& member : members) keys.push_back(member.key);
  return keys;
}

/// The struct of these values, which are in the order of the keys.
template <class Settings>
Settings filled_in(const std::vector<MemberKey<Settings>>& keys,
                   const std::vector<Setting>& values) {
  Settings settings;
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i].set(settings, values.at(i));
  return settings;
}

/// A kind whose settings are the members of a struct.
template <class Settings>
TransformKind transform_kind(std::string_view type, const std::string& meaning,
                             std::vector<MemberKey<Settings>> keys,
                             std::vector<std::vector<Setting>> severities,
                             PreparedTransform (*prepare)(const Settings&, ImageShape),
                             std::optional<double> unchanged_at = 0.0) {
  TransformForm form{.type = type, .meaning = meaning, .keys = keys_of(keys)};
  auto prepare_from = [keys = std::move(keys), prepare](const std::vector<Setting>& values,
                                                        ImageShape input) {
    return prepare(filled_in(keys, values), input);
  };
  return {std::move(form), std::move(severities), unchanged_at, std::move(prepare_from)};
}

/// A kind without settings; with `severities` of 1 a point of the standard suite.
TransformKind transform_kind(std::string_view type, std::string meaning,
                             PreparedTransform (*prepare)(ImageShape), std::size_t severities = 0);

/// Severities of a kind whose first key takes `values`, while the others are `others`.
std::vector<std::vector<Setting>> severities(const std::vector<Setting>& values,
                                             const std::vector<Setting>& others = {});

}  // namespace mnist_bench
