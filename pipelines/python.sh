# shellcheck shell=sh
# Sourced by the run.sh and test.sh of recipes in Python, in the recipe's folder.

# use_python MODULE...: sets $python to a Python that has bips and what the recipe's requirements.txt names (tools/recipes-python makes
# it). Fails, and says so, where that cannot be had, or where one of the modules is not there, which are the system's.
use_python() {
    python=$(../../tools/recipes-python "$(basename "$PWD")") || { echo "there is no Python for the recipes: the reasons are above"; return 1; }
    export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
    lacks=$("$python" -c 'import sys, importlib.util as u; print(*(m for m in sys.argv[1:] if not u.find_spec(m)))' "$@") || return
    [ -z "$lacks" ] || { echo "Python has no $lacks here: tools/setup recipes inference installs what the recipes need of the system"; return 1; }
}
