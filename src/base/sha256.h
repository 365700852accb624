#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mnist_bench {

/// SHA-256 (FIPS 180-4, by OpenSSL) of bytes that come in pieces. A copy continues from the same
/// bytes.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);

  void update(const void* bytes, std::size_t size);
  /// The hash of the bytes so far: 64 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace mnist_bench
