#include "data/raw_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/descriptor.h"
#include "base/error.h"
#include "data/unreadable.h"

namespace mnist_bench {
namespace {

constexpr std::array<std::uint8_t, 2> kGzipMagic{0x1f, 0x8b};
constexpr std::size_t kExpansionWindow = std::size_t{16} << 20U;
constexpr std::size_t kMaxExpansion = 200;
constexpr int kGzipWindowBits = 15 + 16;  // zlib's largest window, with gzip's header and trailer
constexpr std::size_t kCompressedBlock = std::size_t{64} << 10U;

}  // namespace

void RawFile::EndInflate::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

RawFile::RawFile(std::filesystem::path path) : path_(std::move(path)) {
  Descriptor opened = open_without_blocking(path_);
  if (opened.get() < 0) fail_system(errno);
  file_.reset(::fdopen(opened.get(), "rb"));
  if (!file_) fail("out of memory");
  const int descriptor = opened.release();  // file_ closes it
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail_system(errno);
  if (S_ISDIR(status.st_mode)) fail("it is a folder, not a file");
  if (!S_ISREG(status.st_mode)) fail("it is a special file, not a regular one");
  if (status.st_size == 0) fail("it is empty");
  stored_size_ = static_cast<std::uint64_t>(status.st_size);

  std::array<std::uint8_t, 2> magic{};
  if (::pread(descriptor, magic.data(), magic.size(), 0) < 0) fail_system(errno);
  if (magic != kGzipMagic) return;
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), kGzipWindowBits) != Z_OK) fail("zlib cannot be set up");
  stream_.reset(stream.release());
  compressed_.resize(kCompressedBlock);
}

std::optional<std::uint64_t> RawFile::known_size() const {
  if (stream_) return std::nullopt;
  return stored_size_;
}

std::size_t RawFile::read(std::uint8_t* into, std::size_t size) {
  const std::size_t count = stream_ ? read_inflated(into, size) : read_stored(into, size);
  hash_.update(into, count);
  return count;
}

std::size_t RawFile::read_stored(std::uint8_t* into, std::size_t size) {
  const std::size_t count = std::fread(into, 1, size, file_.get());
  if (count < size && std::ferror(file_.get()) != 0) fail_system(errno);
  return count;
}

std::size_t RawFile::read_inflated(std::uint8_t* into, std::size_t size) {
  std::size_t count = 0;
  while (count < size) {
    if (stream_->avail_in == 0) {
      stream_->next_in = compressed_.data();
      stream_->avail_in = static_cast<uInt>(read_stored(compressed_.data(), compressed_.size()));
      if (stream_->avail_in == 0) {
        if (inside_member_) fail("its gzip stream is truncated");
        return count;
      }
    }
    if (!inside_member_) {
      if (*stream_->next_in != kGzipMagic[0]) fail("other bytes follow its gzip stream");
      inside_member_ = true;
    }
    const uInt available = stream_->avail_in;
    const auto wanted = static_cast<uInt>(std::min(size - count, kExpansionWindow));
    stream_->next_out = into + count;
    stream_->avail_out = wanted;
    const int status = ::inflate(stream_.get(), Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) {
      fail(fmt::format("its gzip stream is damaged ({})",
                       stream_->msg != nullptr ? stream_->msg : ::zError(status)));
    }
    count += wanted - stream_->avail_out;
    check_expansion(available - stream_->avail_in, wanted - stream_->avail_out);
    if (status == Z_STREAM_END) {
      inflateReset(stream_.get());
      inside_member_ = false;
    }
  }
  return count;
}

/// Checks each 16 MiB of output by itself, so that a bomb cannot hide behind other bytes.
void RawFile::check_expansion(std::size_t consumed, std::size_t produced) {
  window_consumed_ += consumed;
  window_produced_ += produced;
  if (window_produced_ < kExpansionWindow) return;
  if (window_produced_ > kMaxExpansion * window_consumed_) {
    fail(fmt::format("it decompresses to more than {} times its size, like a gzip bomb",
                     kMaxExpansion));
  }
  window_consumed_ = 0;
  window_produced_ = 0;
}

void RawFile::fail_system(int error) const {
  fail_unreadable(path_, path_.string(), error,
                  "see whether its disk or network is at fault; a copy from elsewhere may help");
}

void RawFile::fail(const std::string& cause) const {
  throw Error(ExitCode::data, fmt::format("cannot read {}: {}", path_.string(), cause),
              "replace it by an undamaged IDX file, raw or .gz");
}

}  // namespace mnist_bench
