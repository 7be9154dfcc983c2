#!/bin/sh
# Everything that can be known without running the code. Goes through all of it before it fails.
set -u
cd "$(dirname "$0")/.."
failed=''
step() {
    name=$1
    shift
    printf '%s\n' "-- $name"
    "$@" || failed="$failed, $name"
}

step 'ruff format' .venv/bin/ruff format --check --output-format concise -q .
step 'ruff check' .venv/bin/ruff check --output-format concise -q .
step 'mypy' .venv/bin/mypy --no-error-summary
step 'import-linter' .venv/bin/lint-imports --no-logo
step 'own rules' .venv/bin/python scripts/lint.py
step 'front end' scripts/check_frontend.sh
step 'docs' .venv/bin/python scripts/docs.py --check

if [ -n "$failed" ]; then
    printf 'check: FAILED in %s\n' "${failed#, }" >&2
    exit 1
fi
printf 'check: all good\n'
