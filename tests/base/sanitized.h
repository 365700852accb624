#pragma once

/// Defined where AddressSanitizer or ThreadSanitizer is at work: they need memory of their own, and
/// end a process that cannot have it. g++ says so by a macro, Clang by a feature.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MNIST_BENCH_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MNIST_BENCH_SANITIZED
#endif
#endif
