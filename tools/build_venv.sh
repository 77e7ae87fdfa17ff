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

# uv is the faster installer. It does not read pip's settings, so it is told pip's index, and where that
# is not enough (find-links, client certificates) pip stands by.
pip="$venv/bin/python -m pip --disable-pip-version-check"
index=${PIP_INDEX_URL:-$($pip config get global.index-url 2>/dev/null || true)}
if $pip install --quiet --require-hashes --only-binary :all: -r requirements/uv.txt &&
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" ${index:+--default-index "$index"} \
        --require-hashes -r "$lock"; then
    :
else
    echo "uv could not install the lock; pip does it." >&2
    $pip install --quiet --require-hashes -r "$lock"
fi
# setuptools comes out of the lock, so that building the project itself fetches nothing. What it has to say about
# editable installs is kept for when it fails.
log=$venv/install.log
if ! $pip install --quiet --no-deps --no-build-isolation --editable . >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
