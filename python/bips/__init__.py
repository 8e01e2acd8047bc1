"""Frames between the processes of one machine, without a copy.

One producer fills the slots of a pool in shared memory; any number of consumers read the frames where they lie. The other side may be any
program of BIPS: in Python, C, Go, or the GStreamer elements bipssink and bipssrc.

    import bips, numpy

    for frame in bips.Consumer("camera0"):
        picture = numpy.asarray(frame)          # the camera's own pixels, read-only
        print(picture.shape, frame.pts, frame.age)

A frame stays as it is for as long as the frame object, or any array made of it, exists. A consumer may hold a few at a time.

Seconds are floats, and of waits; times of a stream (pts, duration) are whole nanoseconds.
"""

from __future__ import annotations

from ._errors import (
    AccessError, BadName, BadOption, Closed, DamagedError, Dropped, EndOfStream, Error, Flushing, ForkError, Interrupted, NameTaken,
    NamesDeleted, NoBackend, NoMemory, NoPool, NoSpace, PoolBusy, PoolFull, ProducerLost, QuotaError, Stalled, StaleError, SystemCallError,
    Timeout, TooLarge, VersionError,
)
from ._load import load

load(__name__, __path__[0])

from . import metadata  # noqa: E402
from ._consumer import Consumer  # noqa: E402
from ._native import Frame, Plane, Slot, check_name, frames_stand_alone, why_no_pool  # noqa: E402
from ._native import library_version as __version__  # noqa: E402
from ._producer import Producer  # noqa: E402
from ._published import Backends, Level, Logger, LoggerType  # noqa: E402
from ._types import ConsumerStats, Flags, Held, PoolInfo, ProducerStats  # noqa: E402
from .metadata import ReferenceTimestamp, Region, Structure  # noqa: E402

for _kind in list(globals().values()):  # errors and help name them as programs do
    if isinstance(_kind, type) and _kind.__module__.startswith("bips._"):
        _kind.__module__ = "bips"
del _kind

__all__ = [
    "AccessError", "Backends", "BadName", "BadOption", "Closed", "Consumer", "ConsumerStats", "DamagedError", "Dropped", "EndOfStream", "Error",
    "Flags", "Flushing", "ForkError", "Frame", "Held", "Interrupted", "Level", "Logger", "LoggerType", "NameTaken", "NamesDeleted",
    "NoBackend", "NoMemory", "NoPool", "NoSpace", "Plane", "PoolBusy", "PoolFull", "PoolInfo", "Producer", "ProducerLost", "ProducerStats",
    "QuotaError", "ReferenceTimestamp", "Region", "Slot", "Stalled", "StaleError", "Structure", "SystemCallError", "Timeout", "TooLarge",
    "VersionError", "__version__", "check_name", "frames_stand_alone", "metadata", "why_no_pool",
]
