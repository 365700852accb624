#include "runtime/waiting.h"

#include <elf.h>
#include <link.h>

#include <cstdlib>

// libgomp's threads wait for work, and for each other, by spinning: by default long enough that on
// a busy machine, where the thread that is waited for may not be running, they keep it from the
// core that it needs. libgomp reads how to wait from the environment as it is loaded. That is
// before main, and a setenv before that is lost, since libc rereads the environment from where the
// kernel put it. So the two variables are written there. The alternative, to start the program a
// second time with another environment, would map and relocate LibTorch twice
// (some 30 ms), and needs /proc.

namespace mnist_bench {
namespace {

// `passive` is for other OpenMP libraries: for libgomp the count has precedence.
char policy[] = "OMP_WAIT_POLICY=passive";
char spins[] = "GOMP_SPINCOUNT=20000";

// For code that runs before a sanitizer is initialized.
#define UNINSTRUMENTED __attribute__((no_sanitize("address", "undefined", "thread")))

/// Whether `entry` of an environment is the variable that `setting` (NAME=VALUE) sets. Without the
/// C library, which is not initialized yet.
UNINSTRUMENTED bool sets_same(const char* entry, const char* setting) {
  for (; *entry == *setting; ++entry, ++setting) {
    if (*entry == '=' || *entry == '\0') return true;
  }
  return false;
}

/// Puts both variables at the end of the environment. The auxiliary vector follows (System V ABI,
/// Initial Process Stack), in entries as large as two pointers. Its first entry moves out of the
/// way and replaces AT_FLAGS, which is 0 on Linux, as if it were absent.
UNINSTRUMENTED void tell_libgomp(int /*argc*/, char** /*argv*/, char** environment) {
  char** end = environment;
  for (; *end != nullptr; ++end) {
    if (sets_same(*end, policy) || sets_same(*end, spins)) return;
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
  auto* const vector = reinterpret_cast<ElfW(auxv_t)*>(end + 1);
  ElfW(auxv_t)* flags = vector;
  while (flags->a_type != AT_FLAGS && flags->a_type != AT_NULL) ++flags;
  if (flags->a_type == AT_NULL || flags->a_un.a_val != 0) return;
  *flags = *vector;
  end[0] = policy;
  end[1] = spins;
  end[2] = nullptr;
}

static_assert(sizeof(ElfW(auxv_t)) == 2 * sizeof(char*));

// The dynamic linker calls this before it initializes any library.
[[gnu::section(".preinit_array"), gnu::used]] void (*const kBeforeLibraries)(int, char**,
                                                                             char**) = tell_libgomp;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

ThreadWaiting thread_waiting() {
  return {.omp_wait_policy = variable("OMP_WAIT_POLICY"),
          .gomp_spincount = variable("GOMP_SPINCOUNT")};
}

}  // namespace mnist_bench
