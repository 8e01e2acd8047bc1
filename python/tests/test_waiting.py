"""Waits: without the GIL, ended by Ctrl-C, by close and by the end of the interpreter."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from itertools import repeat
from operator import attrgetter, itemgetter, methodcaller
from types import FrameType
from typing import Any

import bips
import pytest
from conftest import PATIENCE, Pair, wait_until

WAITS = {
    "pull": "bips.Consumer('nobody').pull()",
    "next": "next(iter(bips.Consumer('nobody')))",
    "Pull": "bips.Consumer('nobody').Pull()",
    "slot": "[p.pull() for _ in range(9)]",
    "lend": "[p.lend() for _ in range(9)]",
    "consumers": "p.wait_consumers(1)",
    "key frame": "p.wait_key_frame_request()",
}


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS.keys())
def test_ctrl_c_ends_a_wait(script, wait: str) -> None:  # type: ignore[no-untyped-def]
    """Within 0.2 s where the machine is idle: the wait looks for signals every 50 ms."""
    child = script(f"""
        import bips, time
        p = bips.Producer("camera", slot_size=64, slots=8)
        print("ready", flush=True)
        try:
            {wait}
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        p.close()
    """)
    assert child.line() == "ready"
    time.sleep(0.1)  # most likely it waits by now; the test is right, too, where it does not
    child.process.send_signal(signal.SIGINT)
    assert child.line() == "interrupted"
    child.end()


def test_a_signal_handler_that_raises_nothing_lets_the_wait_go_on(pair) -> None:  # type: ignore[no-untyped-def]
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    try:
        def signals() -> None:
            for _ in range(5):
                os.kill(os.getpid(), signal.SIGUSR1)
                wait_until(lambda: bool(heard))
                heard.clear()
            pair.producer.push(pair.producer.pull())

        thread = threading.Thread(target=signals)
        thread.start()
        assert pair.consumer.pull(PATIENCE).sequence == 1
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_signal_handler_can_use_the_package(pair) -> None:  # type: ignore[no-untyped-def]
    before = signal.signal(signal.SIGUSR1, lambda *_: pair.producer.push(pair.producer.pull()))
    try:
        timer = threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGUSR1))
        timer.start()
        assert pair.consumer.pull(PATIENCE).sequence == 1
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("wait", ["pull", "slots", "consumers", "key frame"])
def test_other_threads_run_while_one_waits(pair, wait: str) -> None:  # type: ignore[no-untyped-def]
    waits = {
        "pull": pair.consumer.pull,
        "slots": lambda: [pair.producer.pull() for _ in range(pair.producer.slots + 1)],
        "consumers": lambda: pair.producer.wait_consumers(9),
        "key frame": pair.producer.wait_key_frame_request,
    }
    thread = threading.Thread(target=lambda: pytest.raises(bips.Closed, waits[wait]))
    thread.start()
    steps = sum(1 for _ in range(100_000))  # it would stand still without the GIL
    assert steps == 100_000
    pair.consumer.close()
    pair.producer.close()
    thread.join()


def lets_others_run(call: Callable[[Any], object], of: object, seconds: float = 5) -> bool:
    """Whether another thread runs while call(of) does, of many times. These, and the looks at what the other one did, are made in C, so that nothing but
    the call can give the GIL away: call is one of the module operator's."""
    seen: list[None] = []
    over = threading.Event()

    def be_seen() -> None:
        while not over.is_set():
            seen.append(None)
            time.sleep(0)

    thread = threading.Thread(target=be_seen)
    thread.start()
    end = time.monotonic() + seconds
    found = False
    while not found and time.monotonic() < end:
        looks = list(map(itemgetter(1), zip(map(call, repeat(of, 20_000)), map(len, repeat(seen)))))
        found = looks[0] != looks[-1]
    over.set()
    thread.join()
    return found


@pytest.mark.parametrize("call", [
    methodcaller("set_blocking", False), methodcaller("suspend"), methodcaller("resume"), methodcaller("interrupt"), methodcaller("set_flushing", False),
], ids=str)
def test_other_threads_run_while_a_call_waits_for_whoever_pulls(pair, call: methodcaller) -> None:  # type: ignore[no-untyped-def]
    assert lets_others_run(call, pair.consumer)


def test_other_threads_run_while_a_consumer_that_nobody_keeps_is_closed() -> None:
    """It waits for threads of the library's."""
    assert lets_others_run(methodcaller("__call__", "nobody", 0, 3, 0, 0, 0, 0), bips._native.Consumer)


@pytest.mark.parametrize("call", [
    methodcaller("_set_caps", "video/x-raw"), methodcaller("_set_tags", b""), methodcaller("_set_latency", 0), methodcaller("_set_block_timeout", -1),
    methodcaller("end_of_stream"), methodcaller("drop"), methodcaller("set_flushing", False), methodcaller("_stats"), attrgetter("slots"), attrgetter("slot_size"),
    attrgetter("meta_size"),
], ids=str)
def test_other_threads_run_while_a_call_may_wait_for_a_pool_that_is_made(pairs, call: methodcaller) -> None:  # type: ignore[no-untyped-def]
    """For that a thread grows the pool: here for as long as the consumer, which reads every frame, is on its way from the move before."""
    pair: Pair = pairs()

    def grow() -> None:
        with pytest.raises(bips.Closed):
            for size in range(200, 100_000, 100):
                pair.producer.grow(size)

    assert not lets_others_run(call, pair.producer, 0.2)  # to get the GIL back may take far longer than the call
    pair.producer.push(pair.producer.pull())
    thread = threading.Thread(target=grow)
    thread.start()
    wait_until(lambda: pair.producer.stats.moves > 0)
    found = lets_others_run(call, pair.producer)
    pair.close()
    thread.join()
    assert found


