"""What the bytes of raw video mean: the planes of each format, as GStreamer lays them out."""

from __future__ import annotations

import re
from typing import NamedTuple

# A shape is (offset of the first element, dimensions, strides in bytes, format of the module struct).
Shape = tuple[int, tuple[int, ...], tuple[int, ...], str]

_LARGEST = 1 << 20  # pixels in a row, and rows: more is a mistake


class _Plane(NamedTuple):
    """Samples of one plane: every how many pixels there is one (2 ** across, 2 ** down), and of how many components."""

    across: int = 0
    down: int = 0
    components: int = 1


class _Format(NamedTuple):
    item: str  # format of the module struct
    planes: tuple[_Plane, ...]
    stride: str = "own"  # of planes after the first: "own" follows from their width, "first" is the first's, "half" half of it, rounded up to 8


_FULL, _420, _422 = _Plane(), _Plane(1, 1), _Plane(1, 0)


def _packed(components: int, *names: str, item: str = "B") -> dict[str, _Format]:
    return {name: _Format(item, (_Plane(0, 0, components),)) for name in names}


def _planar(planes: tuple[_Plane, ...], *names: str, item: str = "B", stride: str = "own") -> dict[str, _Format]:
    return {name: _Format(item, planes, stride) for name in names}


_FORMATS: dict[str, _Format] = {
    **_packed(1, "GRAY8"),
    **_packed(1, "GRAY16_LE", item="H"),
    **_packed(1, "GRAY16_BE", item=">H"),
    **_packed(2, "YUY2", "UYVY", "YVYU", "VYUY"),
    **_packed(1, "RGB16", "BGR16", "RGB15", "BGR15", item="H"),
    **_packed(3, "RGB", "BGR", "v308", "IYU2"),
    **_packed(4, "RGBA", "BGRA", "ARGB", "ABGR", "RGBx", "BGRx", "xRGB", "xBGR", "AYUV", "VUYA"),
    **_packed(4, "ARGB64", "AYUV64", item="H"),
    **_packed(1, "RGB10A2_LE", "BGR10A2_LE", "Y410", item="I"),
    **_planar((_FULL, _420, _420), "I420", "YV12"),
    **_planar((_FULL, _420, _420), "I420_10LE", "I420_12LE", item="H"),
    **_planar((_FULL, _422, _422), "Y42B", stride="half"),
    **_planar((_FULL, _422, _422), "I422_10LE", "I422_12LE", item="H"),
    **_planar((_FULL, _FULL, _FULL), "Y444", "GBR", "RGBP", "BGRP"),
    **_planar((_FULL, _FULL, _FULL), "Y444_10LE", "Y444_12LE", "Y444_16LE", "GBR_10LE", "GBR_12LE", item="H"),
    **_planar((_FULL, _420, _420, _FULL), "A420"),
    **_planar((_FULL, _Plane(1, 1, 2)), "NV12", "NV21", stride="first"),
    **_planar((_FULL, _Plane(1, 0, 2)), "NV16", "NV61", stride="first"),
    **_planar((_FULL, _Plane(0, 0, 2)), "NV24"),
    **_planar((_FULL, _Plane(1, 1, 2)), "P010_10LE", "P012_LE", "P016_LE", item="H", stride="first"),
}


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def _item_size(item: str) -> int:
    return {"B": 1, "H": 2, "I": 4}[item[-1]]


