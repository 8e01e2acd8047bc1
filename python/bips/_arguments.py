"""What callers give, looked at in their words: the native module would name its own functions and places of arguments."""

from __future__ import annotations

import operator
from typing import Any


def text(what: str, value: object) -> None:
    """Raises TypeError for what is no str."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is a str, and this is {value!r}")


def whole(what: str, value: Any, least: int, most: int, unit: str = "") -> None:
    """Raises TypeError for what is no whole number, of Python or NumPy, and ValueError for one that is less or more than it may be. unit: what
    the number counts, as " of bytes"."""
    try:
        number = operator.index(value)
    except TypeError:
        advice = ": round it" if isinstance(value, float) else ""
        raise TypeError(f"{what} is a whole number{unit}, and this is {value!r}{advice}") from None
    if number < least:
        raise ValueError(f"{what} is {least} or more, and this is {number}") from None
    if number > most:
        raise ValueError(f"{what} is at most {most}, and this is {number}") from None


def of_push(flags: Any, size: Any, **times: Any) -> None:
    """Raises TypeError or ValueError for the argument of push that the native module does not take, if it is one of these."""
    whole("size", size, 0, 2**63 - 1, " of bytes")
    whole("flags", flags, 0, 2**32 - 1, " or bips.Flags")
    for name, time in times.items():
        if time is not None:
            whole(name, time, 0, 2**64 - 1, "" if name.startswith("offset") else " of nanoseconds, or None")
