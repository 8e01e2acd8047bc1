"""What callers give, looked at in their words: the native module would name its own functions and places of arguments."""

from __future__ import annotations

import operator
from typing import Any


def text(what: str, value: object) -> None:
    """Raises TypeError for what is no str."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is a str, and this is {value!r}")


def whole(what: str, value: Any, least: int, most: int) -> None:
    """Raises TypeError for what is no whole number, of Python or NumPy, and ValueError for one that is less or more than it may be."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} is a whole number, and this is {value!r}") from None
    if number < least:
        raise ValueError(f"{what} is {least} or more, and this is {number}")
    if number > most:
        raise ValueError(f"{what} is at most {most}, and this is {number}")


def unsigned(what: str, value: Any, bits: int) -> None:
    """Raises TypeError for what is neither None nor a whole number of 0 or more that has so many bits."""
    if value is None:
        return
    try:
        number = operator.index(value)
    except TypeError:
        advice = ": round it" if isinstance(value, float) else ""
        raise TypeError(f"{what}, and this is {value!r}{advice}") from None
    if not 0 <= number < 1 << bits:
        raise TypeError(f"{what}, and this is {number}")


def of_push(flags: Any, size: Any, **times: Any) -> None:
    """Raises TypeError for the argument of push that the native module does not take, if it is one of these."""
    unsigned("size is a whole number of bytes, 0 or more", size, 63)
    unsigned("flags are bips.Flags, or a whole number of 0 or more", flags, 32)
    for name, time in times.items():
        unit = "" if name.startswith("offset") else " of nanoseconds"
        unsigned(f"{name} is a whole number{unit}, 0 or more, or None", time, 64)
