"""The order records: metadata as the package reads them, and written again."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import bips
from bips import metadata as md
from work import Line

TYPES = {
    1: "memories", 2: "audio layout", 3: "crop", 4: "affine", 5: "time code", 6: "reference time", 7: "caption", 8: "region", 9: "custom",
    10: "protection", 11: "gst", 12: "tags",
}


def number(real: float) -> float:
    """A float as JSON has it, and other programs write it: 1, not 1.0."""
    return int(real) if real.is_integer() and abs(real) < 1e15 else real


def structure(s: md.Structure) -> dict[str, Any]:
    return {"name": s.name, "fields": [{"key": key, **value(v)} for key, v in s.fields.items()]}


def value(v: Any) -> dict[str, Any]:
    kind, origin, said = "none", 0, None
    if isinstance(v, bool):
        kind, said = "bool", v
    elif isinstance(v, md.Integer):
        kind, origin, said = "unsigned" if v.unsigned else "int", v.origin, int(v)
    elif isinstance(v, int):
        kind, origin, said = ("unsigned" if v >= 1 << 63 else "int"), 32 if -(1 << 31) <= v < 1 << 31 else 64, v
    elif isinstance(v, float):
        kind, origin, said = "float", getattr(v, "origin", 64), number(float(v))
    elif isinstance(v, str):
        kind, said = "text", v
    elif isinstance(v, bytes):
        kind, origin, said = "bytes", getattr(v, "origin", 0), v.hex()
    elif isinstance(v, Fraction):
        kind, said = "fraction", [v.numerator, v.denominator]
    elif isinstance(v, md.Structure):
        kind, said = "structure", structure(v)
    elif isinstance(v, list):
        kind, said = "list" if isinstance(v, md.Alternatives) else "array", [value(e) for e in v]
    elif isinstance(v, md.Other):
        kind, said = "other", {"type": v.type, "text": v.text}
    return {"kind": kind, "origin": origin, "value": said}


def shown(record: md.Record) -> dict[str, Any]:
    r: Any = record
    if isinstance(r, md.Damaged):
        return {"type": TYPES.get(r.number, "unknown"), "error": "damaged"}
    if isinstance(r, md.Unknown):
        return {"type": "unknown", "number": r.number, "payload": r.payload.hex()}
    said: dict[str, Any] = {"type": TYPES[r.type]}
    if isinstance(r, md.Region):
        said |= {n: getattr(r, n) for n in ("id", "parent", "x", "y", "width", "height", "kind", "analytics", "partial")}
        return said | {"params": [structure(p) for p in r.params]}
    if isinstance(r, md.TimeCode):
        return said | {"fps_n": r.fps_numerator, "fps_d": r.fps_denominator} | {
            n: getattr(r, n) for n in ("flags", "field_count", "hours", "minutes", "seconds", "frames", "daily_jam", "daily_jam_offset")}
    if isinstance(r, md.Tags):
        fields = {n: md.Alternatives(v) if type(v) is list else v for n, v in r.fields.items()}
        return said | {"scope": r.scope, "partial": r.partial, "list": structure(md.Structure("taglist", fields))}
    for field in dataclasses.fields(r):
        v = getattr(r, field.name)
        if isinstance(r, md.Affine):
            v = [number(x) for x in v]
        said[field.name] = structure(v) if isinstance(v, md.Structure) else v.hex() if isinstance(v, bytes) else list(v) if isinstance(v, tuple) else v
    return said


def tell(data: bytes, answer: Line) -> None:
    """What metadata say, and those that are not damaged written again."""
    try:
        records = md.read(data)
    except bips.VersionError as error:
        answer.add(error="needed", text=str(error))
        return
    answer["records"] = [shown(r) for r in records]
    answer.add(meta=md.write([r for r in records if not isinstance(r, md.Damaged)]).hex())
