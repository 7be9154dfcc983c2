#!/bin/sh
# Real client programs and the published LiteLLM proxy against the gateway: `scripts/test_clients.sh [pytest arguments]`.
# Everything is installed under .clients/, locked by hash, in environments of its own; nothing of it is the gateway's.
# `scripts/test_clients.sh lock` rebuilds the locks from the versions written below.
set -eu
cd "$(dirname "$0")/.."
export UV_LINK_MODE="${UV_LINK_MODE:-copy}"
UV=.venv/bin/uv
PATH="$PATH:$PWD/.venv/bin" # Node may be there
BEFORE=2026-11-10 # nothing that was published later, so that a bad release has time to be found

say() { printf 'test-clients: %s\n' "$*" >&2; }

# uv does not read pip's configuration: hand the index and the certificates on.
follow_pip() {
    pip_config() { .venv/bin/python -m pip config get "global.$1" 2>/dev/null || true; }
    index=${PIP_INDEX_URL:-$(pip_config index-url)}
    cert=${PIP_CERT:-$(pip_config cert)}
    if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX="$index"; fi
    if [ -n "$cert" ] && [ -z "${SSL_CERT_FILE:-}" ]; then export SSL_CERT_FILE="$cert"; fi
}

# lock FILE REQUIREMENT...
lock() {
    file=$1
    shift
    printf '%s\n' "$@" >.clients/lock.in
    $UV pip compile -q --no-header --generate-hashes --universal --python-version 3.11 --exclude-newer "$BEFORE" \
        .clients/lock.in -o .clients/lock.out
    { printf '# Locked from: %s\n# Made by `scripts/test_clients.sh lock`.\n' "$*"; cat .clients/lock.out; } >"$file"
}

# environment NAME LOCK: made anew when the lock is newer.
environment() {
    if [ ".clients/$1/.installed" -nt "$2" ]; then return; fi
    say "installing .clients/$1"
    rm -rf ".clients/$1"
    $UV venv -q --python .venv/bin/python ".clients/$1"
    $UV pip install -q --python ".clients/$1/bin/python" --require-hashes -r "$2"
    touch ".clients/$1/.installed"
}

# Node's packages, without their install scripts but the one that puts Claude Code's program in its place.
agents() {
    if [ .clients/agents/.installed -nt tests/clients/agents/package-lock.json ]; then return; fi
    say 'installing .clients/agents'
    mkdir -p .clients/agents
    cp tests/clients/agents/package.json tests/clients/agents/package-lock.json .clients/agents/
    (cd .clients/agents && npm ci --silent --ignore-scripts --no-audit --no-fund </dev/null &&
        node node_modules/@anthropic-ai/claude-code/install.cjs)
    touch .clients/agents/.installed
}

mkdir -p .clients
follow_pip
if [ "${1:-}" = lock ]; then
    lock tests/oracle/requirements.txt 'litellm[proxy]==1.108.5'
    lock tests/clients/locks/sdks.txt openai==3.49.0 'anthropic>=2' google-genai cohere langchain-openai \
        'pydantic-ai-slim[openai,anthropic,google]'
    lock tests/clients/locks/anthropic1.txt 'anthropic<2'
    exit
fi
scripts/test.sh --version >/dev/null # installs Node where it is missing
environment oracle tests/oracle/requirements.txt
environment sdks tests/clients/locks/sdks.txt
environment anthropic1 tests/clients/locks/anthropic1.txt
agents
[ $# -gt 0 ] || set -- tests/clients tests/oracle
TRUNKLINE_CLIENTS=1 exec .venv/bin/pytest -m clients "$@"
