"""iceoryx2's Python package: a service of frames, and one of events for readers that sleep."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from typing import Any

import iceoryx2 as iox2
import numpy as np

BUFFER = 16  # frames that a reader may be behind


class Link:
    def __init__(self, name: str, latest: bool) -> None:
        iox2.set_log_level(iox2.LogLevel.Error)
        self.node = iox2.NodeBuilder.new().create(iox2.ServiceType.Ipc)
        builder = self.node.service_builder(iox2.ServiceName.new(name)).publish_subscribe(iox2.Slice[ctypes.c_uint8])
        self.frames = (
            builder.enable_safe_overflow(latest).subscriber_max_buffer_size(1 if latest else BUFFER).max_subscribers(1).max_nodes(3).open_or_create()
        )
        self.events = self.node.service_builder(iox2.ServiceName.new(name)).event().max_listeners(1).max_nodes(3).open_or_create()


def words_of(payload: Any) -> np.ndarray[Any, Any]:
    """An array where a slice lies."""
    return np.frombuffer(payload.as_memory_view(), np.uint64)


class Sender:
    def __init__(self, name: str, size: int, latest: bool, **_: Any) -> None:
        self.link, self.size, self.latest = (name, size), size, latest
        self.own = Link(name, latest)
        builder = self.own.frames.publisher_builder().initial_max_slice_len(size)
        self.publisher = builder.backpressure_strategy(iox2.BackpressureStrategy.RetryUntilDelivered).create()
        self.notifier = self.own.events.notifier_builder().create()

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def await_reader(self) -> None:
        end = time.monotonic() + 10
        while self.own.frames.dynamic_config.number_of_subscribers == 0 and time.monotonic() < end:
            time.sleep(0.001)

    def words(self) -> np.ndarray[Any, Any]:
        self.sample = self.publisher.loan_slice_uninit(self.size)
        return words_of(self.sample.payload())

    def send(self) -> None:
        self.sample.assume_init().send()
        if self.latest:
            self.notifier.notify()


class Receiver:
    def __init__(self, link: tuple[str, int], latest: bool) -> None:
        self.own, self.latest = Link(link[0], latest), latest
        self.subscriber = self.own.frames.subscriber_builder().create()
        self.listener = self.own.events.listener_builder().create()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[np.ndarray[Any, Any]]:
        receive, latest, listener = self.subscriber.receive, self.latest, self.listener
        while True:
            sample = receive()
            if sample is not None:
                yield words_of(sample.payload())
                sample.delete()
            elif latest:
                listener.blocking_wait()
            else:
                os.sched_yield()
