# Writes OUTPUT with the revision of the checkout in SOURCE; rewrites it only when it changed, so
# that a build without a new commit compiles nothing.
execute_process(COMMAND git -C ${SOURCE} rev-parse HEAD
  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
set(dirty false)
if(failed)
  set(revision "")
else()
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no
    OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    set(dirty true)
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
"#pragma once
#define MNIST_BENCH_GIT_REVISION \"${revision}\"
#define MNIST_BENCH_GIT_DIRTY ${dirty}
")
