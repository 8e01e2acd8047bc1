"""Frames as arrays: shapes, strides and kinds of elements, without a copy."""

from __future__ import annotations

import ctypes
import hashlib
import io
import subprocess

import bips
import pytest
from bips import _video

np = pytest.importorskip("numpy")


def address(array) -> int:  # type: ignore[no-untyped-def]
    return int(array.__array_interface__["data"][0])


def start_of(frame: bips.Frame | bips.Slot) -> int:
    return address(np.asarray(frame.data))


def caps_of(format: str, width: int, height: int) -> str:
    return f"video/x-raw,format={format},width={width},height={height}"


WHOLE = [
    ("GRAY8", (8, 16), "u1"), ("GRAY16_LE", (8, 16), "<u2"), ("GRAY16_BE", (8, 16), ">u2"), ("RGB", (8, 16, 3), "u1"), ("BGR", (8, 16, 3), "u1"),
    ("BGRx", (8, 16, 4), "u1"), ("RGBA", (8, 16, 4), "u1"), ("YUY2", (8, 16, 2), "u1"), ("UYVY", (8, 16, 2), "u1"), ("RGB16", (8, 16), "<u2"),
    ("NV12", (12, 16), "u1"), ("NV21", (12, 16), "u1"), ("NV16", (16, 16), "u1"), ("I420", (12, 16), "u1"), ("YV12", (12, 16), "u1"),
    ("Y42B", (16, 16), "u1"), ("Y444", (3, 8, 16), "u1"), ("GBR", (3, 8, 16), "u1"), ("P010_10LE", (12, 16), "<u2"), ("I420_10LE", (12, 16), "<u2"),
    ("ARGB64", (8, 16, 4), "<u2"),
]


@pytest.mark.parametrize("format, shape, kind", WHOLE, ids=[w[0] for w in WHOLE])
def test_a_picture_is_one_array_where_it_lies(pairs, format: str, shape: tuple[int, ...], kind: str) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(caps_of(format, 16, 8))
    slot = pair.producer.pull()
    flat = np.frombuffer(slot.data, np.uint8)
    pattern = np.arange(flat.size, dtype=np.uint8)
    flat[:] = pattern
    assert np.asarray(slot).shape == shape and np.asarray(slot).flags.writeable
    assert address(np.asarray(slot)) == start_of(slot)
    del flat
    pair.producer.push(slot)
    frame = pair.consumer.pull(10)
    array = np.asarray(frame)
    assert array.shape == shape and array.dtype == np.dtype(kind)
    assert address(array) == start_of(frame) and not array.flags.writeable and not array.flags.owndata
    assert (array.view(np.uint8).ravel() == pattern[: array.nbytes]).all()
    assert frame.to_ndarray().shape == shape and address(frame.to_ndarray()) == address(array)


PLANES = [
    ("NV12", [(8, 16), (4, 8, 2)]), ("I420", [(8, 16), (4, 8), (4, 8)]), ("P010_10LE", [(8, 16), (4, 8, 2)]), ("Y42B", [(8, 16), (8, 8), (8, 8)]),
    ("NV24", [(8, 16), (8, 16, 2)]), ("GBR", [(8, 16)] * 3), ("RGB", [(8, 16, 3)]), ("A420", [(8, 16), (4, 8), (4, 8), (8, 16)]),
]


@pytest.mark.parametrize("format, shapes", PLANES, ids=[p[0] for p in PLANES])
def test_planes_are_arrays_where_they_lie(pairs, format: str, shapes: list[tuple[int, ...]]) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(caps_of(format, 16, 8))
    slot = pair.producer.pull()
    for number, plane in enumerate(slot.planes):
        np.asarray(plane)[:] = number + 1
    pair.producer.push(slot)
    frame = pair.consumer.pull(10)
    planes = frame.planes
    assert [p.shape for p in planes] == shapes == [np.asarray(p).shape for p in planes]
    for number, plane in enumerate(planes):
        array = np.asarray(plane)
        assert (array == number + 1).all() and not array.flags.writeable
        assert address(array) == start_of(frame) + plane.offset and array.strides[0] == plane.stride
        assert (plane.height, plane.width) == array.shape[:2]


