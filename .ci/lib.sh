# What .ci/run and .ci/test share: the Pythons of this machine and the environments made from them.
# Everything that is made lies in .ci/cache, which git ignores; delete it to start afresh.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
CACHE="$PWD/.ci/cache"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
export MPLBACKEND=Agg KERAS_BACKEND=torch
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV HYPEROPT_FMIN_SEED

say() { printf '\n== %s  [%d min %02d s]\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

# python_of 3.11: the path of that Python, or nothing (a launcher that does not start is none).
python_of() {
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
        if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" \
            >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
}

# main_python: 3.11 where there is one (PyTorch's wheel is at hand for it), else python3 if it is
# 3.10 or newer, else any newer one that is found.
main_python() {
    local version found
    found=$(python_of 3.11)
    if [ -z "$found" ] &&
        python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
        found=$(command -v python3)
    fi
    for version in 3.12 3.13 3.10; do
        [ -n "$found" ] || found=$(python_of "$version")
    done
    if [ -z "$found" ]; then
        echo "minopt needs Python 3.10 or newer; none was found on this machine" >&2
        return 1
    fi
    echo "$found"
}

# environment NAME PYTHON: make .ci/cache/NAME from that Python unless it is there already, and
# print the path of its python. Debian's python3 may come without ensurepip: then its own pip
# is asked to fill the environment.
environment() {
    local home="$CACHE/$1"
    if [ ! -x "$home/bin/python" ] || ! "$home/bin/python" -m pip --version >/dev/null 2>&1; then
        rm -rf "$home"
        "$2" -m venv "$home" >/dev/null 2>&1 || {
            rm -rf "$home"
            "$2" -m venv --without-pip "$home"
            "$2" -m pip --python "$home/bin/python" install -qq pip
        }
    fi
    echo "$home/bin/python"
}
