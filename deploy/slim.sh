#!/bin/sh
# slim VENV [PACKAGE...]: takes from a virtual environment what a running program does not read: the packages named,
# debug symbols, tests, the sources and types of extensions, lists of installed files.
# slim --compiled OURS VENV [PACKAGE...]: of all packages but OURS it leaves the compiled form only, a tenth of such an
# image. A traceback through them then names files and lines but does not show them.
set -eu
ours=
if [ "$1" = --compiled ]; then ours=$2; shift 2; fi
venv=$1
shift
[ $# = 0 ] || pip --python "$venv" uninstall -q -y "$@"

packages=$(echo "$venv"/lib/python3.*/site-packages)
find "$venv" -name '*.so*' -type f -exec strip --strip-unneeded {} +
find "$packages" -mindepth 2 -type d -name tests -prune -exec rm -rf {} +
rm -rf "$packages"/sqlalchemy/testing "$packages"/alembic/testing
find "$packages" -type f \( -name '*.py[xi]' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' -o -name '*.[ch]pp' \
    -o -name '*.proto' -o -path '*.dist-info/RECORD' \) -delete
[ -n "$ours" ] || exit 0

# `x.pyc` beside `x.py` is what Python takes when `x.py` is gone; `__pycache__/x.cpython-313.pyc` is not.
find "$packages" -path "$packages/$ours" -prune -o -type d -name __pycache__ -prune -exec rm -rf {} +
python -m compileall -q -b -x "/site-packages/$ours/" "$packages"
find "$packages" -path "$packages/$ours" -prune -o -type f -name '*.py' -exec sh -c \
    'for source; do [ ! -f "${source}c" ] || rm "$source"; done' sh {} +