def test_padded_rows_are_strides(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(caps_of("RGB", 5, 4))  # rows of 15 bytes, 16 apart
    frame = pair.frame(1)
    array = np.asarray(frame)
    assert array.shape == (4, 5, 3) and array.strides == (16, 3, 1) and address(array) == start_of(frame)
    assert len(frame.data) == 64
    with pytest.raises(BufferError, match="padded"):
        hashlib.sha256(frame)
    assert hashlib.sha256(frame.data).digest() == hashlib.sha256(bytes(frame.data)).digest()


def test_planes_that_lie_apart_are_no_single_array(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(caps_of("NV12", 16, 8), slot_size=1000)
    frame = pair.frame(2, size=1000, strides=(16, 16), offsets=(0, 512))
    for look in (np.asarray, memoryview, lambda f: f.to_ndarray(copy=False), lambda f: np.array(f)):
        with pytest.raises(BufferError, match=r"\.planes"):
            look(frame)
    array = frame.to_ndarray()
    assert array.shape == (12, 16) and not np.shares_memory(array, np.asarray(frame.data)) and (array == 2).all()


def test_i420_with_padded_rows_is_no_single_array(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(caps_of("I420", 18, 8))
    slot = pair.producer.pull()
    for number, plane in enumerate(slot.planes):
        np.asarray(plane)[:] = number
    pair.producer.push(slot)
    frame = pair.consumer.pull(10)
    with pytest.raises(BufferError, match=r"\.planes"):
        np.asarray(frame)
    array = frame.to_ndarray()
    assert array.shape == (12, 18) and array.sum() == 0 * 144 + 1 * 36 + 2 * 36


def test_planes_outside_of_the_frame_are_refused(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(caps_of("GRAY8", 16, 8))
    for strides, offsets in [((16,), (1,)), ((17,), (0,)), ((-16,), (0,)), ((2**31 - 1,), (0,)), ((16,), (2**63,))]:
        try:
            frame = pair.frame(0, strides=strides, offsets=offsets)
        except bips.Error:
            continue  # libbips refuses it before
        with pytest.raises(BufferError, match="needs more than these 128 bytes"):
            np.asarray(frame)
        assert frame.planes == () and len(frame.data) == 128
        frame.release()


def test_rows_from_the_bottom_up_are_negative_strides(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(caps_of("GRAY8", 16, 8))
    slot = pair.producer.pull()
    np.asarray(slot)[:] = np.arange(8, dtype=np.uint8)[:, None]
    pair.producer.push(slot, strides=(-16,), offsets=(112,))
    array = np.asarray(pair.consumer.pull(10))
    assert array.strides == (-16, 1) and list(array[:, 0]) == list(range(7, -1, -1))


@pytest.mark.parametrize("caps", ["video/x-raw,format=v210,width=48,height=2", "video/x-raw", "video/x-raw,format=RGB,width=[1,5],height=2"])
def test_raw_video_that_is_no_array_says_so(pairs, caps: str) -> None:  # type: ignore[no-untyped-def]
    frame = pairs(caps, slot_size=256).frame()
    with pytest.raises(BufferError, match=r"use \.data"):
        np.asarray(frame)
    assert frame.planes == () and len(frame.data) == 256


@pytest.mark.parametrize("caps", ["", "image/jpeg", "audio/x-raw,format=S16LE", "video/x-rawish,format=RGB,width=2,height=2"])
def test_what_is_not_raw_video_is_its_bytes(pairs, caps: str) -> None:  # type: ignore[no-untyped-def]
    frame = pairs(caps, slot_size=100).frame(6, size=60)
    array = np.asarray(frame)
    assert array.shape == (60,) and array.dtype == np.uint8 and (array == 6).all()


def test_to_ndarray_copies_as_it_is_told(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(4)
    assert address(frame.to_ndarray()) == address(frame.to_ndarray(copy=False)) == start_of(frame)
    private = frame.to_ndarray(copy=True)
    private[:] = 0
    assert private.flags.owndata and np.asarray(frame)[0, 0] == 4


def test_numpy_converts_and_copies_where_it_is_asked_to(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(4)
    assert np.asarray(frame, dtype=np.float32).dtype == np.float32
    assert np.array(frame).flags.writeable
    assert frame.__array__(np.uint16).dtype == np.uint16
    with pytest.raises(ValueError, match="without a copy"):
        frame.__array__(np.uint16, copy=False)


def test_writing_to_a_frame_is_an_exception(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(1)
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(frame)[0, 0] = 2
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(frame.planes[0])[0, 0] = 2
    with pytest.raises(TypeError, match="read-only"):
        frame.data[0] = 2
    with pytest.raises(TypeError, match="read-only"):
        memoryview(frame)[0, 0] = 2
    with pytest.raises(ValueError):
        np.asarray(frame).flags.writeable = True
    with pytest.raises((BufferError, TypeError), match="read-only|read-write"):
        io.BytesIO(bytes(128)).readinto(frame)


def test_planes_of_sixteen_bits_are_so(pairs) -> None:  # type: ignore[no-untyped-def]
    frame = pairs(caps_of("P010_10LE", 16, 8)).frame(1)
    assert [np.asarray(plane).dtype for plane in frame.planes] == [np.dtype("<u2")] * 2
    assert all((np.asarray(plane) == 0x0101).all() for plane in frame.planes)


def test_rows_are_not_columns(pair) -> None:  # type: ignore[no-untyped-def]
    """Who asks for columns that follow one another (PyBUF_F_CONTIGUOUS) is told that there are rows."""
    buffer = ctypes.create_string_buffer(256)  # more than a Py_buffer
    get = ctypes.pythonapi.PyObject_GetBuffer
    get.argtypes = [ctypes.py_object, ctypes.c_void_p, ctypes.c_int]
    with pytest.raises(BufferError, match="row by row"):
        get(pair.frame(), buffer, 0x58)
    assert np.array(pair.frame(3), order="F")[7, 15] == 3


def test_memoryviews_have_the_plain_format(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(9)
    assert frame.data.format == "B" and frame.data[0] == 9 and frame.data.ndim == 1 and frame.data.contiguous
    view = memoryview(frame)
    assert view.format == "B" and view[0, 0] == 9 and view.shape == (8, 16)


def test_a_frame_lies_in_memory_that_is_mapped_shared_and_read_only(pair, script, pools) -> None:  # type: ignore[no-untyped-def]
    """In a process that only reads. A private mapping could be written to, and would not show what the producer does."""
    pair.producer.push(pair.producer.pull())
    child = script(f"""
        import bips, numpy
        frame = bips.Consumer("camera", mode="latest").pull(30)
        address = numpy.asarray(frame.data).__array_interface__["data"][0]
        with open("/proc/self/maps") as maps:
            for line in maps:
                bounds, permissions = line.split()[:2]
                first, end = (int(bound, 16) for bound in bounds.split("-"))
                if first <= address < end: print("frame", permissions)
                elif "memfd:bips" in line or {str(pools)!r} in line: print("pool", permissions)
    """)
    mapped = child.end().splitlines()
    assert "frame r--s" in mapped and all(line.endswith("s") for line in mapped), mapped


def gstreamer_layouts() -> dict[str, tuple[tuple[int, ...], tuple[int, ...], int]]:
    """What GStreamer says of all formats and some sizes, if it can be asked here."""
    ask = """
import json, sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstVideo", "1.0")
from gi.repository import Gst, GstVideo
Gst.init(None)
for line in sys.stdin:
    format, width, height = line.split()
    info = GstVideo.VideoInfo()
    known = GstVideo.VideoFormat.from_string(format)
    if known == GstVideo.VideoFormat.UNKNOWN or not info.set_format(known, int(width), int(height)):
        continue
    n = info.finfo.n_planes
    print(json.dumps([line.strip(), list(info.stride)[:n], list(info.offset)[:n], info.size]))
"""
    import json

    lines = "".join(f"{f} {w} {h}\n" for f in _video._FORMATS for w in (1, 2, 5, 16, 18, 320, 641) for h in (1, 2, 7, 8, 240))
    asked = subprocess.run(["/usr/bin/python3", "-c", ask], input=lines, capture_output=True, text=True, check=False)
    return {key: (tuple(s), tuple(o), size) for key, s, o, size in map(json.loads, asked.stdout.splitlines())}


def test_default_layouts_are_those_of_gstreamer() -> None:
    known = gstreamer_layouts()
    if not known:
        pytest.skip("GStreamer cannot be asked from Python here (python3-gi, gir1.2-gst-plugins-base-1.0)")
    wrong = {}
    for key, expected in known.items():
        format, width, height = key.split()
        got = _video.default_layout(format, int(width), int(height))
        if got != expected:
            wrong[key] = (got, expected)
    assert not wrong
    assert len({key.split()[0] for key in known}) > 30
