# Sourced by .ci/run and scripts/check_all after common.sh: stages that are counted, and the checks
# that both have.
# shellcheck shell=bash

# shellcheck disable=SC2034 # for those who source this
readonly torch_free=(base kernels config data evaluate record native report)

passed=0
failed=()

# stage NAME COMMAND: a failed one does not keep the next ones from running. Commands within it are
# joined by && because bash does not stop at a failed command inside a condition.
stage() {
  local name=$1 start=$SECONDS
  say "== $name"
  if "$2"; then
    passed=$((passed + 1))
    say "== $name: passed ($((SECONDS - start)) s)"
  else
    failed+=("$name")
    say "== $name: FAILED ($((SECONDS - start)) s)"
  fi
}

# Counts the stages; fails if one did.
end_of_stages() {
  say "== $SECONDS s in all; stages: $passed passed, ${#failed[@]} failed"
  for name in "${failed[@]}"; do say "==   failed: $name"; done
  [[ ${#failed[@]} -eq 0 ]]
}

# check_with_clang_tidy FOLDER ...: their files, the folders being src/'s.
check_with_clang_tidy() {
  # The compile commands are g++'s: clang knows neither all of its warnings nor its precompiled
  # headers, so the commands come from a configuration without those, and with one for each file.
  local tidy=build/tidy
  cmake --preset ci -B "$tidy" -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
    -DCMAKE_UNITY_BUILD=OFF --log-level=ERROR &&
    { [[ " $* " != *" runtime "* ]] || cmake --build "$tidy" --target git_revision; } || return
  find "${@/#/src/}" -name '*.cpp' -print0 |
    xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$tidy" \
      --extra-arg=-Wno-unknown-warning-option 2>"$tidy/log" ||
    { cat "$tidy/log" && false; }
}

# Of everything that starts threads of our own; a minute of arithmetic is left out.
test_with_thread_sanitizer() {
  install_clang &&
    cmake --preset tsan --log-level=ERROR >&2 &&
    cmake --build --preset tsan >&2 || return
  local folder status=0
  for folder in kernels native; do
    TSAN_OPTIONS=halt_on_error=1 timeout 900 \
      "build/tsan/tests/$folder/${folder}_test" --gtest_brief=1 --gtest_filter=-FmaPeak.* || status=1
  done
  return "$status"
}
