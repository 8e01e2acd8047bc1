"""pyzmq, with and without copies of its own."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import zmq

BUFFERS = 20  # frames under way at most


class Sender:
    def __init__(self, name: str, size: int, latest: bool, copies: bool, **_: Any) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="bips-bench-")
        address = "ipc://" + os.path.join(self.folder.name, "socket")
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.PUSH)
        self.socket.sndhwm = BUFFERS
        self.socket.bind(address)
        self.copies, self.link = copies, (address, copies)
        self.free = [np.zeros(size // 8, np.uint64) for _ in range(1 if copies else BUFFERS)]
        self.sent: deque[tuple[Any, Any]] = deque()  # messages that zmq may still look at, and their buffers

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close(linger=1000)
        self.context.term()
        self.folder.cleanup()

    def await_reader(self) -> None:
        self.socket.poll(10_000, zmq.POLLOUT)

    def words(self) -> np.ndarray[Any, Any]:
        while self.sent and (self.sent[0][0].done or not self.free):
            message, buffer = self.sent.popleft()
            message.wait()
            self.free.append(buffer)
        self.buffer = self.free[-1] if self.copies else self.free.pop()
        return self.buffer

    def send(self) -> None:
        if self.copies:
            self.socket.send(self.buffer)
        else:
            self.sent.append((self.socket.send(self.buffer, copy=False, track=True), self.buffer))


class Receiver:
    def __init__(self, link: tuple[str, bool], latest: bool) -> None:
        address, self.copies = link
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.PULL)
        if latest:
            self.socket.conflate = True
        else:
            self.socket.rcvhwm = BUFFERS
        self.socket.connect(address)

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close(linger=0)
        self.context.term()

    def __iter__(self) -> Iterator[np.ndarray[Any, Any]]:
        receive, copies = self.socket.recv, self.copies
        while True:
            yield np.frombuffer(receive() if copies else receive(copy=False).buffer, np.uint64)
