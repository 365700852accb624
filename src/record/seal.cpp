#include "record/seal.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/sha256.h"

namespace mnist_bench {

std::string sealed(std::string bytes, std::size_t position) {
  return bytes.replace(position, kNoHash.size(), sha256_hex(bytes));
}

bool is_sealed(std::string_view bytes, std::size_t position) {
  if (position > bytes.size() || bytes.size() - position < kNoHash.size()) return false;
  const std::string_view rest = bytes.substr(position + kNoHash.size());
  Sha256 hash;
  hash.update(bytes.data(), position);
  hash.update(kNoHash.data(), kNoHash.size());
  hash.update(rest.data(), rest.size());
  return hash.hex() == bytes.substr(position, kNoHash.size());
}

std::string sealed_json(nlohmann::ordered_json json) {
  json["sha256"] = kNoHash;
  // A command line may hold bytes that are not UTF-8; no record is lost for that.
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  std::string text = json.dump(2, ' ', false, kReplace) + "\n";
  const std::size_t position = text.rfind(kNoHash);
  return sealed(std::move(text), position);
}

void require_seal(std::string_view bytes, const JsonValue& sha256) {
  if (is_sealed(bytes, bytes.rfind(sha256.hash()))) return;
  throw Error(ExitCode::io, "its bytes do not match its sha256");
}

}  // namespace mnist_bench
