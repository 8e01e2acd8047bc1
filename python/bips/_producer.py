"""Writing to a pool."""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, overload

from . import _arguments, _native, metadata
from ._errors import Error, make
from ._native import Slot
from ._published import Backends, Logger
from ._send import put
from ._types import ProducerStats, nanoseconds
from ._video import frame_size

_NO_TIME = (1 << 64) - 1
_NONE = (None,) * 5
_BACKENDS = {"shm": 0, "memfd": 1}
_OVERFLOWS = {"block": 0, "drop": 1}


def _time(time: int | None) -> int:
    return _NO_TIME if time is None else time


class Producer(_native.Producer):
    """Fills a pool: pull an empty slot, write, push.

        with bips.Producer("camera0", caps="video/x-raw,format=RGB,width=640,height=480") as camera:
            slot = camera.pull()
            numpy.asarray(slot)[:] = picture
            camera.push(slot, pts=0)

    The pool's memory, all of it, is taken when the producer is made. There is one producer for a name.

    name: 1 to 200 of A-Z a-z 0-9 _ -; one leading slash means nothing.
    slot_size: bytes of each slot; left out: those of a frame with the caps, where these are raw video.
    caps: what the frames are, in GStreamer's notation.
    slots: how many, 2 to 64. Four stay with the producer, all readers together may hold the rest.
    backend: "shm", files in /dev/shm or BIPS_SHM_DIR; or "memfd", sealed memory over a socket, for readers that do not trust each other.
    overflow: what pull does when no slot is free because a reader of every frame is behind: "block" waits for it, "drop" raises Dropped.
    meta_size: bytes of metadata that a frame may have, at most 65536.
    max_consumers: at most 64.
    permissions: who may read, as of a file: 0o600 the own user, 0o660 the group too, 0o666 everyone. group: a name or number.
    block_timeout: seconds for which readers of every frame may hold all others up before the producer goes on without them; None: for ever.
    on_warning: called with an exception for what no call can return: that the pool's files were deleted and made again, or that another producer has the
        name. It is called in a later call of pull or push. Left out: logging.getLogger("bips") is told.

    The form of RidgeRun's BIPS is Producer(Backends.kShm, name, buffers, buffer_size, in_order, logger); in_order: True is "block", False "drop".
    """

    @overload
    def __init__(
        self, name: str, /, *, slot_size: int | None = None, caps: str = "", slots: int = 20, backend: str = "shm", overflow: str = "block",
        meta_size: int = 4096, max_consumers: int = 16, permissions: int = 0o600, group: str | None = None, block_timeout: float | None = None,
        on_warning: Callable[[Error], object] | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self, backend: Backends, name: str, buffers: int, buffer_size: int, in_order: bool = True, logger: Logger | None = None, /,
    ) -> None: ...

    def __init__(self, *args: Any, **options: Any) -> None:
        """As the class says."""
        if args and isinstance(args[0], Backends):
            self._open_published(*args, **options)
        elif len(args) > 1:
            raise TypeError("what follows the name of a producer is given by its own name: Producer(name, caps=..., slots=...)")
        else:
            self._open(*args, **options)

    def _open_published(
        self, backend: Backends, name: str, buffers: int, buffer_size: int, in_order: bool = True, logger: Logger | None = None,
    ) -> None:
        told = None if logger is None else lambda error: logger.logger.warning("%s", error)
        self._open(
            name, slot_size=buffer_size, slots=buffers, backend="memfd" if backend == Backends.kMemfd else "shm",
            overflow="block" if in_order else "drop", on_warning=told,
        )

    def _open(
        self, name: str, *, slot_size: int | None = None, caps: str = "", slots: int = 20, backend: str = "shm", overflow: str = "block",
        meta_size: int = 4096, max_consumers: int = 16, permissions: int = 0o600, group: str | None = None, block_timeout: float | None = None,
        on_warning: Callable[[Error], object] | None = None,
    ) -> None:
        if backend not in _BACKENDS:
            raise ValueError(f'backend {backend!r}: use "shm" or "memfd"')
        if overflow not in _OVERFLOWS:
            raise ValueError(f'overflow {overflow!r}: use "block" or "drop"')
        _arguments.text("the name of a pool", name)
        _arguments.text("caps", caps)
        if group is not None:
            _arguments.text("group", group)
        if slot_size is None:
            slot_size = frame_size(caps)
            if slot_size is None:
                raise ValueError(
                    f"slot_size is needed: how large a frame is does not follow from the caps {caps!r}, as it does from those of raw video that have a format "
                    "that is known here, a width and a height")
        self._on_warning, self._has_warned = on_warning, False
        self._tags: Mapping[str, Any] | Iterable[metadata.Tags] = {}
        self._block_timeout = block_timeout
        for what, number, most in ("slots", slots, 2**32 - 1), ("slot_size", slot_size, 2**63 - 1), ("max_consumers", max_consumers, 2**32 - 1):
            _arguments.whole(what, number, 1, most)
        _arguments.whole("meta_size", meta_size, 0, 65536)
        _arguments.whole("permissions", permissions, 0, 2**32 - 1)
        super().__init__(
            name, _BACKENDS[backend], slots, slot_size, meta_size if meta_size else -1, max_consumers, caps, permissions, _OVERFLOWS[overflow],
            group, 0 if block_timeout is None else nanoseconds(block_timeout, "block_timeout"),
        )

    def pull(self, timeout: float | None = None) -> Slot:
        """An empty slot to write a frame into. Waits for one at most timeout seconds; None: for ever.

        Raises Timeout; Dropped, if overflow is "drop"; Flushing, Closed, NameTaken.
        """
        slot = self._pull(timeout)
        if self._has_warnings:
            self._tell()
        return slot

    def Pull(self, timeout: int | None = None) -> Slot:
        """pull, with a timeout in whole microseconds."""
        slot = self._Pull(timeout)
        if self._has_warnings:
            self._tell()
        return slot

    def lend(self, timeout: float | None = None) -> Slot:
        """pull, for who may hold several slots: it leaves enough of them for the quota of every consumer, and one for the next pull."""
        return self._lend(timeout)

    def push(
        self, slot: Slot, size: int | None = None, pts: int | None = None, duration: int | None = None, flags: int = 0,
        regions: Iterable[metadata.Region] = (), *, reference_timestamps: Iterable[metadata.ReferenceTimestamp] = (),
        metadata: Iterable[metadata.Record] = (), dts: int | None = None, capture_time: int | None = None, offset: int | None = None,
        offset_end: int | None = None, strides: Sequence[int] = (), offsets: Sequence[int] = (), raw_metadata: bytes = b"",
    ) -> None:
        """Publishes a slot and gives it back: consumers may read it from now on, and it must not be written to any more.

        size: bytes that are used; None: those of a frame with the caps of raw video, else all. pts, dts, duration: nanoseconds of the stream;
        capture_time: nanoseconds of time.monotonic_ns(). flags: bips.Flags. regions, reference_timestamps, metadata: what travels with the frame.
        strides, offsets: of the planes of raw video, in bytes, where they are not as the caps have them by default. raw_metadata: records as
        bytes, as frame.raw_metadata has them, before those of the other arguments.

        Arrays and other views of the slot stay valid, and keep it from being lent again while they exist: a ResourceWarning says so once.

        Raises StaleError if it was pushed already, TooLarge, BadOption, Closed. But for the first, the slot is still lent then.
        """
        if size is None:
            if not isinstance(slot, Slot):
                raise TypeError(f"push takes a bips.Slot that pull returned, and this is a {type(slot).__name__}")
            size = slot._default_size()
        try:
            if (duration, dts, capture_time, offset, offset_end) == _NONE and not (
                flags or strides or regions or reference_timestamps or metadata or raw_metadata
            ):
                watched = self._push_plain(slot, size, _NO_TIME if pts is None else pts)
            else:
                records = [*metadata, *regions, *reference_timestamps]
                watched = self._push(
                    slot, size, _time(pts), _time(dts), _time(duration), _time(capture_time), _time(offset), _time(offset_end), flags, list(strides),
                    list(offsets), raw_metadata + _write(records) if records else raw_metadata)
        except TypeError:
            _arguments.of_push(
                flags, size, pts=pts, duration=duration, dts=dts, capture_time=capture_time, offset=offset, offset_end=offset_end)
            raise
        if watched and not self._has_warned:
            self._has_warned = True
            warnings.warn(
                f"an array or another view of slot {slot.index} was there when it was pushed: the slot is published, and not lent again until "
                "the view is gone", ResourceWarning, stacklevel=2)
        if self._has_warnings:
            self._tell()

    def Push(self, buffer: Slot, timeout: int | None = None) -> None:
        """push of a whole buffer. It does not wait, whatever the timeout."""
        self.push(buffer)

    def send(self, data: Any, timeout: float | None = None, **what: Any) -> None:
        """Copies data into a slot and pushes it: an array of the shape and the kind of elements of numpy.asarray(slot), or bytes. what: as of push.

        Of planes that lie apart, as of I420 whose width is not a multiple of 8, it takes the array that a frame's to_ndarray() makes of them. Where the
        caps are not raw video, it takes any array, and sends its bytes.

        Raises TypeError for elements that the pixels cannot hold as they are, as those of float pictures from 0 to 1.
        """
        with self.pull(timeout) as slot:
            size = what.pop("size", None)
            whole = put(slot, data)
            self.push(slot, whole if size is None else size, **what)

    def _tell(self) -> None:
        for code, text in self._warnings():
            if self._on_warning is not None:
                self._on_warning(make(code, "", 0, text))
            else:
                logging.getLogger("bips").warning("%s", text)

    @property
    def caps(self) -> str:
        """What the frames pushed from now on are, in GStreamer's notation. May be set."""
        return self._caps()

    @caps.setter
    def caps(self, caps: str) -> None:
        self._set_caps(caps or "")

    @property
    def tags(self) -> Mapping[str, Any] | Iterable[metadata.Tags] | None:
        """Tags of the stream from the next frame on: {"title": "Camera 0"}, or several bips.metadata.Tags. May be set."""
        return self._tags

    @tags.setter
    def tags(self, tags: Mapping[str, Any] | Iterable[metadata.Tags] | None) -> None:
        if tags is not None and not isinstance(tags, (Mapping, metadata.Tags)):
            tags = list(tags)
        self._set_tags(metadata.tags_bytes(tags))
        self._tags = {} if tags is None else tags

    def set_latency(self, latency: int | None) -> None:
        """Tells consumers the latency of what comes before the producer, in nanoseconds; None: unknown, or not live."""
        self._set_latency(_time(latency))

    @property
    def block_timeout(self) -> float | None:
        """As given when it was made, in seconds. May be set, also for waits in progress; 0 then goes on without who is behind at once."""
        return self._block_timeout

    @block_timeout.setter
    def block_timeout(self, seconds: float | None) -> None:
        self._set_block_timeout(-1 if seconds is None else nanoseconds(seconds, "block_timeout"))
        self._block_timeout = seconds

    @property
    def stats(self) -> ProducerStats:
        """Counters, since it was made."""
        return ProducerStats._make(self._stats())

    def __enter__(self) -> Producer:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is None and not self.closed:
            self.end_of_stream()
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a producer is of one process: there is one for a name. Make it where it is used, and pass on the pool's name")

    def __repr__(self) -> str:
        try:
            if self.closed:
                return f'<bips.Producer "{self.name}", closed>'
            return f'<bips.Producer "{self.name}", {self.slots} slots of {self.slot_size} bytes, {self.stats.consumers} consumers>'
        except Exception as error:
            return f"<bips.Producer: {error}>"


# What help and editors show of the constructor.
setattr(Producer.__init__, "__signature__", inspect.signature(Producer._open))  # noqa: B010

_write = metadata.write
