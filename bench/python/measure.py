"""Measures one library in one work: README.md says which there are, and what is printed."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from importlib import import_module
from typing import Any

import numpy as np

MODULES = {"bips": "with_bips", "shared-memory": "with_shared_memory", "pyzmq-copy": "with_pyzmq", "pyzmq": "with_pyzmq", "iceoryx2": "with_iceoryx2"}
END = (1 << 64) - 1  # in the place of a frame's number: there are no more
PATIENCE = 10.0  # seconds
_SHIFT = 7  # of bench/elements/histogram.h


def say(**what: Any) -> None:
    print(json.dumps(what, separators=(",", ":")))


def picture(size: int) -> np.ndarray[Any, Any]:
    """Words of no pattern, whose sum is known."""
    return np.random.default_rng(1).integers(0, 1 << 32, size // 8, np.uint64)


class Ages:
    """A histogram of nanoseconds, with the buckets of bench/elements/histogram.h."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}

    def record(self, ns: int) -> None:
        shift = max(ns.bit_length() - 1 - _SHIFT, 0)
        bucket = (shift << _SHIFT) + (ns >> shift)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def pairs(self) -> list[list[int]]:
        return [[bucket, count] for bucket, count in sorted(self.counts.items())]


# Readers. Each gets words (an array of uint64) one frame after the other, and says at the end what it saw. A frame's words are only used
# until the next one is asked for.


def read_flow(words_of_frames: Any, touched: bool) -> dict[str, Any]:
    frames, total, begin, end = 0, 0, 0.0, 0.0
    for words in words_of_frames:
        number = int(words[0])
        if number == END:
            break
        total += int(words.sum(dtype=np.uint64)) if touched else number
        end = time.perf_counter()
        if frames == 0:
            begin = end
        frames += 1
    return {"frames": frames, "sum": total & END, "elapsed": end - begin}


def read_latency(words_of_frames: Any) -> dict[str, Any]:
    ages = Ages()
    for words in words_of_frames:
        stamp = int(words[0])
        if stamp == END:
            break
        ages.record(time.monotonic_ns() - stamp)
    return {"latency": ages.pairs()}


def reader(library: str, link: Any, work: str, pipe: Any) -> None:
    """The process that reads."""
    with import_module(MODULES[library]).Receiver(link, latest=work == "latency") as receiver:
        pipe.send("ready")
        pipe.send(read_latency(receiver) if work == "latency" else read_flow(receiver, work == "flow-touched"))


# Senders. fill is a context in which a frame's words may be written; it is sent when it is left.


def send_flow(sender: Any, size: int, seconds: float, touched: bool) -> tuple[int, int]:
    source = picture(size)
    rest = int(source[1:].sum(dtype=np.uint64))
    frames, total = 0, 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        words = sender.words()
        if touched:
            np.copyto(words, source)
            total += rest
        words[0] = frames
        sender.send()
        total += frames
        frames += 1
    return frames, total & END


def send_latency(sender: Any, rate: float, seconds: float) -> None:
    start = time.monotonic()
    for i in range(1, int(rate * seconds) + 1):
        time.sleep(max(0.0, start + i / rate - time.monotonic()))
        words = sender.words()
        words[0] = time.monotonic_ns()
        sender.send()
    time.sleep(0.02)  # else the end takes the last frame's place


def two_processes(library: str, work: str, size: int, *numbers: float) -> None:
    module = import_module(MODULES[library])
    latest = work == "latency"
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    with module.Sender(f"bench-python-{os.getpid()}", size, latest, copies=library == "pyzmq-copy", context=context) as sender:
        process = context.Process(target=reader, args=(library, sender.link, work, theirs), daemon=True)
        process.start()
        if not mine.poll(PATIENCE) or mine.recv() != "ready":
            sys.exit("the reader did not come")
        sender.await_reader()
        frames = total = 0
        if latest:
            send_latency(sender, *numbers)
        else:
            frames, total = send_flow(sender, size, *numbers, touched=work == "flow-touched")
        sender.words()[0] = END
        sender.send()
        if not mine.poll(PATIENCE):
            sys.exit("the reader did not end")
        seen = mine.recv()
        process.join()
    if latest:
        say(bench="latency", latency=seen["latency"])
    elif (seen["frames"], seen["sum"]) != (frames, total):
        sys.exit(f"{frames} frames were sent and {seen['frames']} came, or some were damaged")
    else:
        say(bench="flow", frames=frames, elapsed_s=seen["elapsed"])


def main() -> None:
    words = sys.argv[1:]
    try:
        library, work, size, *numbers = words[0], words[1], int(words[2]), *map(float, words[3:])
        if library not in MODULES or size < 64 or size % 8:
            raise ValueError
        if library == "bips" and work in ("loop", "loop-array", "array") and len(numbers) == 1:
            import_module("with_bips").alone(work, size, numbers[0])
        elif (work, len(numbers)) in (("flow", 1), ("flow-touched", 1), ("latency", 2)):
            two_processes(library, work, size, *numbers)
        else:
            raise ValueError
    except (IndexError, ValueError) as error:
        sys.exit(f"usage: measure.py {'|'.join(MODULES)} flow|flow-touched SIZE SECONDS | latency SIZE RATE SECONDS; bips loop|loop-array|array SIZE SECONDS {error}")


if __name__ == "__main__":
    main()
