#!/usr/bin/env python3
"""draw.py SHEET [POOL]: draws a box around each region of interest of a pool's frames, and saves twelve of them, from the first to the
last, as one picture.
"""
from __future__ import annotations

import sys
import time

import bips
import numpy
from PIL import Image, ImageDraw

COLUMNS, ROWS = 4, 3
SCALE = 2
GREEN = (80, 255, 80)


def draw(frame: bips.Frame) -> Image.Image:
    """A larger copy of a frame, with its boxes, how sure the detector is, and how long ago the camera had the picture."""
    small = Image.fromarray(numpy.asarray(frame))
    picture = small.resize((small.width * SCALE, small.height * SCALE))
    pen = ImageDraw.Draw(picture)
    for face in frame.regions:
        left, top = face.x * SCALE, face.y * SCALE
        pen.rectangle((left, top, left + face.width * SCALE, top + face.height * SCALE), outline=GREEN, width=SCALE)
        pen.text((left, top - 12), f"{face.kind} {face.confidence:.4f}", GREEN)
    age = time.monotonic_ns() - (frame.capture_time or frame.publish_time)
    pen.text((4, picture.height - 14), f"{(frame.pts or 0) / 1e9:.2f} s, {age // 1_000_000} ms old", "white")
    return picture


def contact_sheet(pictures: list[Image.Image]) -> Image.Image:
    """Pictures from the first to the last, evenly far apart, side by side."""
    width, height = pictures[0].size
    sheet = Image.new("RGB", (COLUMNS * width, ROWS * height))
    for cell in range(COLUMNS * ROWS):
        picture = pictures[cell * (len(pictures) - 1) // (COLUMNS * ROWS - 1)]
        sheet.paste(picture, (cell % COLUMNS * width, cell // COLUMNS * height))
    return sheet


def main(path: str, pool: str = "faces") -> None:
    pictures: list[Image.Image] = []
    came = had = 0
    step = 1
    for frame in bips.Consumer(pool, mode="every"):
        if came % step == 0:
            pictures.append(draw(frame))
        if len(pictures) == 4 * COLUMNS * ROWS:  # of a long stream every second, fourth, eighth, ...
            pictures, step = pictures[::2], step * 2
        came += 1
        had += bool(frame.regions)
    if pictures:
        contact_sheet(pictures).save(path)
    print(f"{came} results, {had} of them with a face")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
