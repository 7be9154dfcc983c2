#!/bin/sh
# Builds the front ends (chat, and admin where it is there), each only when something it is made of has changed.
# `scripts/build_frontend.sh` builds all, `scripts/build_frontend.sh chat` one. Beside each build lies .stamp, a hash of
# every source and of the lock file, so a second run takes a moment and needs no Node.js.
set -eu
cd "$(dirname "$0")/.."

die() { printf 'front end: %s\n' "$*" >&2; exit 1; }

hash_of() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi
}

# What a package is made of: its own files, the kit, the tools of the build, and the lock.
stamp_of() {
    (
        cd frontend
        find "$1" kit tools package.json package-lock.json tsconfig.base.json \
            -type d \( -name node_modules -o -name dist -o -name tests \) -prune -o \
            -type f ! -name '*.test.ts' ! -name '*.test.tsx' -print |
            LC_ALL=C sort | tr '\n' '\0' | xargs -0 cat | hash_of
        find "$1" kit tools -type d \( -name node_modules -o -name dist -o -name tests \) -prune -o \
            -type f ! -name '*.test.ts' ! -name '*.test.tsx' -print | LC_ALL=C sort | hash_of
    ) | hash_of | cut -d ' ' -f 1
}

# The gateway serves the admin's pages out of its own package.
output_of() {
    case $1 in
    admin) echo trunkline/admin/ui ;;
    *) echo "frontend/$1/dist" ;;
    esac
}

# node_modules carries a copy of the lock it was installed from.
install_packages() {
    if cmp -s frontend/package-lock.json frontend/node_modules/.trunkline-lock; then return; fi
    printf 'front end: installing its packages\n' >&2
    (cd frontend && npm ci --no-fund --no-audit --loglevel=error >&2) ||
        die "the packages could not be installed; the lines above say why"
    cp frontend/package-lock.json frontend/node_modules/.trunkline-lock
}

build() {
    name=$1
    output=$(output_of "$name")
    stamp=$(stamp_of "$name")
    if [ -f "$output/index.html" ] && [ "$(cat "$output/.stamp" 2>/dev/null)" = "$stamp" ]; then return; fi
    # shellcheck source=scripts/node.sh
    . scripts/node.sh
    install_packages
    printf 'front end: building %s\n' "$name" >&2
    log=$(mktemp)
    if ! (cd frontend && npm run build --silent -w "$name" -- --logLevel error) >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        die "$name could not be built; the lines above say why"
    fi
    rm -f "$log"
    printf '%s\n' "$stamp" >"$output/.stamp"
}

if [ $# -gt 0 ]; then names=$*; else names='chat admin'; fi
for each in $names; do
    [ ! -f "frontend/$each/package.json" ] || build "$each"
done
