"""Waiting in asyncio: by the consumer's descriptor, without a thread of Python's."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from ._errors import Closed, EndOfStream, ProducerLost, Timeout

if TYPE_CHECKING:
    from ._consumer import Consumer
    from ._native import Frame

# Who waits in which loop at which descriptor now: a loop has one reader for a descriptor. Nobody is kept here who would not be there otherwise, as
# a task of a loop that was closed.
_waiting: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, WeakSet[asyncio.Future[None]]]] = WeakKeyDictionary()


def _wake(waiting: WeakSet[asyncio.Future[None]]) -> None:
    for future in list(waiting):
        if not future.done():
            future.set_result(None)


async def _readable(consumer: Consumer, timeout: float | None) -> None:
    """Waits until a pull may find something, or time is over."""
    loop = asyncio.get_running_loop()
    descriptor = consumer.fileno()
    readers = _waiting.setdefault(loop, {})
    if descriptor not in readers:
        readers[descriptor] = WeakSet()
        loop.add_reader(descriptor, _wake, readers[descriptor])
    waiting = readers[descriptor]
    future: asyncio.Future[None] = loop.create_future()
    waiting.add(future)
    try:
        await asyncio.wait([future], timeout=timeout)
    finally:
        waiting.discard(future)
        future.cancel()
        if not waiting and readers.get(descriptor) is waiting:
            del readers[descriptor]
            loop.remove_reader(descriptor)


async def pull(consumer: Consumer, timeout: float | None) -> Frame:
    """The next frame."""
    if timeout is not None and not timeout >= 0:
        raise ValueError("a timeout is 0 or more seconds; None is for ever")
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        try:
            return consumer.pull(0)
        except Timeout:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise
        await _readable(consumer, left)


async def following(consumer: Consumer) -> Frame:
    """The next frame of a loop, which goes on over the death of a producer and ends with the stream, as the one without async does."""
    while True:
        try:
            return await pull(consumer, None)
        except ProducerLost:
            continue
        except (EndOfStream, Closed):
            raise StopAsyncIteration from None
