# shellcheck shell=sh
# Sourced by the run.sh and test.sh of recipes that are compiled, in the recipe's folder.

# use_libbips makes pkg-config and the loader find libbips: that of the build folder ($BIPS_BUILD, or build/ of this
# checkout) or, if nothing was built there, the one that is installed. Fails, and says so, where there is neither.
use_libbips() {
    build=${BIPS_BUILD:-$(cd ../.. && pwd)/build}
    if [ -f "$build/meson-uninstalled/bips-uninstalled.pc" ]; then
        PKG_CONFIG_PATH=$build/meson-uninstalled${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
        LD_LIBRARY_PATH=$build/libbips${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
        export PKG_CONFIG_PATH LD_LIBRARY_PATH
    fi
    command -v pkg-config >/dev/null || { echo "pkg-config is not installed"; return 1; }
    pkg-config --exists bips ||
        { echo "there is no libbips: neither in $build (make build) nor where pkg-config looks (make install)"; return 1; }
}
