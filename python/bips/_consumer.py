"""Reading from a pool."""

from __future__ import annotations

import inspect
from typing import Any, overload

from . import _arguments, _native
from ._errors import Closed
from ._native import Frame
from ._published import Backends, Logger
from ._types import ConsumerStats, Held, PoolInfo, nanoseconds

_MODES = {"auto": 0, "latest": 1, "every": 2}


class Consumer(_native.Consumer):
    """Reads the frames of a pool.

    Making one never waits, and the pool need not be there: pull waits for it.

        for frame in bips.Consumer("camera0"):
            look(numpy.asarray(frame))

    The loop ends with the stream, or when the consumer is closed; it goes on with the next producer when one dies.

    name: of the pool; one leading slash means nothing.
    mode: "latest" reads the newest frame, and never holds the producer up; "every" reads each frame; "auto" decides by the caps: the latest for frames
        that can be understood alone, as raw video, else every.
    max_held: how many frames it wants to hold at once. The usual loop holds two.
    min_held: with how many it is content where the pool has no room for max_held; 0: no fewer.
    max_age: seconds. Of the frames that were not read yet, "latest" reads the oldest that was published at most so long ago, and the newest
        where there is none; 0: always the newest.
    spin: seconds, at most 100e-6: for how long pull looks for a frame that may come at any moment before it sleeps.
    stall_timeout: seconds after which pull raises Stalled, once for each stall, while the producer lives and no frame comes; None: never.

    The form of RidgeRun's BIPS has the arguments of a producer: Consumer(Backends.kShm, name, buffers, buffer_size, in_order, logger). The backend is that of
    the pool, whatever is given. buffers and buffer_size, if given, have to be the pool's, else pull raises BadOption. in_order: True is
    "every", False and left out is "latest".
    """

    @overload
    def __init__(
        self, name: str, /, *, mode: str = "auto", max_held: int = 3, min_held: int = 0, max_age: float = 0, spin: float = 0,
        stall_timeout: float | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self, backend: Backends, name: str, buffers: int | None = None, buffer_size: int | None = None, in_order: bool | None = None,
        logger: Logger | None = None, /,
    ) -> None: ...

    def __init__(self, *args: Any, **options: Any) -> None:
        """As the class says."""
        self._arguments = args, dict(options)
        if args and isinstance(args[0], Backends):
            self._open_published(*args, **options)
        elif len(args) > 1:
            raise TypeError("what follows the name of a consumer is given by its own name: Consumer(name, mode=..., max_held=...)")
        else:
            self._open(*args, **options)

    def _open_published(
        self, backend: Backends, name: str, buffers: int | None = None, buffer_size: int | None = None, in_order: bool | None = None,
        logger: Logger | None = None,
    ) -> None:
        self._open(name, mode="every" if in_order else "latest")
        self._expect(buffers or 0, buffer_size or 0)

    def _open(
        self, name: str, *, mode: str = "auto", max_held: int = 3, min_held: int = 0, max_age: float = 0, spin: float = 0,
        stall_timeout: float | None = None,
    ) -> None:
        if mode not in _MODES:
            raise ValueError(f'mode {mode!r}: use "auto", "latest" or "every"')
        _arguments.text("the name of a pool", name)
        _arguments.whole("max_held", max_held, 1, 2**32 - 1)
        _arguments.whole("min_held", min_held, 0, 2**32 - 1)
        if nanoseconds(spin, "spin") > 100_000:
            raise ValueError(f"spin is at most 100e-6 seconds, and this is {spin}")
        if stall_timeout is not None and nanoseconds(stall_timeout, "stall_timeout") == 0:
            raise ValueError("stall_timeout is more than 0 seconds; None is never")
        self._mode, self._max_age = mode, max_age
        super().__init__(
            name, _MODES[mode], max_held, min_held, nanoseconds(max_age, "max_age"), nanoseconds(spin, "spin"),
            0 if stall_timeout is None else nanoseconds(stall_timeout, "stall_timeout"),
        )

    @property
    def mode(self) -> str:
        """Which frames it reads: "auto", "latest" or "every"."""
        return self._mode

    @property
    def max_age(self) -> float:
        """As given when it was made, in seconds; it may be set."""
        return self._max_age

    @max_age.setter
    def max_age(self, seconds: float) -> None:
        self._set_max_age(nanoseconds(seconds, "max_age"))
        self._max_age = seconds

    @property
    def held(self) -> list[Held]:
        """The frames that are held now, by Frame objects or only by arrays and other views of them, the oldest first."""
        return sorted((Held._make(h) for h in self._held()), key=lambda h: -h.age)

    @property
    def stats(self) -> ConsumerStats:
        """Counters, since it was made."""
        return ConsumerStats._make(self._stats())

    @property
    def pool(self) -> PoolInfo | None:
        """The pool that it is attached to; None while there is none."""
        found = self._pool()
        return None if found is None else PoolInfo._make(found)

    def __iter__(self) -> Consumer:
        if self.closed:
            raise Closed(f'pool "{self.name}": this consumer was closed')
        return self

    async def pull_async(self, timeout: float | None = None) -> Frame:
        """pull, for asyncio: other tasks run while it waits. Cancelling it, also by asyncio.timeout, loses no frame. Raises what pull does."""
        from ._async import pull

        return await pull(self, timeout)

    def __aiter__(self) -> Consumer:
        return self.__iter__()

    async def __anext__(self) -> Frame:
        from ._async import following

        return await following(self)

    def __enter__(self) -> Consumer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        own = {"_arguments", "_mode", "_max_age"}
        state = {name: value for name, value in self.__dict__.items() if name not in own}
        return (_open_again, (type(self), *self._arguments), state or None)

    def __repr__(self) -> str:
        try:
            if self.closed:
                state = "closed"
            elif (pool := self.pool) is None:
                state = "no pool yet"
            else:
                state = f"pool of {pool.slots} slots, holds {self._held_count()} of {self.quota} frames"
            return f'<bips.Consumer "{self.name}" {self._mode}, {state}>'
        except Exception as error:
            return f"<bips.Consumer: {error}>"


# What help and editors show of the constructor.
setattr(Consumer.__init__, "__signature__", inspect.signature(Consumer._open))  # noqa: B010


def _open_again(kind: type[Consumer], args: tuple[Any, ...], options: dict[str, Any]) -> Consumer:
    """A consumer with the arguments that one was made with, in another process."""
    consumer = kind.__new__(kind)
    Consumer.__init__(consumer, *args, **options)
    return consumer
