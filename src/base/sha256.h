#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace mnist_bench {

/// SHA-256 (FIPS 180-4, by OpenSSL) of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(const void* bytes, std::size_t size);
  /// 64 lower-case hexadecimal digits. The object is spent afterwards.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace mnist_bench
