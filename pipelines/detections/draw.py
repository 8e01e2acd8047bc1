#!/usr/bin/python3
"""draw.py PICTURE [POOL]: draws a box around each region of interest of the frames of a pool. The last frame that
has one becomes the PICTURE.
"""
import sys

import cv2
import gi
import numpy as np

gi.require_version("Gst", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import GLib, Gst, GstVideo

RED = (0, 0, 255)

Gst.init(None)
path = sys.argv[1]
pool = sys.argv[2] if len(sys.argv) > 2 else "detections"
pipeline = Gst.parse_launch(
    f"bipssrc pool={pool} read-mode=every ! video/x-raw,format=BGR ! appsink name=frames sync=false"
)
frames = pipeline.get_by_name("frames")


def regions(frame):
    """Yields the regions of a frame, which its detector has numbered from 0 on."""
    number = 0
    while region := GstVideo.buffer_get_video_region_of_interest_meta_id(frame, number):
        yield region
        number += 1


def draw(sample):
    """Returns the frame with its boxes, and how many these are."""
    frame, info = sample.get_buffer(), GstVideo.VideoInfo.new_from_caps(sample.get_caps())
    rows = np.frombuffer(frame.extract_dup(0, frame.get_size()), np.uint8).reshape(info.height, info.stride[0])
    picture = np.ascontiguousarray(rows[:, : info.width * 3]).reshape(info.height, info.width, 3)
    boxes = 0
    for region in regions(frame):
        sure = region.get_param("detection").get_value("confidence")
        kind = GLib.quark_to_string(region.roi_type)
        left, top = region.x, region.y
        cv2.rectangle(picture, (left, top), (left + region.w, top + region.h), RED)
        cv2.putText(picture, f"{kind} {sure:.2f}", (left, max(top - 3, 10)), cv2.FONT_HERSHEY_PLAIN, 1, RED)
        last = f"{kind} at {left},{top}, {region.w}x{region.h}"
        boxes += 1
    return picture, boxes, last if boxes else ""


pipeline.set_state(Gst.State.PLAYING)
came = had = 0
where = ""
while sample := frames.emit("pull-sample"):
    picture, boxes, last = draw(sample)
    came += 1
    if boxes:
        had += 1
        where = last
        cv2.imwrite(path, picture)
error = pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
if error:
    sys.exit(error.parse_error()[0].message)
print(f"{came} frames, {had} of them with boxes; the last: {where}")
