#!/usr/bin/python3
"""detect.py [FROM [TO]]: looks for what moves in the frames of one pool, and publishes them in another, with
a region of interest for each thing that moves.

OpenCV tells what is not background. Put your own detector into detect(): everything else stays as it is.
"""
import os
import sys

import cv2
import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import GLib, Gst, GstVideo

LEAST = 100  # pixels: what is smaller is noise
COPY = Gst.BufferCopyFlags.FLAGS | Gst.BufferCopyFlags.TIMESTAMPS | Gst.BufferCopyFlags.META | Gst.BufferCopyFlags.MEMORY

Gst.init(None)
source = sys.argv[1] if len(sys.argv) > 1 else "camera"
target = sys.argv[2] if len(sys.argv) > 2 else "detections"
background = cv2.createBackgroundSubtractorMOG2(detectShadows=False)


def give_up(*why):
    """An exception in on_frame, which GStreamer calls, would else only be printed."""
    sys.__excepthook__(*why)
    os._exit(1)


sys.excepthook = give_up


def detect(picture):
    """Yields (x, y, width, height, how sure) of each thing that moves."""
    moves = background.apply(picture)
    for outline in cv2.findContours(moves, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        x, y, width, height = cv2.boundingRect(outline)
        if width * height >= LEAST:
            yield x, y, width, height, min(1.0, cv2.contourArea(outline) / (width * height))


def on_frame(sink, out):
    sample = sink.emit("pull-sample")
    caps, frame = sample.get_caps(), sample.get_buffer()
    info = GstVideo.VideoInfo.new_from_caps(caps)
    # Another buffer around the same bytes, which metadata can be added to.
    found = frame.copy_region(COPY, 0, frame.get_size())
    ok, mapped = frame.map(Gst.MapFlags.READ)
    if not ok:
        return Gst.FlowReturn.ERROR
    picture = np.frombuffer(mapped.data, np.uint8).reshape(info.height, info.stride[0])
    things = list(detect(picture[:, : info.width * 3].reshape(info.height, info.width, 3)))
    del picture
    frame.unmap(mapped)
    for number, (x, y, width, height, sure) in enumerate(things):
        region = GstVideo.buffer_add_video_region_of_interest_meta(found, "moving", x, y, width, height)
        region.id = number
        region.add_param(Gst.Structure.new_from_string(f"detection, confidence=(double){sure}"))
    out.props.caps = caps
    return out.emit("push-buffer", found)


pipeline = Gst.parse_launch(
    f"bipssrc pool={source} read-mode=every ! video/x-raw,format=BGR ! appsink name=seen emit-signals=true sync=false async=false"
    f" appsrc name=found format=time is-live=true ! bipssink pool={target} sync=false async=false"
)
seen, found = pipeline.get_by_name("seen"), pipeline.get_by_name("found")
seen.connect("new-sample", on_frame, found)
seen.connect("eos", lambda _: found.emit("end-of-stream"))
loop = GLib.MainLoop()
failed = []


def on_message(_, message):
    if message.type == Gst.MessageType.ERROR:
        failed.append(message.parse_error()[0].message)
    if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
        loop.quit()


bus = pipeline.get_bus()
bus.add_signal_watch()
bus.connect("message", on_message)
pipeline.set_state(Gst.State.PLAYING)
loop.run()
pipeline.set_state(Gst.State.NULL)
sys.exit(failed[0] if failed else 0)
