"""Metadata that travel with a frame: regions (detections), times on other clocks, crop, time codes, captions, structures of an application's own;
and the tags of a stream.

Values in structures are None, bool, int, float, str, bytes, Fraction, Structure, list (an array, whose elements are of one kind),
Alternatives (a list of GStreamer's) and Other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Any, ClassVar, Union, cast

from . import _native

__all__ = [
    "Affine", "Alternatives", "AudioLayout", "Caption", "Crop", "Custom", "Damaged", "Gst", "Integer", "Memories", "Octets", "Other", "Protection",
    "Real", "Record", "ReferenceTimestamp", "Region", "Structure", "Tags", "TimeCode", "Unknown", "Value", "read", "write",
]

# Any value of those above. The list of kinds is recursive, which not all type checkers take.
Value = Any


@dataclass
class Structure:
    """Fields of a name, as a GstStructure."""

    name: str
    fields: dict[str, Value] = field(default_factory=dict)


class Alternatives(list[Value]):
    """A list of GStreamer's: alternatives, or several values of one tag. A plain list is an array, whose order matters."""


@dataclass
class Other:
    """A value of another type: the name of its GType, and its text as gst_value_serialize writes it."""

    type: str
    text: str


class Integer(int):
    """An int that came as another type than a plain int is written as: of unsigned ones, or with another origin (enum bips_meta_origin of
    bips/meta.h: 8, 32, 64 bits, 65 long). It is written as it came."""

    origin: int
    unsigned: bool

    def __new__(cls, value: int, origin: int = 32, unsigned: bool = False) -> Integer:
        made = super().__new__(cls, value)
        made.origin, made.unsigned = origin, unsigned
        return made


class Real(float):
    """A float that came as another type than a double: origin 32 is a float of C."""

    origin: int

    def __new__(cls, value: float, origin: int = 32) -> Real:
        made = super().__new__(cls, value)
        made.origin = origin
        return made


class Octets(bytes):
    """Bytes that came as a GBytes (origin 1), not as a GstBuffer."""

    origin: int

    def __new__(cls, value: bytes, origin: int = 1) -> Octets:
        made = super().__new__(cls, value)
        made.origin = origin
        return made


@dataclass
class Region:
    """A part of the picture that somebody should look at, or what a detector found there. Pixels, from the frame's left upper corner.

    id is its number in the frame, which others name as their parent; None: it gets its place in the list, from 0, when it is written.
    parent is the id of the region that it is a part of; -1: none. params say more; a detector's have the name "detection", with a field
    "confidence" of 0 to 1, which is confidence here.
    """

    x: int
    y: int
    width: int
    height: int
    kind: str = ""
    id: int | None = None
    parent: int = -1
    params: list[Structure] = field(default_factory=list)
    analytics: bool = False
    partial: bool = False
    confidence: float | None = None

    type: ClassVar[int] = 8

    def __post_init__(self) -> None:
        found = next((p.fields.get("confidence") for p in self.params if p.name == "detection"), None)
        if self.confidence is None and isinstance(found, (int, float, Fraction)):
            self.confidence = float(found)

    def _say(self, place: int) -> tuple[Any, ...]:
        if not isinstance(self.kind, str):
            raise TypeError(f'the kind of a region is a str, as "face", and this is {self.kind!r}')
        for what in ("x", "y", "width", "height"):
            if not 0 <= int(getattr(self, what)) < 1 << 32:
                raise ValueError(f"a region's {what} is 0 or more pixels, and this is {getattr(self, what)}: cut off what is outside of the picture")
        params = [Structure(p.name, dict(p.fields)) for p in self.params]
        if self.confidence is not None:
            detection = next((p for p in params if p.name == "detection"), None)
            if detection is None:
                detection = Structure("detection")
                params.append(detection)
            detection.fields["confidence"] = float(self.confidence)
        identity = place if self.id is None else self.id
        return (int(self.x), int(self.y), int(self.width), int(self.height), self.kind, identity, self.parent, params, self.analytics, self.partial)


@dataclass
class ReferenceTimestamp:
    """The frame's time on a clock other than the stream's, in nanoseconds; None: not known.

    clock says which one, as caps in GStreamer's notation: "timestamp/x-ntp".
    """

    clock: str
    timestamp: int | None = None
    duration: int | None = None

    type: ClassVar[int] = 6


@dataclass
class Crop:
    """The part of the picture that should be seen, in pixels from its left upper corner."""

    x: int
    y: int
    width: int
    height: int

    type: ClassVar[int] = 3


@dataclass
class Affine:
    """How the picture should be turned, mirrored or scaled to be seen: 4 rows of 4 numbers, row by row."""

    matrix: Sequence[float]

    type: ClassVar[int] = 4


