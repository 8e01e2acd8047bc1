"""What of Frame and Slot is plain Python: NumPy, metadata, and what they look like when they are printed."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any, NoReturn

from . import metadata
from ._native import Frame, Plane, Slot

if TYPE_CHECKING:
    import numpy


def _array(self: Frame | Slot, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
    """What numpy.asarray calls where the buffer protocol refuses, so that its reason is told."""
    import numpy

    array = numpy.asarray(memoryview(self))
    if dtype is not None and array.dtype != numpy.dtype(dtype):
        if copy is False:
            raise ValueError(f"pixels of {array.dtype} are not {numpy.dtype(dtype)} without a copy")
        return array.astype(dtype)
    return array.copy() if copy else array


def _assembled(self: Frame | Slot) -> numpy.ndarray[Any, Any]:
    """A copy of a picture whose planes lie apart, as the one array that they would make without padding."""
    import numpy

    try:
        return numpy.array(memoryview(self))
    except BufferError:
        planes = [numpy.asarray(plane) for plane in self.planes]
        width = planes[0].shape[1] if planes else 0
        together = sum(plane.size for plane in planes)
        if not width or together % width:
            raise
        return numpy.concatenate([plane.ravel() for plane in planes]).reshape(together // width, width)


def _frame_to_ndarray(self: Frame, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
    """The picture as a NumPy array: RGB (height, width, 3), BGRx (height, width, 4), YUY2 (height, width, 2), GRAY8 (height, width), NV12, I420
    and P010_10LE (height * 3 / 2, width), and what is not raw video (bytes,).

    copy None: without a copy, unless the planes lie so that one array cannot show them. False: never a copy; BufferError then. True: a
    private array, which may be written to.
    """
    import numpy

    if copy:
        return _assembled(self)
    if copy is None:
        try:
            return numpy.asarray(memoryview(self))
        except BufferError:
            return _assembled(self)
    return numpy.asarray(memoryview(self))


def _slot_to_ndarray(self: Slot, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
    """The slot as a NumPy array to draw into, of the shapes of Frame.to_ndarray. BufferError where one array cannot show the planes: use planes.

    copy True: a private array of what the slot has now; what is written to that is not in the slot. None and False: never a copy.
    """
    import numpy

    return _assembled(self) if copy else numpy.asarray(memoryview(self))


def _frame_reduce(self: Frame) -> NoReturn:
    raise TypeError(
        "a frame is memory of its pool, and does not pickle: send a copy, frame.to_ndarray(copy=True), or let the other process read the pool itself")


def _plane_reduce(self: Plane) -> NoReturn:
    raise TypeError("a plane is memory of its pool, and does not pickle: send a copy, numpy.array(plane)")


def _slot_reduce(self: Slot) -> NoReturn:
    raise TypeError("a slot is lent to one process, and does not pickle: push it here, and let the other process read the pool")


def _records(self: Frame) -> list[metadata.Record]:
    """All metadata of the frame, in their order: records of bips.metadata. Raises DamagedError, VersionError."""
    return metadata.read(self.raw_metadata)


def _regions(self: Frame) -> list[metadata.Region]:
    """Regions of interest, and what detectors found, in pixels."""
    return [r for r in metadata.read(self.raw_metadata) if isinstance(r, metadata.Region)]


def _reference_timestamps(self: Frame) -> list[metadata.ReferenceTimestamp]:
    """The frame's times on other clocks, in nanoseconds."""
    return [r for r in metadata.read(self.raw_metadata) if isinstance(r, metadata.ReferenceTimestamp)]


def _tag_lists(self: Frame) -> list[metadata.Tags]:
    """The stream's tags, by their scopes."""
    return [r for r in metadata.read(self.raw_tags) if isinstance(r, metadata.Tags)]


def _tags(self: Frame) -> dict[str, metadata.Value]:
    """The stream's tags, of all scopes: {"title": "Camera 0"}."""
    return {name: value for tags in _tag_lists(self) for name, value in tags.fields.items()}


def _picture(self: Frame) -> str:
    if self.format:
        return f"{self.width}x{self.height} {self.format}"
    return self.caps.partition(",")[0] or "no caps"


def _frame_repr(self: Frame) -> str:
    if self.released:
        return f"<bips.Frame {self.sequence}, released>"
    try:
        pts = "" if self.pts is None else f", pts {self.pts / 1e9:.3f} s"
        return f"<bips.Frame {self.sequence}: {_picture(self)}, {self.size} bytes{pts}>"
    except Exception as error:
        return f"<bips.Frame {self.sequence}: {error}>"


def _slot_repr(self: Slot) -> str:
    if self.pushed or self.released:
        return f"<bips.Slot {self.index}, {'pushed' if self.pushed else 'released'}>"
    try:
        return f"<bips.Slot {self.index}: {self.size} bytes, {self.caps.partition(',')[0] or 'no caps'}>"
    except Exception as error:
        return f"<bips.Slot {self.index}: {error}>"


def complete() -> None:
    """Gives the native classes what is written here."""
    own: dict[Any, dict[str, Any]] = {
        Frame: {
            "__array__": _array,
            "to_ndarray": _frame_to_ndarray,
            "metadata": property(_records),
            "regions": property(_regions),
            "reference_timestamps": property(_reference_timestamps),
            "tag_lists": property(_tag_lists),
            "tags": property(_tags),
            "__repr__": _frame_repr,
            "__reduce__": _frame_reduce,
        },
        Plane: {"__reduce__": _plane_reduce},
        Slot: {"__array__": _array, "to_ndarray": _slot_to_ndarray, "__repr__": _slot_repr, "__reduce__": _slot_reduce},
    }
    for kind, members in own.items():
        for name, member in members.items():
            if isinstance(member, FunctionType):
                member.__name__ = name  # what help shows
            setattr(kind, name, member)
