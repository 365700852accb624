#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json_of.h"
#include "record/json_value.h"

namespace mnist_bench {

/// A member of an object of a record. Writer, reader and columns are all derived from the lists of
/// these in record_fields.cpp.
template <class Struct>
struct Field {
  std::string name;
  std::function<nlohmann::ordered_json(const Struct&)> write;
  /// Takes the object that has the member.
  std::function<void(Struct&, const JsonValue&)> read;
  /// Where it is a column of a report, for its reader.
  std::string meaning = {};
  /// How many members of `Struct` it holds.
  std::size_t members = 1;
  /// Whether the member is not written; null: it always is.
  std::function<bool(const Struct&)> is_left_out = {};
};

template <class Struct>
using Fields = std::vector<Field<Struct>>;

template <class Struct>
nlohmann::ordered_json write_fields(const Fields<Struct>& fields, const Struct& record) {
  auto json = nlohmann::ordered_json::object();
  for (const Field<Struct>& field : fields) {
    if (field.is_left_out && field.is_left_out(record)) continue;
    json[field.name] = field.write(record);
  }
  return json;
}

/// `record` with the members that `json` has. Throws Error(io) where one is lacking or is not what
/// belongs there.
template <class Struct>
Struct read_fields(const Fields<Struct>& fields, const JsonValue& json, Struct record = {}) {
  for (const Field<Struct>& field : fields) field.read(record, json);
  return record;
}

/// The one of that name, which must be there.
template <class Struct>
const Field<Struct>& field_of(const Fields<Struct>& fields, const std::string& name) {
  for (const Field<Struct>& field : fields) {
    if (field.name == name) return field;
  }
  throw std::invalid_argument("no field is called " + name);
}

/// A value that `getter` takes from JSON. An optional one is null where it is absent, and may lack.
template <class Struct, class T, class Value>
Field<Struct> field(const std::string& name, T Struct::*member, Value (JsonValue::*getter)() const,
                    const std::string& meaning = {}) {
  Field<Struct> field;
  field.name = name;
  field.write = [member](const Struct& record) { return json_of(record.*member); };
  field.read = [name, member, getter](Struct& record, const JsonValue& json) {
    if constexpr (kIsOptional<T>) {
      record.*member = json.optional(name.c_str(), getter);
    } else {
      record.*member = (json.at(name.c_str()).*getter)();
    }
  };
  field.meaning = meaning;
  return field;
}

/// A number that is null where it is not finite.
template <class Struct>
Field<Struct> finite_or_null(const std::string& name, double Struct::*member,
                             double (JsonValue::*getter)() const) {
  Field<Struct> finite = field(name, member, getter);
  finite.read = [name, member, getter](Struct& record, const JsonValue& json) {
    const JsonValue value = json.at(name.c_str());
    record.*member = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : (value.*getter)();
  };
  return finite;
}

/// A field that older records may lack: the member then keeps its default.
template <class Struct>
Field<Struct> may_lack(Field<Struct> field) {
  field.read = [name = field.name, read = std::move(field.read)](Struct& record,
                                                                 const JsonValue& json) {
    if (json.find(name.c_str())) read(record, json);
  };
  return field;
}

/// A text or list that is not written where it is empty.
template <class Struct, class T>
Field<Struct> unless_empty(Field<Struct> field, T Struct::*member) {
  field.is_left_out = [member](const Struct& record) { return (record.*member).empty(); };
  return may_lack(std::move(field));
}

/// An optional member that is not written where it is absent.
template <class Struct, class T>
Field<Struct> unless_absent(Field<Struct> field, std::optional<T> Struct::*member) {
  field.is_left_out = [member](const Struct& record) { return !(record.*member); };
  return field;
}

/// An object of several members of the same struct.
template <class Struct>
Field<Struct> group(const std::string& name, Fields<Struct> fields) {
  Field<Struct> group;
  group.name = name;
  group.members = 0;
  for (const Field<Struct>& field : fields) group.members += field.members;
  group.write = [fields](const Struct& record) { return write_fields(fields, record); };
  group.read = [name, fields](Struct& record, const JsonValue& json) {
    const JsonValue object = json.at(name.c_str());
    for (const Field<Struct>& field : fields) field.read(record, object);
  };
  return group;
}

/// A struct of its own.
template <class Struct, class Part>
Field<Struct> object(const std::string& name, Part Struct::*member, Fields<Part> fields) {
  Field<Struct> object;
  object.name = name;
  object.write = [member, fields](const Struct& record) {
    return write_fields(fields, record.*member);
  };
  object.read = [name, member, fields](Struct& record, const JsonValue& json) {
    record.*member = read_fields(fields, json.at(name.c_str()));
  };
  return object;
}

/// A struct of its own, null where it is absent.
template <class Struct, class Part>
Field<Struct> object(const std::string& name, std::optional<Part> Struct::*member,
                     Fields<Part> fields) {
  Field<Struct> object;
  object.name = name;
  object.write = [member, fields](const Struct& record) {
    const std::optional<Part>& part = record.*member;
    return part ? write_fields(fields, *part) : nlohmann::ordered_json(nullptr);
  };
  object.read = [name, member, fields](Struct& record, const JsonValue& json) {
    const std::optional<JsonValue> value = json.find(name.c_str());
    record.*member = value ? std::optional(read_fields(fields, *value)) : std::nullopt;
  };
  return object;
}

/// What follows from other members: written, and not read.
template <class Struct>
Field<Struct> derived(const std::string& name,
                      std::function<nlohmann::ordered_json(const Struct&)> write) {
  return {.name = name,
          .write = std::move(write),
          .read = [](Struct& /*record*/, const JsonValue& /*json*/) {},
          .members = 0};
}

/// A list of structs.
template <class Struct, class Part>
Field<Struct> list_of(const std::string& name, std::vector<Part> Struct::*member,
                      Fields<Part> fields) {
  Field<Struct> list;
  list.name = name;
  list.write = [member, fields](const Struct& record) {
    auto items = nlohmann::ordered_json::array();
    for (const Part& part : record.*member) items.push_back(write_fields(fields, part));
    return items;
  };
  list.read = [name, member, fields](Struct& record, const JsonValue& json) {
    (record.*member).clear();
    for (const JsonValue& item : json.at(name.c_str()).items()) {
      (record.*member).push_back(read_fields(fields, item));
    }
  };
  return list;
}

}  // namespace mnist_bench