def _samples(pixels: int, shift: int) -> int:
    return -(-pixels // (1 << shift))


def _row(format: _Format, plane: _Plane, width: int) -> int:
    """Bytes of a row, without padding."""
    return _samples(width, plane.across) * plane.components * _item_size(format.item)


def default_layout(name: str, width: int, height: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Strides and offsets of the planes, and the size of a frame, in bytes, as GStreamer has them by default."""
    format = _FORMATS[name]
    strides: list[int] = []
    offsets: list[int] = []
    at = 0
    for plane in format.planes:
        if strides and format.stride == "first":
            stride = strides[0]
        elif strides and format.stride == "half":
            stride = _up(width, 8) // 2
        else:
            stride = _up(_row(format, plane, width), 4)
        # Where chroma has fewer rows than there are, all planes have room for an even number.
        subsampled = any(p.down for p in format.planes) or name.startswith("I422_")
        rows = _samples(_up(height, 2) if subsampled else height, plane.down)
        strides.append(stride)
        offsets.append(at)
        at += stride * rows
    return tuple(strides), tuple(offsets), at


def parse_caps(caps: str) -> tuple[str, dict[str, str]]:
    """The media type of caps, and the fields of their first structure, without types: {"format": "RGB", "width": "640"}."""
    head, _, rest = caps.partition(",")
    fields = {}
    for match in re.finditer(r'(?<![\w/.:+-])([\w/.:+-]+)\s*=\s*(?:\(\s*[\w/]+\s*\)\s*)?("(?:[^"\\]|\\.)*"|[^,;]+)', rest.split(";", 1)[0]):
        fields[match[1]] = match[2].strip().strip('"')
    return re.split(r"[\s(;]", head.strip(), maxsplit=1)[0], fields


def raw_video(caps: str) -> tuple[str, int, int] | None:
    """(format, width, height) of caps of raw video that name all three; else None."""
    media, fields = parse_caps(caps)
    width, height = fields.get("width", ""), fields.get("height", "")
    if media != "video/x-raw" or not all(re.fullmatch("[0-9]{1,10}", number) for number in (width, height)):
        return None
    found = fields.get("format", ""), int(width), int(height)
    return found if 0 < found[1] <= _LARGEST and 0 < found[2] <= _LARGEST else None


def frame_size(caps: str) -> int | None:
    """Bytes of a frame with these caps; None where that does not follow from them."""
    found = raw_video(caps)
    return default_layout(*found)[2] if found is not None and found[0] in _FORMATS else None


def _lies_in(shape: Shape, size: int) -> bool:
    offset, dimensions, strides, item = shape
    reach = [(n - 1) * s for n, s in zip(dimensions, strides)]
    return offset + sum(r for r in reach if r < 0) >= 0 and offset + sum(r for r in reach if r > 0) + _item_size(item) <= size


def _plane_shape(format: _Format, plane: _Plane, width: int, height: int, stride: int, offset: int) -> tuple[int, int, Shape]:
    item = _item_size(format.item)
    columns, rows = _samples(width, plane.across), _samples(height, plane.down)
    if plane.components == 1:
        return columns, rows, (offset, (rows, columns), (stride, item), format.item)
    return columns, rows, (offset, (rows, columns, plane.components), (stride, plane.components * item, item), format.item)


def _whole_shape(format: _Format, width: int, height: int, strides: tuple[int, ...], offsets: tuple[int, ...]) -> Shape | None:
    """One array that shows all planes, if there is one."""
    planes, item = format.planes, _item_size(format.item)
    stride, offset = strides[0], offsets[0]
    if all(p == _FULL for p in planes[1:]):  # (planes, height, width)
        step = offsets[1] - offset
        if all(s == stride for s in strides) and all(o == offset + i * step for i, o in enumerate(offsets)):
            return offset, (len(planes), height, width), (step, stride, item), format.item
        return None
    if len(planes) > 3 or width % 2 or height % 2:
        return None
    rows = height + sum(height * _row(format, p, width) // _row(format, planes[0], width) >> p.down for p in planes[1:])
    follow = all(offsets[i + 1] == offsets[i] + strides[i] * _samples(height, planes[i].down) for i in range(len(planes) - 1))
    if not follow:
        return None
    if len(planes) == 2 and strides[1] == stride and _row(format, planes[1], width) == _row(format, planes[0], width):
        return offset, (rows, width), (stride, item), format.item
    if len(planes) == 3 and all(s == _row(format, p, width) for s, p in zip(strides, planes)):
        return offset, (rows, width), (stride, item), format.item
    return None


Description = tuple[str, int, int, int, tuple[tuple[int, int, Shape], ...], "Shape | None", str]


def describe(caps: str, size: int, strides: tuple[int, ...], offsets: tuple[int, ...]) -> Description:
    """What a frame of so many bytes looks like: (format, width, height, bytes of a frame, planes, one array, why there is none).

    strides and offsets are those that travelled with it; empty: the default ones.
    """

    def without(why: str) -> Description:
        return name, width, height, 0, (), None, why

    name, width, height = raw_video(caps) or ("", 0, 0)
    if not width:
        return without(f"these caps have no fixed format, width and height, so there is no array: use .data, which is flat; they are {caps!r}")
    if name not in _FORMATS:
        return without(f"pixels of the format {name} are no array of whole bytes, or not known here: use .data, which is flat")
    format = _FORMATS[name]
    usual = default_layout(name, width, height)
    if not strides:
        strides, offsets = usual[:2]
    if len(strides) != len(format.planes):
        return without(f"the frame says that it has {len(strides)} planes, and {name} has {len(format.planes)}: use .data, which is flat")
    planes = tuple(_plane_shape(format, p, width, height, s, o) for p, s, o in zip(format.planes, strides, offsets))
    if not all(_lies_in(shape, size) for _, _, shape in planes):
        return without(f"{name} of {width}x{height} with strides {strides} and offsets {offsets} needs more than these {size} bytes: use .data, which is flat")
    if len(planes) == 1:
        return name, width, height, usual[2], planes, planes[0][2], ""
    whole = _whole_shape(format, width, height, strides, offsets)
    if whole is not None and _lies_in(whole, size):
        return name, width, height, usual[2], planes, whole, ""
    why = f"the planes of this {name} of {width}x{height} do not lie so that one array shows them all: use .planes, or to_ndarray() of a frame, which copies"
    return name, width, height, usual[2], planes, None, why
