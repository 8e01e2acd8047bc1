#!/usr/bin/env python3
"""play.py VIDEO [POOL [READERS]]: a file, an address or a camera (0 is the first) that OpenCV reads, as a pool. OpenCV writes each
picture into the pool's own memory. It begins when there are so many readers: 0, unless it is said.
"""
from __future__ import annotations

import contextlib
import sys
import time

import bips
import cv2
import numpy


def main(name: str, pool: str = "camera0", readers: str = "0") -> None:
    video = cv2.VideoCapture(int(name) if name.isdigit() else name)
    if not video.isOpened():
        sys.exit(f"OpenCV cannot open {name}")
    width, height = int(video.get(cv2.CAP_PROP_FRAME_WIDTH)), int(video.get(cv2.CAP_PROP_FRAME_HEIGHT))
    rate = round(video.get(cv2.CAP_PROP_FPS)) or 30
    caps = f"video/x-raw,format=BGR,width={width},height={height},framerate={rate}/1"
    with bips.Producer(pool, caps=caps) as camera, contextlib.suppress(KeyboardInterrupt):
        if int(readers):
            camera.wait_consumers(int(readers))
        began = time.monotonic()
        for number in range(sys.maxsize):
            slot = camera.pull()
            if not read(video, numpy.asarray(slot)):
                break
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            camera.push(slot, pts=number * 1_000_000_000 // rate, duration=1_000_000_000 // rate)
    print(f"{camera.stats.published} frames of {width}x{height}, {rate} in a second")


def read(video: cv2.VideoCapture, picture: numpy.ndarray) -> bool:
    """Reads the next picture of a video into an array. Returns whether there was one."""
    came, written = video.read(picture)
    if came and written is not picture:
        picture[...] = written  # of another size or kind than it said: OpenCV made an array of its own
    return came


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
