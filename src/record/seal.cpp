#include "record/seal.h"

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

}  // namespace mnist_bench
