# Sourced by the scripts in this folder: the project's folder as the working directory, messages,
# and the environment of a build.
# shellcheck shell=bash

if [[ -n ${MNIST_BENCH_LIBTORCH-} ]]; then
  MNIST_BENCH_LIBTORCH=$(realpath -m "$MNIST_BENCH_LIBTORCH")
  export MNIST_BENCH_LIBTORCH
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# Progress and errors go to stderr; stdout is for results.
say() { printf '%s\n' "$*" >&2; }

# fail WHAT [REMEDY ...]: one line each, then exit 1.
fail() {
  say "error: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
}

# An empty path, as an unset variable gives, is a mistake and never "not given".
for variable in MNIST_BENCH_BINARY MNIST_BENCH_LIBTORCH; do
  [[ ! -v $variable || -n ${!variable} ]] ||
    fail "$variable is empty" "name a path, or unset it"
done
unset variable

usage_error() { fail "unknown argument: $1" "see $0 --help"; }

# require_seeds SEEDS: as mnist-bench sweep --seeds has them.
require_seeds() {
  local number='(0|[1-9][0-9]{0,18})'
  if [[ $1 =~ ^$number-$number$ ]]; then
    local from=${BASH_REMATCH[1]} to=${BASH_REMATCH[2]}
    [[ $from -le $to ]] ||
      fail "--seeds $1: the range ends before it starts" "did you mean $to-$from?"
  else
    [[ $1 =~ ^$number(,$number)*$ ]] ||
      fail "--seeds $1: neither a range nor a list" "write 1-10 or 1,2,5, without spaces"
    local twice
    twice=$(tr , '\n' <<<"$1" | sort | uniq -d | head -n 1)
    [[ -z $twice ]] || fail "--seeds $1: seed $twice twice" "name each seed once"
  fi
}

# apt_install PACKAGE ...: installs Debian packages, as root or through sudo.
apt_install() {
  local as_root=()
  if [[ $EUID -ne 0 ]]; then
    command -v sudo >/dev/null ||
      fail "these packages are missing, and installing them takes root" \
        "run this as root, then start $0 again:" "apt-get update && apt-get install -y $*"
    as_root=(sudo)
    [[ -t 0 ]] || as_root+=(-n) # nobody is there to type a password
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
    -o DPkg::Lock::Timeout=120)
  local log
  log=$(mktemp)
  say "installing $# Debian packages: $*"
  if ! { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "$@"; } \
    </dev/null >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "apt-get failed; its last lines are above, all of them in $log" \
      "check the network and the package sources, then start $0 again"
  fi
  rm -f "$log"
}

# install_clang: for fuzzing and ThreadSanitizer, with the libraries of the sanitizers, which clang
# only recommends. The default of Debian 12, clang 14, rejects its own standard library's views.
install_clang() {
  if ! clang++-19 -fsanitize=address -x c++ - -o /dev/null <<<'int main() {}' 2>/dev/null; then
    command -v apt-get >/dev/null || fail "this takes clang++-19 with its sanitizers"
    apt_install clang-19 libclang-rt-19-dev
  fi
}

# configure PRESET, with the LibTorch that the user named, if any.
configure() {
  cmake --preset "$1" ${MNIST_BENCH_LIBTORCH:+"-DCMAKE_PREFIX_PATH=$MNIST_BENCH_LIBTORCH"} >&2
}

if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER="${CMAKE_CXX_COMPILER_LAUNCHER-ccache}"
fi
