#!/bin/sh
# Build the virtual environment $1 from the lock $2 and install Galley into it, live for edits.
set -eu
venv=$1
lock=$2

if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Galley needs Python 3.11 or newer; $PYTHON is $("$PYTHON" -V 2>&1). Try: make PYTHON=python3.12" >&2
    exit 1
fi
if [ ! -x "$venv/bin/python" ]; then
    if ! "$PYTHON" -m venv "$venv"; then
        echo "A virtual environment can't be made: install your system's package for python3-venv." >&2
        exit 1
    fi
fi

# uv takes seconds where pip takes a minute. It does not read pip's settings, so pip stands by for mirrors.
pip="$venv/bin/python -m pip --disable-pip-version-check"
if $pip install --quiet --require-hashes --only-binary :all: -r requirements/uv.txt &&
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r "$lock"; then
    :
else
    echo "uv could not install the lock; pip does it." >&2
    $pip install --quiet --require-hashes -r "$lock"
fi
# setuptools comes out of the lock, so that building the project itself fetches nothing.
$pip install --quiet --no-deps --no-build-isolation --editable .
