#!/usr/bin/env python3
"""draw.py [POOL [SECONDS]]: a camera that NumPy draws: rings around two points that wander. It draws into the pool's own memory.

Ctrl-C ends the stream, and with it its readers.
"""
from __future__ import annotations

import contextlib
import itertools
import math
import sys
import time

import bips
import numpy

WIDTH, HEIGHT, RATE = 640, 480, 30
CAPS = f"video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},framerate={RATE}/1"
y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH].astype(numpy.float32)


def draw(picture: numpy.ndarray, seconds: float) -> None:
    """Draws what is to be seen at a time into a picture (HEIGHT, WIDTH, 3 bytes: red, green, blue)."""
    left = numpy.hypot(x - 220 - 90 * math.sin(seconds), y - 240 - 60 * math.cos(1.3 * seconds))
    right = numpy.hypot(x - 420 - 90 * math.cos(0.7 * seconds), y - 240 - 60 * math.sin(seconds))
    rings = numpy.sin(left / 14 - 3 * seconds) + numpy.sin(right / 14)  # -2 to 2
    picture[..., 0] = 128 + 60 * rings
    picture[..., 1] = 90 + 40 * rings
    picture[..., 2] = 160 - 45 * rings


def main(pool: str = "camera0", seconds: str = "inf") -> None:
    with bips.Producer(pool, caps=CAPS) as camera, contextlib.suppress(KeyboardInterrupt):
        began = time.monotonic()
        for number in itertools.takewhile(lambda n: n < RATE * float(seconds), itertools.count()):
            slot = camera.pull()
            draw(numpy.asarray(slot), number / RATE)
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            camera.push(slot, pts=number * 1_000_000_000 // RATE, duration=1_000_000_000 // RATE)
    print(f"{camera.stats.published} frames")


if __name__ == "__main__":
    main(*sys.argv[1:])
