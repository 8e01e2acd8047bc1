"""Loads the native module, and says what to do where that fails."""

from __future__ import annotations

import atexit
import os
import threading
import warnings

_OTHER = (
    'the distribution "bips" of the package index is another project, and is installed in the same folder ({}): this one is "bips-ipc". '
    "Do: pip uninstall bips; pip install --force-reinstall bips-ipc"
)


def other_project(folder: str) -> str:
    """A sentence if another project's files are mixed with ours; else ""."""
    beside = os.path.dirname(folder)
    try:
        names = os.listdir(beside)
    except OSError:
        return ""
    found = any(n.startswith("bips-") and n.endswith((".dist-info", ".egg-info")) for n in names)
    return _OTHER.format(beside) if found else ""


def load(package: str, folder: str) -> None:
    """Makes the native module of the package in a folder ready to work."""
    mixed = other_project(folder)
    try:
        from . import _native
    except ImportError as error:
        if mixed:
            raise ImportError(mixed) from error
        if "subinterpreter" in f"{error} {error.__cause__} {error.__context__}":
            raise ImportError("bips works in the main interpreter only, and this is a subinterpreter: use a process") from error
        if not any(n.startswith("_native.") and n.endswith(".so") for n in os.listdir(folder)):
            raise ImportError(
                f"{package} in {folder} has no native module: install it (pip install bips-ipc, or pip install ./python in a checkout), and "
                "do not import it from its sources") from error
        raise
    if mixed:
        warnings.warn(mixed, RuntimeWarning, stacklevel=3)
    from ._errors import make
    from ._video import describe

    _native.use_errors(make)
    _native.use_layouts(describe)
    from ._frame import complete

    complete()
    # Before the interpreter waits for threads, as concurrent.futures does: a thread in an endless pull would let it wait for ever.
    getattr(threading, "_register_atexit", atexit.register)(_native.shutdown_all)
