#!/bin/sh
# slim VENV [PACKAGE...]: takes from a virtual environment what a running program does not read.
# The packages named were needed to build; debug symbols, tests and sources of extensions are never needed.
set -eu
venv=$1
shift
[ $# = 0 ] || pip --python "$venv" uninstall -q -y "$@"
find "$venv" -name '*.so*' -type f -exec strip --strip-unneeded {} +
find "$venv"/lib/python3.*/site-packages -mindepth 2 -type d -name tests -prune -exec rm -rf {} +
find "$venv" -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.c' -o -name '*.h' -o -name '*.pyi' \) -delete
