#include "base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "base/error.h"

namespace mnist_bench {

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> value{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

namespace {
void require(bool succeeded) {
  if (!succeeded) throw Error(ExitCode::run_failed, "OpenSSL failed to compute a SHA-256");
}
}  // namespace

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  require(context_->value && EVP_DigestInit_ex(context_->value.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::Sha256(const Sha256& other) : Sha256() { *this = other; }

Sha256& Sha256::operator=(const Sha256& other) {
  require(EVP_MD_CTX_copy_ex(context_->value.get(), other.context_->value.get()) == 1);
  return *this;
}

Sha256::~Sha256() = default;

void Sha256::update(const void* bytes, std::size_t size) {
  require(EVP_DigestUpdate(context_->value.get(), bytes, size) == 1);
}

std::string Sha256::hex() const {
  const Sha256 ended(*this);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(ended.context_->value.get(), digest.data(), &size) == 1);
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes.data(), bytes.size());
  return hash.hex();
}

}  // namespace mnist_bench