def test_close_wakes_all_pulls_of_all_threads(pair) -> None:  # type: ignore[no-untyped-def]
    ended = []

    def pull() -> None:
        with pytest.raises(bips.Closed):
            pair.consumer.pull()
        ended.append(1)

    threads = [threading.Thread(target=pull) for _ in range(3)]
    for thread in threads:
        thread.start()
    pair.consumer.close()
    for thread in threads:
        thread.join()
    assert len(ended) == 3


def test_close_ends_a_loop_of_another_thread(pair) -> None:  # type: ignore[no-untyped-def]
    seen = []
    thread = threading.Thread(target=lambda: [seen.append(f.sequence) for f in pair.consumer])  # type: ignore[func-returns-value]
    thread.start()
    pair.producer.push(pair.producer.pull())
    wait_until(lambda: seen == [1])
    pair.consumer.close()
    thread.join()


def test_a_timeout_is_neither_short_nor_endless(pairs) -> None:  # type: ignore[no-untyped-def]
    pair: Pair = pairs()
    for timeout in (0, 0.001, 0.07, 0.2):
        began = time.monotonic()
        with pytest.raises(bips.Timeout):
            pair.consumer.pull(timeout)
        assert time.monotonic() - began >= timeout * 0.99


@pytest.mark.parametrize("timeout", [None, 0.02, 0])
def test_a_reader_that_hangs_holds_the_producer_up_for_block_timeout(pairs, timeout: float | None) -> None:  # type: ignore[no-untyped-def]
    """However long one wait is: pull itself waits in pieces, between which it looks for signals."""
    pair: Pair = pairs(slots=4, max_held=1, block_timeout=0.2)

    def has_pushed() -> bool:
        try:
            pair.producer.push(pair.producer.pull(timeout))
        except bips.Timeout:
            return False
        return True

    for _ in range(10):
        wait_until(has_pushed)
    assert pair.producer.stats.demoted == 1


class Enough(Exception):
    """What a signal's handler raises."""


def test_opening_is_interrupted_while_another_producer_has_the_name(pair) -> None:  # type: ignore[no-untyped-def]
    def handle(_: int, frame: FrameType | None) -> None:
        raise Enough(frame and frame.f_code.co_name)

    def is_interrupted() -> bool:
        """Whether the signal was heard in the wait, not when its end, which comes after half a second, is told."""
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            try:
                bips.Producer("camera", slot_size=64)
            except bips.PoolBusy:
                pass
        except Enough as end:
            return end.args == ("_open",)
        return False

    before = signal.signal(signal.SIGALRM, handle)
    try:
        wait_until(is_interrupted)  # most likely at once; a machine that is busy for half a second lets the wait end by itself
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_producer_that_opens_while_a_signal_is_handled_is_closed(pair) -> None:  # type: ignore[no-untyped-def]
    def handle(*_: object) -> None:
        pair.producer.close()
        wait_until(lambda: bips.why_no_pool("camera") is None)
        raise Enough

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Enough):
            bips.Producer("camera", slot_size=64)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert bips.why_no_pool("camera") is not None


def test_growing_is_interrupted(script) -> None:  # type: ignore[no-untyped-def]
    """A move waits for readers of every frame that are on their way from the one before: here for one that does not pull."""
    child = script("""
        import bips, os, signal, threading
        p = bips.Producer("camera", slot_size=64)
        c = bips.Consumer("camera", mode="every")
        while p.stats.consumers == 0:
            try: c.pull(0.02)
            except bips.Timeout: pass
        p.push(p.pull())
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            for size in range(100, 100000, 100): p.grow(size)
        except KeyboardInterrupt:
            print("interrupted")
        p.pull().release()
        c.close(); p.close()
    """)
    assert child.end().strip() == "interrupted"


def test_a_push_that_succeeds_while_a_signal_is_handled_is_a_push(pairs) -> None:  # type: ignore[no-untyped-def]
    """A slot from before a move waits in its push for one of the new pool. The signal's handler frees one, and raises when the frame is published."""
    pair: Pair = pairs(slots=4, max_held=1)
    slot = pair.producer.pull()
    plane, (slot.data[:]) = slot.planes[0], b"\7" * slot.size  # type: ignore[misc]
    pair.producer.grow(5000)
    others = []
    with pytest.raises(bips.Timeout):
        while True:
            others.append(pair.producer.pull(0.05))

    def is_being_pushed() -> bool:
        try:
            return slot.size < 0
        except bips.StaleError:
            return True

    def handle(*_: object) -> None:
        with pytest.raises(bips.StaleError):
            memoryview(plane)
        others.pop().release()
        wait_until(lambda: pair.producer.stats.published == 1)
        raise Enough

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        thread = threading.Thread(target=lambda: (wait_until(is_being_pushed), os.kill(os.getpid(), signal.SIGUSR1)))
        thread.start()
        with pytest.raises(Enough):
            pair.producer.push(slot)
        thread.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert slot.pushed and pair.producer.stats.lent == len(others)
    with pytest.raises(bips.StaleError):
        memoryview(plane)
    assert bytes(pair.consumer.pull(PATIENCE).data) == b"\7" * 128
    for other in others:
        other.release()
