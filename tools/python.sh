# shellcheck shell=bash
# Sourced, after paths.sh, by tools that build the Python package. Their folder in the build folder is $work.

# shellcheck disable=SC2154 # root is of paths.sh
work=${BIPS_BUILD:-$root/build}/python

# environment VERSION PATH KIND: a virtual environment with what building and the tests need. The system's own has the system's NumPy,
# OpenCV and PyTorch, as far as they are installed; the others have the package index's newest NumPy that need not be compiled.
environment() {
    local dir=$work/$1-$3
    local -a options=() numpy=(--only-binary=numpy numpy)
    [ "$3" = own ] || options=(--system-site-packages)
    [ "$3" = system ] && "$2" -c 'import numpy' 2>/dev/null && numpy=()
    [ -x "$dir/bin/python" ] || "$2" -m venv "${options[@]}" "$dir" || return
    "$dir/bin/python" -m pip install -q --disable-pip-version-check -r python/tests/requirements.txt "${numpy[@]}" || return
    # It runs on Node.js, and fetches its program by npm.
    [ "$1" != 3.12 ] || ! have npm || "$dir/bin/python" -m pip install -q --disable-pip-version-check -r python/tests/pyright.txt || return
}

# wheel VERSION KIND: builds the package's wheel, and prints its path. From 3.12 on there is one for all but free-threaded ones. Once it is
# there it is taken for fresh, until its mark "fresh" is removed.
wheel() {
    local dir=$work/$1-$2 tag=$1
    [[ $1 == *t ]] || [ "$(printf '%s\n' 3.12 "$1" | sort -V | head -n 1)" != 3.12 ] || tag=abi3
    local wheels=$work/wheels-$tag
    if [ ! -f "$wheels/fresh" ]; then
        rm -rf "$wheels"
        PATH=$dir/bin:$PATH "$dir/bin/python" -m pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps \
            --config-settings=build-dir="$work/cmake-$tag" -w "$wheels" ./python >&2 || return
        touch "$wheels/fresh"
    fi
    printf '%s\n' "$wheels"/*.whl
}
