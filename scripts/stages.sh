# Sourced by .ci/run and scripts/check_all after common.sh: stages that are counted, and the checks
# that both have.
# shellcheck shell=bash

# shellcheck disable=SC2034 # for those who source this
readonly torch_free=(base kernels transform config data model evaluate record train native classical onnx report paper)

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

# check_with_clang_tidy FOLDER ...: their files, the folders being src/'s. Unity files, as elsewhere:
# file by file takes three times as long, most of it for the same headers.
check_with_clang_tidy() {
  # The compile commands are g++'s: clang knows neither all of its warnings nor its precompiled
  # headers, so the commands come from a configuration without those.
  local tidy=$PWD/build/tidy
  cmake --preset ci -B "$tidy" -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
    -DCMAKE_UNITY_BUILD_BATCH_SIZE=12 --log-level=ERROR &&
    { [[ " $* " != *" runtime "* ]] || cmake --build "$tidy" --target git_revision; } || return
  unity_and_single_files "$tidy" "$@" |
    xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$tidy" \
      --checks=-bugprone-suspicious-include --extra-arg=-Wno-unknown-warning-option 2>"$tidy/log" ||
    { cat "$tidy/log" && false; }
}

# unity_and_single_files BUILD FOLDER ...: what is compiled of these folders, each ended by NUL.
unity_and_single_files() {
  python3 - "$@" <<'PYTHON'
import json, re, sys

build, *folders = sys.argv[1:]
# Of a folder and the folders in it; "main.cpp" names itself.
of_ours = re.compile(
    rf"/src/({'|'.join(folders)})(/(\w+/)*([^/]+\.cpp|CMakeFiles/.*/unity_\d+_cxx\.cxx))?$"
)
for entry in json.load(open(f"{build}/compile_commands.json")):
    if of_ours.search(entry["file"]) and "/tests/" not in entry["file"]:
        print(entry["file"], end="\0")
PYTHON
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
