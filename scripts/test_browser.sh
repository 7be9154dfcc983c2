#!/bin/sh
# The front end's tests: its units, then the whole application in the distribution's Chromium, at two widths and in both
# themes. Arguments go to Playwright: `scripts/test_browser.sh tests/browser/chat.spec.ts --project light-1280`.
set -eu
cd "$(dirname "$0")/.."

find_chromium() {
    [ -n "${CHROMIUM:-}" ] && return
    for place in chromium chromium-browser google-chrome-stable google-chrome; do
        if command -v "$place" >/dev/null 2>&1; then return; fi
    done
    [ -e '/Applications/Chromium.app' ] || [ -e '/Applications/Google Chrome.app' ]
}

need_chromium() {
    if find_chromium; then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        printf 'test: installing Chromium for the browser tests\n' >&2
        export DEBIAN_FRONTEND=noninteractive
        apt-get install -qq -y --no-install-recommends chromium >/dev/null 2>&1 </dev/null ||
            { apt-get update -qq </dev/null && apt-get install -qq -y --no-install-recommends chromium >/dev/null </dev/null; }
        if find_chromium; then return; fi
    fi
    printf '!! NO CHROMIUM: the browser tests cannot run. Debian, Ubuntu: sudo apt-get install chromium\n' >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
}

. scripts/node.sh
scripts/build_frontend.sh
if [ $# = 0 ]; then (cd frontend && npm test --silent); fi
need_chromium
ln -sfn ../../frontend/node_modules tests/browser/node_modules # imports are looked up beside the test
cd tests/browser
exec ./node_modules/.bin/playwright test "$@"
