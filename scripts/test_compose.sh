#!/bin/sh
# Runs tests/compose: the guide's commands against running containers, in a copy of the checkout with a .env of its own.
# `scripts/test_compose.sh [pytest's arguments]`; `make test-compose` calls it.
#
# Takes `docker-compose`, else `docker compose`, else the engine of machines without Docker (COMPOSE says another). Uses
# ports 3000, 4000 and 8000, as the guide does, and the project name trunkline-test; removes its containers and volumes.
set -eu
cd "$(dirname "$0")/.."
ENGINE=${ENGINE:-../shared/containers/engine}

say() { printf 'test-compose: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

if [ -z "${COMPOSE:-}" ]; then
    if command -v docker-compose >/dev/null 2>&1; then
        COMPOSE=$(command -v docker-compose)
    elif docker compose version >/dev/null 2>&1; then
        COMPOSE='docker compose'
    elif [ -x "$ENGINE" ]; then
        COMPOSE="$(cd "$(dirname "$ENGINE")" && pwd)/$(basename "$ENGINE") compose"
        $COMPOSE version >/dev/null 2>&1 || die "the engine is not set up: '$ENGINE setup', as root, takes some minutes"
    else
        die "no docker-compose, no 'docker compose', no engine at $ENGINE: install Docker, or name one (COMPOSE=...)"
    fi
fi

for port in 3000 4000 8000; do
    if .venv/bin/python -c "import socket; socket.create_connection(('127.0.0.1', $port), 1)" 2>/dev/null; then
        die "port $port is taken: stop what listens there (make run? another docker-compose?) and run this again"
    fi
done

work=$(mktemp -d)
mkdir "$work/bin" "$work/trunkline"
# The guide's commands begin with docker-compose, whatever it is here.
printf '#!/bin/sh\nexec %s "$@"\n' "$COMPOSE" >"$work/bin/docker-compose"
chmod +x "$work/bin/docker-compose"
git ls-files -co --exclude-standard -z | tar --null -T - --ignore-failed-read -c 2>/dev/null | tar -x -C "$work/trunkline"
cp "$work/trunkline/.env.example" "$work/trunkline/.env"

export COMPOSE_PROJECT_NAME=trunkline-test TRUNKLINE_COMPOSE_FOLDER="$work/trunkline" PATH="$work/bin:$PATH"
clean_up() {
    (cd "$work/trunkline" && docker-compose down -v --remove-orphans -t 5 >/dev/null 2>&1) || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
say "with '$COMPOSE', building the images"
(cd "$work/trunkline" && docker-compose build >"$work/build.log" 2>&1) || { tail -n 30 "$work/build.log" >&2; die "no images"; }
.venv/bin/python -m pytest tests/compose -q --timeout 900 "$@"
