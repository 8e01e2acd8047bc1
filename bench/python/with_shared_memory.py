"""multiprocessing.shared_memory: a ring of frames, and a condition that says when it changes."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np

SLOTS = 20
HEADER = 4096  # bytes: how many frames were written, and how many were read


class Ring:
    """The memory, and arrays of its parts, made once."""

    def __init__(self, memory: SharedMemory, size: int) -> None:
        self.counts = np.ndarray(2, np.uint64, memory.buf)
        step = -(-size // 4096) * 4096
        self.slots = [np.ndarray(size // 8, np.uint64, memory.buf, HEADER + i * step) for i in range(SLOTS)]

    @staticmethod
    def bytes(size: int) -> int:
        return HEADER + SLOTS * (-(-size // 4096) * 4096)


class Sender:
    def __init__(self, name: str, size: int, latest: bool, context: Any, **_: Any) -> None:
        self.memory = SharedMemory(create=True, size=Ring.bytes(size))
        self.memory.buf[:] = bytes(len(self.memory.buf))  # its pages are there before the measurement
        self.ring = Ring(self.memory, size)
        self.changed = context.Condition()
        self.latest, self.written = latest, 0
        self.link = self.memory.name, size, self.changed

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        del self.ring
        self.memory.close()
        self.memory.unlink()

    def await_reader(self) -> None:
        pass

    def words(self) -> np.ndarray[Any, Any]:
        # A reader of the newest frame has the one before at most: of 20 places the next one is free.
        if not self.latest:
            with self.changed:
                while self.written - int(self.ring.counts[1]) == SLOTS:
                    self.changed.wait()
        return self.ring.slots[self.written % SLOTS]

    def send(self) -> None:
        self.written += 1
        with self.changed:
            self.ring.counts[0] = self.written
            self.changed.notify()


class Receiver:
    def __init__(self, link: tuple[str, int, Any], latest: bool) -> None:
        name, size, self.changed = link
        self.memory = SharedMemory(name)
        self.ring, self.latest = Ring(self.memory, size), latest

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        del self.ring
        self.memory.close()

    def __iter__(self) -> Iterator[np.ndarray[Any, Any]]:
        read, counts, slots = 0, self.ring.counts, self.ring.slots
        while True:
            with self.changed:
                while (written := int(counts[0])) == read:
                    self.changed.wait()
            if self.latest:
                read = written - 1
            yield slots[read % SLOTS]
            read += 1
            if not self.latest:
                with self.changed:
                    counts[1] = read
                    self.changed.notify()
