#!/usr/bin/env python3
"""detect.py [FROM [TO]]: looks for faces in the newest frames of one pool, and publishes each of these in another pool, with
a region of interest around each face.

The network is MTCNN of facenet-pytorch, whose weights are part of it. Put your own into find_faces(): everything else stays as it is.
"""
from __future__ import annotations

import sys
import time

import bips
import numpy
import torch
from facenet_pytorch import MTCNN

SURE = 0.95  # of 1: what the network is less sure of is not told

network = MTCNN(keep_all=True)


def find_faces(picture: torch.Tensor) -> list[bips.Region]:
    """The faces in a picture (height, width, 3 bytes: red, green, blue), which must not be written to."""
    height, width = picture.shape[:2]
    boxes, confidences = network.detect(picture)
    faces = []
    for box, sure in zip(boxes if boxes is not None else (), confidences):
        left, top = (max(0, round(float(edge))) for edge in box[:2])
        right, bottom = min(width, round(float(box[2]))), min(height, round(float(box[3])))
        if sure >= SURE:
            faces.append(bips.Region(left, top, right - left, bottom - top, "face", confidence=float(sure)))
    return faces


def told(faces: list[bips.Region]) -> str:
    return ", ".join(f"face at {f.x},{f.y}, {f.width}x{f.height}, p {f.confidence:.4f}" for f in faces) or "no face"


def main(source: str = "camera", target: str = "faces") -> None:
    results: bips.Producer | None = None
    worked = 0.0
    camera = bips.Consumer(source, mode="latest")
    for frame in camera:
        if frame.format != "RGB":
            sys.exit(f"the camera sends {frame.format or frame.caps}, and the network takes RGB: put videoconvert ! video/x-raw,format=RGB before its bipssink")
        if results is None:
            results = bips.Producer(target, caps=frame.caps)
        began = time.monotonic()
        faces = find_faces(torch.from_dlpack(frame))  # the camera's own pixels
        worked += time.monotonic() - began
        results.send(numpy.asarray(frame), pts=frame.pts, duration=frame.duration, regions=faces,
                     capture_time=frame.capture_time or frame.publish_time)
        print(f"frame {frame.sequence}: {told(faces)}; {frame.age * 1000:.0f} ms old, {frame.skipped} passed by")
    if results is not None:
        results.end_of_stream()
        results.close()
    seen, passed_by = camera.stats.received, camera.stats.skipped
    print(f"{seen} frames looked at, {passed_by} passed by, {camera.stats.lost} lost; the network takes {worked / max(seen, 1) * 1000:.0f} ms a frame")


if __name__ == "__main__":
    main(*sys.argv[1:])
