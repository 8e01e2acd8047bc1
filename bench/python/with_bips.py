"""bips."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import bips
import numpy as np

PUBLISHED = 40  # frames that "loop" reads at a time


class Sender:
    def __init__(self, name: str, size: int, latest: bool, **_: Any) -> None:
        self.link = name
        self.producer = bips.Producer(name, slot_size=size)

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.producer.close()

    def await_reader(self) -> None:
        self.producer.wait_consumers(1, 10)

    def words(self) -> np.ndarray[Any, Any]:
        self.slot = self.producer.pull()
        return np.frombuffer(self.slot, np.uint64)

    def send(self) -> None:
        self.producer.push(self.slot)


class Receiver:
    def __init__(self, link: str, latest: bool) -> None:
        self.consumer = bips.Consumer(link, mode="latest" if latest else "every")

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self.consumer.close()

    def __iter__(self) -> Iterator[np.ndarray[Any, Any]]:
        for frame in self.consumer:
            yield np.asarray(frame).view(np.uint64)


def alone(work: str, size: int, seconds: float) -> None:
    """Producer and consumer in one thread: the loop alone is timed."""
    from measure import say

    with bips.Producer("bench-python-loop", slot_size=size, slots=64) as producer, bips.Consumer("bench-python-loop", mode="every") as consumer:
        join(producer, consumer)
        step = {"loop": read, "loop-array": read_arrays, "array": make_arrays}[work]
        frames, elapsed, until = 0, 0.0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            for _ in range(PUBLISHED):
                producer.push(producer.pull())
            elapsed += step(consumer)
            frames += PUBLISHED
        say(bench="loop", frames=frames, elapsed_s=elapsed)


def join(producer: bips.Producer, consumer: bips.Consumer) -> None:
    while producer.stats.consumers == 0:
        try:
            consumer.pull(0.01)
        except bips.Timeout:
            pass


def read(consumer: bips.Consumer) -> float:
    left = PUBLISHED
    begin = time.thread_time()
    for frame in consumer:
        left -= 1
        if not left:
            break
    elapsed = time.thread_time() - begin
    frame.release()
    return elapsed


def read_arrays(consumer: bips.Consumer) -> float:
    left, asarray = PUBLISHED, np.asarray
    begin = time.thread_time()
    for frame in consumer:
        array = asarray(frame)
        left -= 1
        if not left:
            break
    elapsed = time.thread_time() - begin
    del array
    frame.release()
    return elapsed


def make_arrays(consumer: bips.Consumer) -> float:
    asarray = np.asarray
    for _ in range(PUBLISHED - 1):
        consumer.pull().release()
    with consumer.pull() as frame:
        begin = time.thread_time()
        for _ in range(PUBLISHED):
            asarray(frame)
        return time.thread_time() - begin
