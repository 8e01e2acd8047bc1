"""Metadata and tags, written and read."""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction
from pathlib import Path

import bips
import pytest
from bips import metadata as md

FIELDS = {
    "none": None, "yes": True, "int": 5, "negative": -5, "wide": 1 << 40, "large": (1 << 64) - 1, "float": 0.25, "text": "ä", "bytes": b"\0\1", "fraction": Fraction(30, 1),
    "inner": md.Structure("inner", {"x": 1}), "array": [1, 2, 3], "mixed": [1, 0.5], "list": md.Alternatives([1, 2]), "other": md.Other("GstBitmask", "0x3"),
    "byte": md.Integer(5, 8), "unsigned": md.Integer(5, 32, True), "real": md.Real(0.5, 32), "octets": md.Octets(b"x", 1),
}
RECORDS: list[md.Record] = [
    md.Memories([64, 64]), md.AudioLayout(16, True, [0, 64]), md.Crop(1, 2, 3, 4), md.Affine(tuple(float(i) for i in range(16))), md.TimeCode(1, 2, 3, 4, 30, 1, 1, 0, 77, 3600),
    md.ReferenceTimestamp("timestamp/x-ntp", 5, None), md.Caption(3, b"abc"), md.Region(1, 2, 3, 4, "face", 9, -1, [md.Structure("detection", {"confidence": 0.5})]),
    md.Custom("my-meta", md.Structure("mine", FIELDS), ["video"]), md.Protection(md.Structure("application/x-cenc", {"iv": b"123"})), md.Gst("GstSomeMeta", 1, b"xyz"),
]


def plain(record: md.Record) -> object:
    """A record with tuples for sequences, to be compared."""
    values = [getattr(record, f.name) for f in dataclasses.fields(record)]
    return type(record), [tuple(v) if isinstance(v, (list, tuple)) and not any(isinstance(x, md.Structure) for x in v) else v for v in values]


@pytest.mark.parametrize("record", RECORDS, ids=[type(r).__name__ for r in RECORDS])
def test_each_kind_of_record_crosses(pair, record: md.Record) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(0, metadata=[record])
    (got,) = frame.metadata
    if isinstance(got, md.Custom):
        assert got.structure.fields["mixed"] == [1.0, 0.5]
        assert isinstance(got.structure.fields["list"], md.Alternatives) and type(got.structure.fields["array"]) is list
    assert plain(got) == plain(record)


def test_regions_and_reference_timestamps_are_read_by_name(pair) -> None:  # type: ignore[no-untyped-def]
    face = bips.Region(1, 2, 3, 4, "face", confidence=0.875)
    frame = pair.frame(0, regions=[face, bips.Region(5, 6, 7, 8, parent=0)], reference_timestamps=[bips.ReferenceTimestamp("timestamp/x-unix", 9)], metadata=[md.Crop(0, 0, 1, 1)])
    assert [(r.x, r.kind, r.id, r.parent, r.confidence) for r in frame.regions] == [(1, "face", 0, -1, 0.875), (5, "", 1, 0, None)]
    assert frame.regions[0].params == [md.Structure("detection", {"confidence": 0.875})]
    assert [(t.clock, t.timestamp, t.duration) for t in frame.reference_timestamps] == [("timestamp/x-unix", 9, None)]
    assert [type(r).__name__ for r in frame.metadata] == ["Crop", "Region", "Region", "ReferenceTimestamp"]


