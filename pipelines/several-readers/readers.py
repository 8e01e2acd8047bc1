#!/usr/bin/env python3
"""readers.py [POOL]: four processes read one camera at once, each in its own way and at its own pace. At the end of the stream
each tells what it counted.
"""
from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import time

import bips
import numpy

# What a reader does: which frames it reads, and how long it takes for each, in seconds.
READERS = {
    "recorder": ("every", 0.0),
    "preview": ("latest", 0.0),
    "detector": ("latest", 0.1),
    "archivist": ("latest", 1.0),
}


def read(consumer: bips.Consumer, seconds: float) -> tuple[bips.ConsumerStats, float]:
    """Reads to the end of the stream. Returns the counters, and the age of the oldest frame when it came, in seconds."""
    oldest = 0.0
    for frame in consumer:
        oldest = max(oldest, frame.age)
        numpy.asarray(frame).mean()  # looks at the camera's own pixels
        time.sleep(seconds)
    return consumer.stats, oldest


def main(pool: str = "camera0") -> None:
    start = multiprocessing.get_context("spawn")  # a consumer travels to a new process; over a fork it does not
    # Ctrl-C is for this process, which ends the others when it leaves the block.
    with start.Pool(len(READERS), signal.signal, (signal.SIGINT, signal.SIG_IGN)) as processes:
        reading = {name: processes.apply_async(read, (bips.Consumer(pool, mode=mode), seconds)) for name, (mode, seconds) in READERS.items()}
        print(f"{'':12}{'reads':8}{'a frame takes':>14}{'received':>10}{'passed by':>11}{'lost':>6}{'demoted':>9}{'oldest':>10}")
        for name, (mode, seconds) in READERS.items():
            counted, oldest = reading[name].get()
            print(f"{name:12}{mode:8}{seconds:12.1f} s{counted.received:10}{counted.skipped:11}{counted.lost:6}{counted.demoted:9}{oldest * 1000:7.0f} ms")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(*sys.argv[1:])
