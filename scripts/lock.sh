#!/bin/sh
# Rebuilds requirements/*.txt from pyproject.toml. Nothing younger than EXCLUDE_NEWER gets in; raise the date to update.
# No registry host is written, so the files work with any mirror (docs/adr/0001-lock-files.md).
set -eu
cd "$(dirname "$0")/.."
EXCLUDE_NEWER=2026-11-10
UV=.venv/bin/uv

compile() {
    out=$1
    shift
    "$UV" pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --exclude-newer "$EXCLUDE_NEWER" \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o "requirements/$out" "$@" >/dev/null
}

compile uv.txt requirements/uv.in
compile base.txt pyproject.toml --group build
compile callbacks.txt pyproject.toml --extra langfuse --extra sentry -c requirements/base.txt
compile app.txt --group app -c requirements/base.txt
compile dev.txt pyproject.toml --group build --group app --group test --group dev --extra langfuse --extra sentry --extra tokens \
    -c requirements/base.txt -c requirements/app.txt
compile local.txt --no-deps requirements/local.in
compile node.txt requirements/node.in

if grep -nE '://|^ *-(i|f)|--index-url|--find-links' requirements/*.txt; then
    echo "requirements/*.txt name a host or an index; they must not (docs/adr/0001-lock-files.md)" >&2
    exit 1
fi