def test_what_is_read_can_be_written_again(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(0, metadata=RECORDS)
    assert md.write(frame.metadata) == frame.raw_metadata == md.write(md.read(frame.raw_metadata))


def test_numbers_of_numpy_are_numbers(pair) -> None:  # type: ignore[no-untyped-def]
    np = pytest.importorskip("numpy")
    box = np.array([1.5, 2, 3, 4], np.float32)
    region = bips.Region(*box, kind="face", confidence=np.float32(0.5))
    frame = pair.frame(0, regions=[region], metadata=[md.Custom("my-meta", md.Structure("mine", {"i": np.int64(3), "f": np.float32(0.25)}))])
    assert frame.regions[0].x == 1 and frame.regions[0].confidence == 0.5
    assert frame.metadata[0].structure.fields == {"i": 3, "f": 0.25}


def test_tags_cross_with_their_scopes(pair) -> None:  # type: ignore[no-untyped-def]
    pair.producer.tags = {"title": "Camera 0", "artist": ["a", "b"]}
    frame = pair.frame()
    assert frame.tags == {"title": "Camera 0", "artist": ["a", "b"]} and [t.scope for t in frame.tag_lists] == [0]
    pair.producer.tags = [md.Tags({"title": "x"}, scope=1), md.Tags({"codec": "y"})]
    later = pair.frame()
    assert [(t.scope, t.fields) for t in later.tag_lists] == [(1, {"title": "x"}), (0, {"codec": "y"})] and later.tags == {"title": "x", "codec": "y"}
    pair.producer.tags = None
    frame.release()
    assert pair.frame().tags == {} and pair.producer.tags == {}


@pytest.mark.parametrize("record", [
    md.Region(-1, 0, 1, 1), md.Region(1, 0, 1, 1, id=1 << 40), md.Crop("a", 0, 0, 0), md.Custom("my-meta", md.Structure("mine", {"x": object()})), md.Custom("my-meta", md.Structure("mine", {5: 1})),
    md.Caption("kind", b""), md.Custom("my-meta", md.Structure(5, {})), md.Custom("my-meta", {}),
    md.Custom("my-meta", md.Structure("mine", {"x": 1 << 70})), md.Affine([1.0]), md.Custom("my-meta", md.Structure("")),
    md.Custom("my-meta", md.Structure("mine", {"x": ["a", 5]})), md.Region(1, 1, 1, 1, "zero\0byte"),
], ids=range(13))  # type: ignore[arg-type]
def test_what_metadata_cannot_carry_is_told(pair, record: md.Record) -> None:  # type: ignore[no-untyped-def]
    slot = pair.producer.pull()
    with pytest.raises((TypeError, ValueError, OverflowError, AttributeError)):
        pair.producer.push(slot, metadata=[record])
    pair.producer.push(slot)


def endless_list() -> md.Value:
    values: list[md.Value] = []
    values.append(values)
    return values


def endless_structure() -> md.Value:
    structure = md.Structure("mine")
    structure.fields["inner"] = structure
    return structure


def nested(levels: int) -> md.Value:
    value: md.Value = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [endless_list(), endless_structure(), nested(5), nested(100_000), md.Alternatives([endless_list()])], ids=["list", "structure", "5", "100000", "alternatives"])
def test_values_that_have_themselves_in_them_are_told(value: md.Value) -> None:
    with pytest.raises(ValueError, match="deeper than 4"):
        md.write([md.Custom("my-meta", md.Structure("mine", {"x": value}))])
    assert md.read(md.write([md.Custom("my-meta", md.Structure("mine", {"x": nested(3)}))]))


@pytest.mark.parametrize("text", ["a\0b", "\0"])
def test_texts_with_a_zero_byte_are_told(text: str) -> None:
    for fields in ({"x": text}, {text: 1}, {"x": [text]}, {"x": md.Other(text, "x")}, {"x": md.Other("GstBitmask", text)}, {"x": md.Structure(text)}):
        with pytest.raises(ValueError, match="zero byte"):
            md.write([md.Custom("my-meta", md.Structure("mine", fields))])


def test_a_value_that_changes_its_structure_while_it_is_written_does_no_harm() -> None:
    fields: dict[str, md.Value] = {}

    class Number:
        def __index__(self) -> int:
            fields.clear()
            fields.update({f"new{i}": i for i in range(1000)})
            return 5

    fields.update({f"x{i}": Number() for i in range(10)})
    (read,) = md.read(md.write([md.Custom("my-meta", md.Structure("mine", fields))]))
    assert isinstance(read, md.Custom) and read.structure.fields == {f"x{i}": 5 for i in range(10)}


def test_damaged_metadata_is_told() -> None:
    with pytest.raises(bips.DamagedError):
        md.read(b"\1\2\3")
    with pytest.raises(bips.VersionError):
        md.read(bytes.fromhex("63000100080000000000000000000000"))  # a type without which the frame cannot be used


def test_records_of_unknown_types_are_passed_on() -> None:
    written = md.write([md.Unknown(99, 0, b"12345678")])
    assert md.read(written) == [md.Unknown(99, 0, b"12345678")]


def golden() -> list[dict[str, object]]:
    file = Path(__file__).parents[2] / "tests" / "golden" / "segments" / "records.json"
    return json.loads(file.read_text()) if file.exists() else []


@pytest.mark.skipif(not golden(), reason="the golden records are not beside the tests: this is not a checkout")
def test_golden_records_are_read_and_written_again() -> None:
    for area in golden():
        records = bytes.fromhex(area["bytes"])  # type: ignore[arg-type]
        if area.get("error"):
            with pytest.raises((bips.DamagedError, bips.VersionError)):
                md.read(records)
            continue
        read = md.read(records)
        damaged = [r for r in read if isinstance(r, md.Damaged)]
        assert len(read) == len(area.get("records", []))  # type: ignore[arg-type]
        assert [bool(r.get("error")) for r in area.get("records", [])] == [isinstance(r, md.Damaged) for r in read]  # type: ignore[attr-defined]
        if not damaged and area["name"] not in ("unknown", "origins", "values passed over"):
            assert md.write(read) == records, area["name"]
