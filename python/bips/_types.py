"""Plain values: counters, and what a pool is."""

from __future__ import annotations

import enum
import math
from typing import NamedTuple


class Held(NamedTuple):
    """A frame that is held: how many seconds ago it was pulled, how many arrays and other views of it exist, and whether the frame itself was
    released, so that only they hold it."""

    sequence: int
    age: float
    views: int
    released: bool


class ConsumerStats(NamedTuple):
    """What a consumer saw since it was made: frames received; passed by (latest) and lost; runs of a producer; moves to another pool that were followed;
    times that the producer stopped waiting for it; frames held now; whether the producer waits for it now."""

    received: int
    skipped: int
    lost: int
    instances: int
    moves: int
    demoted: int
    held: int
    blocking: bool


class ProducerStats(NamedTuple):
    """What a producer did since it was made: frames published and dropped; consumers that it stopped waiting for; grants of which more
    was held than granted; seats taken back from dead consumers; moves to another pool; consumers and lent slots now; process of the
    consumer demoted last."""

    published: int
    dropped: int
    demoted: int
    overdrawn: int
    reclaimed: int
    moves: int
    consumers: int
    lent: int
    last_demoted: int


class PoolInfo(NamedTuple):
    """The pool that a consumer is attached to. room: slots that all readers together may hold; granted: that they may hold now; interval: how
    far apart frames were published, in seconds on average, 0 where there are too few to tell."""

    instance: int
    slots: int
    slot_size: int
    room: int
    granted: int
    max_consumers: int
    producer_pid: int
    moves: int
    interval: float


class Flags(enum.IntFlag):
    """Flags of frames, as those of a GstBuffer."""

    LIVE = 0x10
    DECODE_ONLY = 0x20
    DISCONT = 0x40
    RESYNC = 0x80
    CORRUPTED = 0x100
    MARKER = 0x200
    HEADER = 0x400
    GAP = 0x800
    DROPPABLE = 0x1000
    DELTA_UNIT = 0x2000


def nanoseconds(seconds: float, what: str) -> int:
    """Seconds as whole nanoseconds. Raises TypeError, ValueError."""
    try:
        is_time = seconds >= 0 and not math.isinf(seconds)
    except TypeError:
        raise TypeError(f"{what} is a number of seconds, and this is {seconds!r}") from None
    if not is_time:
        raise ValueError(f"{what} is 0 or more seconds, and this is {seconds}")
    return round(seconds * 1e9)
