#!/bin/sh
# Everything that can be known of the front end without a browser. Goes through all of it before it fails.
set -u
cd "$(dirname "$0")/.."
# shellcheck source=scripts/node.sh
. scripts/node.sh || exit 1
scripts/build_frontend.sh || exit 1
failed=''
step() {
    name=$1
    shift
    printf '%s\n' "-- $name"
    "$@" || failed="$failed, $name"
}

in_frontend() { (cd frontend && "$@"); }

# The client is made from the OpenAPI document, and the document from the backend: both must be as committed.
same_openapi() {
    made=$(mktemp)
    .venv/bin/python -m backend.app.openapi >"$made"
    if cmp -s "$made" frontend/openapi.json; then
        rm -f "$made"
        return 0
    fi
    rm -f "$made"
    echo "frontend/openapi.json is not what the backend says: .venv/bin/python -m backend.app.openapi > frontend/openapi.json" >&2
    return 1
}

same_client() {
    made=$(mktemp)
    (cd frontend/tools && node_modules/.bin/openapi-typescript ../openapi.json -o "$made" >/dev/null)
    if cmp -s "$made" frontend/chat/src/api/schema.d.ts; then
        rm -f "$made"
        return 0
    fi
    rm -f "$made"
    echo "frontend/chat/src/api/schema.d.ts is not made from openapi.json: npm run api, in frontend/" >&2
    return 1
}

step 'types' in_frontend npm run --silent types
step 'lint' in_frontend npm run --silent lint
step 'format' in_frontend node_modules/.bin/prettier --check --log-level warn .
step 'unused code and packages' in_frontend node_modules/.bin/knip --no-progress
step 'sizes' in_frontend node_modules/.bin/size-limit
step 'OpenAPI of the backend' same_openapi
step 'generated client' same_client
step 'unit tests' in_frontend node_modules/.bin/vitest run --reporter=dot

if [ -n "$failed" ]; then
    printf 'check of the front end: FAILED in %s\n' "${failed#, }" >&2
    exit 1
fi
printf 'check of the front end: all good\n'