@dataclass
class TimeCode:
    """An SMPTE time code. frames counts from 0 in each second, by fps_numerator / fps_denominator frames per second.

    flags: 1 numbers are left out (drop frame), 2 interlaced. field_count: 0 of progressive video, else which field. daily_jam: when it was 0, in
    microseconds of Unix time; daily_jam_offset: the jam's time zone, seconds east of UTC.
    """

    hours: int
    minutes: int
    seconds: int
    frames: int
    fps_numerator: int
    fps_denominator: int = 1
    flags: int = 0
    field_count: int = 0
    daily_jam: int | None = None
    daily_jam_offset: int = 0

    type: ClassVar[int] = 5


@dataclass
class Caption:
    """Closed captions. kind: 1 CEA-608 raw, 2 CEA-608 as in S334-1 Annex A, 3 CEA-708 raw, 4 CEA-708 in a CDP."""

    kind: int
    data: bytes

    type: ClassVar[int] = 7


@dataclass
class Custom:
    """A structure of an application's own, a GstCustomMeta. tags: what may not be done to the frame without losing its sense."""

    name: str
    structure: Structure
    tags: list[str] = field(default_factory=list)
    partial: bool = False

    type: ClassVar[int] = 9


@dataclass
class Protection:
    """How the frame is encrypted, as in a GstProtectionMeta."""

    structure: Structure
    partial: bool = False

    type: ClassVar[int] = 10


@dataclass
class Gst:
    """A meta that GStreamer 1.24 or later wrote itself: only who knows the meta of its name can read the data."""

    name: str
    version: int
    data: bytes

    type: ClassVar[int] = 11


@dataclass
class Memories:
    """The frame consists of several memories of so many bytes each, one after the other."""

    sizes: Sequence[int]

    type: ClassVar[int] = 1


@dataclass
class AudioLayout:
    """How raw audio lies in the frame: samples of each channel; where the channels' planes begin, in bytes, if it is planar."""

    samples: int
    planar: bool = False
    offsets: Sequence[int] = ()

    type: ClassVar[int] = 2


@dataclass
class Tags:
    """Tags of a stream: a field for each tag, of its name in GStreamer ("title"); a list where a tag has several values.

    scope: 0 they are about this stream (its language, its codec), 1 about the whole medium (its title).
    """

    fields: dict[str, Value] = field(default_factory=dict)
    scope: int = 0
    partial: bool = False

    type: ClassVar[int] = 12

    def __post_init__(self) -> None:
        self.fields = {name: list(value) if isinstance(value, Alternatives) else value for name, value in self.fields.items()}

    def _say(self, place: int) -> tuple[Any, ...]:
        fields = {name: Alternatives(value) if isinstance(value, (list, tuple)) else value for name, value in self.fields.items()}
        return Structure("taglist", fields), self.scope, self.partial


@dataclass
class Unknown:
    """A record of a type that this version does not know. It may be passed on as it is."""

    number: int
    flags: int
    payload: bytes

    type: ClassVar[int] = 0


@dataclass
class Damaged:
    """A record that is damaged; the others can be used. number is its type; needed: the frame cannot be used rightly without it."""

    number: int
    why: str
    needed: bool = False

    type: ClassVar[int] = 0


Record = Union[
    Affine, AudioLayout, Caption, Crop, Custom, Damaged, Gst, Memories, Protection, ReferenceTimestamp, Region, Tags, TimeCode, Unknown
]

_CLASSES: dict[int, Any] = {
    c.type: c
    for c in (Affine, AudioLayout, Caption, Crop, Custom, Gst, Memories, Protection, ReferenceTimestamp, Region, Tags, TimeCode)
}


def read(records: bytes) -> list[Record]:
    """The records of a row of bytes, as frame.raw_metadata has. Raises DamagedError where the bytes are no records, VersionError where one is
    needed that this version does not know."""
    return [(_CLASSES.get(number, Unknown) if whole else Damaged)(*said) for number, whole, said in _native.read_records(records)]


def write(records: Iterable[Record]) -> bytes:
    """Records as a row of bytes. Raises TypeError and ValueError for what metadata cannot carry."""
    said, places = [], 0
    for record in records:
        if isinstance(record, Region):
            said.append((record.type, record._say(places)))
            places += 1
        elif isinstance(record, Tags):
            said.append((record.type, record._say(0)))
        elif isinstance(record, Unknown):
            said.append((record.number, (record.number, record.flags, record.payload)))
        elif type(record) in _CLASSES.values():
            said.append((record.type, tuple(getattr(record, f.name) for f in fields(record))))
        else:
            raise TypeError(f"metadata are records of bips.metadata, as bips.Region, and this is a {type(record).__name__}")
    return _native.write_records(said)


def tags_bytes(tags: Mapping[str, Value] | Iterable[Tags] | None) -> bytes:
    """Tags as producers are given them: {"title": "Camera 0"}, or several Tags of their scopes."""
    if tags is None:
        return b""
    if isinstance(tags, Mapping):
        return write([Tags(dict(cast("Mapping[str, Value]", tags)))]) if tags else b""
    if isinstance(tags, Tags):
        return write([tags])
    return write(tags)


_native.use_values(Fraction, Structure, Alternatives, Other, Integer, Real, Octets)
