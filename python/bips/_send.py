"""Copies what is to be sent into a slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._native import Slot

if TYPE_CHECKING:
    import numpy


def put(slot: Slot, data: Any) -> int | None:
    """Copies an array or bytes into a slot. Returns how many bytes these are, None of a whole picture."""
    if isinstance(data, (bytes, bytearray, memoryview)):
        return _put_bytes(slot, memoryview(data).cast("B"))
    import numpy

    given = numpy.asarray(data)
    if given.dtype.kind not in "buifc":
        raise TypeError(f"an array of numbers, or bytes, can be sent, and this is {type(data).__name__}")
    try:
        picture = numpy.asarray(memoryview(slot))
    except BufferError:
        if not slot.planes:
            raise
        _put_planes(slot, given)
        return None
    if not slot.planes and given.ndim:
        return _put_bytes(slot, memoryview(numpy.ascontiguousarray(given).reshape(-1).view(numpy.uint8)))
    _put_elements(picture, given)
    return None


def _put_bytes(slot: Slot, flat: memoryview) -> int:
    if len(flat) > slot.size:
        raise ValueError(f"{len(flat)} bytes do not fit into a slot of {slot.size}")
    slot.data[: len(flat)] = flat
    return len(flat)


def _put_elements(picture: numpy.ndarray[Any, Any], given: numpy.ndarray[Any, Any]) -> None:
    """Copies elements, unless they would change by it."""
    import numpy

    if not numpy.can_cast(given.dtype, picture.dtype, "safe"):
        raise TypeError(f"these are {given.dtype}, and the pixels are {picture.dtype}: scale and convert them, as (picture * 255).astype({str(picture.dtype)!r}) does")
    picture[...] = given


def _put_planes(slot: Slot, given: numpy.ndarray[Any, Any]) -> None:
    """Copies the one array that planes would make without padding, as a frame's to_ndarray() returns it, into planes that lie apart."""
    import numpy

    planes = [numpy.asarray(plane) for plane in slot.planes]
    if given.size != sum(plane.size for plane in planes):
        raise ValueError(
            f"an array of {given.shape} could not be broadcast into planes of {', '.join(str(plane.shape) for plane in planes)}: give their elements one after the "
            "other, as to_ndarray() of a frame does")
    flat, at = given.reshape(-1), 0
    for plane in planes:
        _put_elements(plane, flat[at : at + plane.size].reshape(plane.shape))
        at += plane.size
