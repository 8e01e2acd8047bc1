"""What both roles share: lines, chance, work that orders pause, and the orders themselves."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import bips

NAMES = {1007: "version", 2: "no-pool", 28: "no-space", 1001: "name", 1002: "option", 1003: "backend", 1005: "names-deleted", 13: "permission", 90: "too-large", 116: "stale"}


def name_of(error: Exception) -> str:
    """An error's name as tests/peer/README.md has it."""
    code = getattr(error, "code", 0)
    return NAMES.get(code) or getattr(error, "name", "") or "other"


class Line(dict[str, Any]):
    """A line of output. Fields that are 0, False or "" are left out."""

    def __init__(self, event: str, **fields: Any) -> None:
        super().__init__(event=event)
        self.add(**fields)

    def add(self, **fields: Any) -> Line:
        self.update({name: value for name, value in fields.items() if value or value == []})
        return self

    def hex(self, name: str, number: int) -> Line:
        self[name] = f"{number:016x}"
        return self

    def error(self, error: Exception) -> Line:
        return self.add(error=name_of(error), text=str(error))

    def write(self) -> None:
        try:
            os.write(1, (json.dumps(self, separators=(",", ":")) + "\n").encode())
        except BrokenPipeError:
            os._exit(1)  # nobody listens any more: no thread should go on


def wrong(what: str, text: str) -> None:
    Line("wrong", what=what, text=text).write()


def wrong_call(call: str, error: Exception) -> None:
    Line("wrong", what="call", error=name_of(error), text=f"{call}: {error}").write()


def die(text: str) -> None:
    print(text, file=sys.stderr)
    os._exit(1)


class Draw(random.Random):
    def below(self, limit: int) -> int:
        return self.randrange(limit) if limit > 0 else 0

    def up_to(self, limit: float) -> float:
        return self.random() * limit if limit > 0 else 0.0

    def one_in(self, n: int) -> bool:
        return n > 0 and self.randrange(n) == 0


class Shift:
    """Work in steps, which an order can pause."""

    def __init__(self, wanted: bool) -> None:
        self._change = threading.Condition()
        self._wanted, self._working, self._over = wanted, False, False

    def run(self, step: Callable[[], None]) -> None:
        while True:
            with self._change:
                self._working = False
                self._change.notify_all()
                self._change.wait_for(lambda: self._wanted or self._over)
                if self._over:
                    return
                self._working = True
            step()

    def stop(self) -> None:
        with self._change:
            self._wanted = False
            self._change.notify_all()

    def pause(self, wake: Callable[[], None]) -> None:
        self.stop()
        wake()
        with self._change:
            self._change.wait_for(lambda: not self._working)

    def resume(self) -> None:
        with self._change:
            self._wanted = not self._over
            self._change.notify_all()

    def end(self) -> None:
        with self._change:
            self._over = True
            self._change.notify_all()

    def is_wanted(self) -> bool:
        with self._change:
            return self._wanted

    def sleep(self, seconds: float) -> None:
        if seconds < 0.001:
            time.sleep(seconds)
            return
        with self._change:
            self._change.wait_for(lambda: not self._wanted, seconds)


def seconds(microseconds: int) -> float | None:
    return None if microseconds < 0 else microseconds / 1e6


def obey(carry_out: Callable[[str, dict[str, Any], Line], None], shift: Shift) -> None:
    """Carries out orders, one after the other, until there are no more."""
    closed = False
    for text in sys.stdin:
        try:
            fields = json.loads(text)
            order = fields["do"]
        except (ValueError, TypeError, KeyError):
            die(f"order {text}: it is no object of JSON")
        if closed:
            die(f"order {order} after close")
        closed = order == "close"
        answer = Line("done", order=order)
        try:
            carry_out(order, fields, answer)
        except bips.Error as error:
            answer.error(error)
        answer.write()
        if order == "go":
            shift.resume()
    if not closed:
        try:
            carry_out("close", {}, Line("done"))
        except bips.Error:
            pass
    shift.end()


def unknown_order(answer: Line) -> None:
    answer.add(error="unknown-order", text="this role has no such order")
