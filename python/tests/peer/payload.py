"""What a frame of a peer is: tests/peer/README.md, "What a frame is"."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy

from bips import metadata

MASK = (1 << 64) - 1
GOLDEN, MIXED = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9
HEADER = 32
_STEPS = numpy.zeros(0, numpy.uint64)


def _words(key: int, count: int) -> numpy.ndarray:  # type: ignore[type-arg]
    """The first words behind the header."""
    global _STEPS
    if len(_STEPS) < count:
        _STEPS = numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(GOLDEN)
    return numpy.uint64(key) + _STEPS[:count]  # modulo 2^64


@dataclass
class Payload:
    token: int
    sequence: int
    dropped: int
    size: int

    @property
    def key(self) -> int:
        key = ((self.token ^ (self.sequence * GOLDEN & MASK)) * MIXED) & MASK
        return key ^ key >> 32

    def bytes(self) -> bytes:
        """All of it; cut off if size is less than its header."""
        head = struct.pack("<4Q", self.token, self.sequence, self.dropped, self.size)
        count = max(0, -(-(self.size - HEADER) // 8))
        return (head + _words(self.key, count).tobytes())[: self.size]

    @property
    def caps(self) -> str:
        return f"application/x-peer,part={self.sequence // 97}"

    @property
    def tags(self) -> bytes:
        return metadata.write([metadata.Tags({"title": f"part {self.sequence // 61}"})])

    @property
    def meta(self) -> bytes:
        if self.key % 2 == 0:
            return b""
        return metadata.write([metadata.ReferenceTimestamp("timestamp/x-peer", self.key >> 1)])

    def info(self) -> dict[str, object]:
        """What travels with it, as the arguments of Producer.push."""
        stride = self.key >> 33 & 0xFFFFFFFF
        return {
            "pts": self.sequence, "duration": self.key >> 1, "offset": self.sequence, "offset_end": self.token, "flags": self.key & 0xFFFFFFFF,
            "strides": (stride - (1 << 32) if stride >> 31 else stride,), "offsets": (0,), "metadata": metadata.read(self.meta),
        }


def read(data: memoryview) -> tuple[Payload, str]:
    """The payload of a frame, and what is wrong with its bytes; "": nothing."""
    if len(data) < HEADER:
        return Payload(0, 0, 0, len(data)), f"it has {len(data)} bytes, which is less than a header"
    payload = Payload(*struct.unpack_from("<4Q", data))
    if payload.size != len(data):
        return payload, f"it has {len(data)} bytes, and its payload says {payload.size}"
    return payload, "" if same(payload, data) else "its bytes are not those of its payload"


def same(payload: Payload, data: memoryview) -> bool:
    return data == payload.bytes()
