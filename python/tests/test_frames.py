"""What a frame tells, and what travels with it."""

from __future__ import annotations

import time

import bips
import pytest
from conftest import join


def test_times_and_flags_cross(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(1, pts=5, duration=7, dts=3, capture_time=11, offset=0, offset_end=1 << 63, flags=bips.Flags.DISCONT | bips.Flags.GAP)
    assert (frame.pts, frame.duration, frame.dts, frame.capture_time, frame.offset, frame.offset_end) == (5, 7, 3, 11, 0, 1 << 63)
    assert bips.Flags(frame.flags) == bips.Flags.DISCONT | bips.Flags.GAP


def test_what_is_not_known_is_none(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame()
    assert [frame.pts, frame.dts, frame.duration, frame.capture_time, frame.offset, frame.offset_end, frame.latency] == [None] * 7


@pytest.mark.parametrize("what", [{"dts": 0}, {"offset": 0}, {"capture_time": 0}, {"offset_end": 0}, {"duration": 0}, {"pts": 0}])
def test_a_time_of_zero_is_a_time(pair, what: dict[str, int]) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(0, **what)
    assert getattr(frame, next(iter(what))) == 0


def test_how_a_frame_came(pair) -> None:  # type: ignore[no-untyped-def]
    before = time.monotonic_ns()
    frame = pair.frame()
    assert frame.sequence == 1 and frame.lost == 0 and frame.skipped == 0 and frame.behind == 0
    assert frame.discontinuity and frame.blocking
    assert before <= frame.publish_time <= time.monotonic_ns()
    assert 0 <= frame.age < 60
    assert frame.instance == pair.consumer.pool.instance
    frame.release()
    assert not pair.frame().discontinuity


def test_lost_counts_what_the_producer_dropped(pair) -> None:  # type: ignore[no-untyped-def]
    pair.frame().release()
    pair.producer.drop()
    frame = pair.frame()
    assert frame.lost == 1 and frame.discontinuity


def test_caps_format_width_and_height(pairs) -> None:  # type: ignore[no-untyped-def]
    caps = "video/x-raw, format=(string)NV12, width=(int)32, height=(int)16, framerate=(fraction)30/1"
    frame = pairs(caps).frame()
    assert (frame.caps, frame.format, frame.width, frame.height) == (caps, "NV12", 32, 16)
    assert frame.strides == (32, 32) and frame.offsets == (0, 512)
    assert frame.size == 32 * 16 * 3 // 2 == len(frame.data)


def test_push_takes_what_travels_with_a_frame_by_place(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs()
    pair.producer.push(pair.producer.pull(), 64, 5, 7, bips.Flags.GAP, [bips.Region(1, 2, 3, 4, "face")])
    frame = pair.consumer.pull(10)
    assert (frame.size, frame.pts, frame.duration, frame.flags, frame.regions[0].kind) == (64, 5, 7, bips.Flags.GAP, "face")


def test_strides_and_offsets_of_a_producer_cross(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs("video/x-raw,format=GRAY8,width=16,height=8", slot_size=400)
    frame = pair.frame(3, size=400, strides=(32,), offsets=(16,))
    assert frame.strides == (32,) and frame.offsets == (16,) and frame.planes[0].stride == 32 and frame.planes[0].offset == 16


def test_what_is_not_raw_video_has_no_format(pairs) -> None:  # type: ignore[no-untyped-def]
    frame = pairs("image/jpeg", slot_size=100).frame(0, size=60)
    assert (frame.format, frame.width, frame.height, frame.planes, frame.strides, frame.size) == (None, None, None, (), (), 60)


def test_caps_change_from_the_next_frame_on(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs("video/x-raw,format=GRAY8,width=16,height=8")
    first = pair.frame()
    pair.producer.caps = "video/x-raw,format=GRAY8,width=8,height=16"
    second = pair.frame()
    assert (first.width, second.width, pair.producer.caps) == (16, 8, second.caps)


def test_the_size_of_a_frame_follows_from_its_caps(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs("video/x-raw,format=GRAY8,width=16,height=8", slot_size=1000)
    assert pair.frame().size == 128
    assert pair.frame(0, size=7).size == 7


def test_a_frame_is_a_context(pair) -> None:  # type: ignore[no-untyped-def]
    with pair.frame() as frame:
        assert not frame.released
    assert frame.released
    frame.release()


def test_a_slot_is_a_context_that_returns_what_was_not_pushed(pair) -> None:  # type: ignore[no-untyped-def]
    with pair.producer.pull(1) as slot:
        assert pair.producer.stats.lent == 1
    assert slot.released and pair.producer.stats.lent == 0
    with pair.producer.pull(1) as slot:
        pair.producer.push(slot)
    assert slot.pushed and not slot.released


def test_repr_says_what_it_is(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(0, pts=1_500_000_000)
    assert repr(frame) == "<bips.Frame 1: 16x8 GRAY8, 128 bytes, pts 1.500 s>"
    assert repr(frame.planes[0]) == "<bips.Plane 16x8, stride 16, offset 0>"
    assert repr(pair.consumer) == '<bips.Consumer "camera" every, pool of 20 slots, holds 1 of 3 frames>'
    assert repr(pair.producer) == '<bips.Producer "camera", 20 slots of 128 bytes, 1 consumers>'
    slot = pair.producer.pull()
    assert repr(slot) == f"<bips.Slot {slot.index}: 128 bytes, video/x-raw>"
    slot.release()
    frame.release()
    assert repr(frame) == "<bips.Frame 1, released>" and "released" in repr(slot)
    pair.close()
    assert repr(pair.consumer) == '<bips.Consumer "camera" every, closed>' and repr(pair.producer) == '<bips.Producer "camera", closed>'


def test_docstrings_say_shapes_and_units() -> None:
    assert "(height, width, components)" in (bips.Plane.__doc__ or "")
    assert "nanoseconds" in (bips.Frame.pts.__doc__ or "") and "Seconds" in (bips.Frame.age.__doc__ or "")
    assert "(height, width, 3)" in (bips.Frame.to_ndarray.__doc__ or "")
    for kind in (bips.Frame, bips.Slot, bips.Plane, bips.Consumer, bips.Producer):
        for name in dir(kind):
            if not name.startswith("_"):
                assert getattr(kind, name).__doc__, f"{kind.__name__}.{name} has no docstring"


def test_max_age_reads_what_is_not_too_old(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(mode="latest")
    pair.frame().release()
    for _ in range(3):
        pair.producer.push(pair.producer.pull())
    pair.consumer.max_age = 60.0
    assert pair.consumer.max_age == 60.0
    assert pair.consumer.pull(1).sequence == 2
    pair.consumer.max_age = 0
    frame = pair.consumer.pull(1)
    assert frame.sequence == 4 and frame.skipped == 1


def test_a_key_frame_that_is_asked_for_is_told_the_producer(pair) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(bips.Timeout):
        pair.producer.wait_key_frame_request(0.01)
    pair.consumer.request_key_frame()
    pair.producer.wait_key_frame_request(30)


def test_a_quota_is_what_the_producer_granted(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(max_held=5)
    assert pair.consumer.quota == 5 and pair.consumer.pool.granted == 5
    assert bips.Consumer("nobody").quota == 3
    small = bips.Consumer("camera", max_held=16, min_held=1)
    join(pair.producer, small)
    assert 1 <= small.quota < 16 and small.slots_for_max_held > 20


def test_growing_makes_larger_slots_and_readers_follow(pair) -> None:  # type: ignore[no-untyped-def]
    pair.frame().release()
    old = pair.producer.pull()
    pair.producer.grow(5000)
    assert pair.producer.slot_size == 5000
    old.data[:] = b"\1" * old.size
    pair.producer.push(old)
    assert bytes(pair.consumer.pull(10).data) == b"\1" * 128
    slot = pair.producer.pull()
    pair.producer.push(slot, size=5000)
    assert pair.consumer.pull(10).size == 5000 and pair.consumer.stats.moves == 1


def test_sending_copies_an_array_or_bytes(pairs) -> None:  # type: ignore[no-untyped-def]
    np = pytest.importorskip("numpy")
    pair = pairs()
    pair.producer.send(np.full((8, 16), 9, np.uint8), pts=4)
    frame = pair.consumer.pull(10)
    assert frame.pts == 4 and np.asarray(frame).sum() == 9 * 128
    pair.producer.send(b"12345")
    assert bytes(pair.consumer.pull(10).data) == b"12345"
    with pytest.raises(ValueError, match="do not fit"):
        pair.producer.send(bytes(200))


def test_sending_refuses_what_the_pixels_cannot_hold(pairs) -> None:  # type: ignore[no-untyped-def]
    np = pytest.importorskip("numpy")
    pair = pairs()
    for wrong in (np.full((8, 16), 0.5), np.full((8, 16), 300), np.full((8, 16), 5, np.uint16)):
        with pytest.raises(TypeError, match="pixels are uint8"):
            pair.producer.send(wrong)
    for wrong in (np.zeros((9, 16), np.uint8), np.zeros((8, 16, 3), np.uint8)):
        with pytest.raises(ValueError, match="broadcast"):
            pair.producer.send(wrong)
    with pytest.raises(TypeError):
        pair.producer.send(memoryview(bytes(100))[::2])
    assert pair.producer.stats.lent == 0 and pair.producer.stats.published == 0
    pair.producer.send(np.full((16, 8), 7, np.uint8).T[:, ::-1])  # not contiguous
    assert bytes(pair.consumer.pull(10).data) == b"\7" * 128


@pytest.mark.parametrize("format, width, height", [("I420", 18, 8), ("NV12", 6, 4), ("A420", 16, 8)])
def test_sending_fills_planes_that_lie_apart(pairs, format: str, width: int, height: int) -> None:  # type: ignore[no-untyped-def]
    np = pytest.importorskip("numpy")
    pair = pairs(f"video/x-raw,format={format},width={width},height={height}")
    slot = pair.producer.pull()
    for plane in slot.planes:
        np.asarray(plane)[...] = np.arange(np.asarray(plane).size).reshape(plane.shape) % 251
    pair.producer.push(slot)
    first = pair.consumer.pull(10)
    pair.producer.send(first.to_ndarray())
    again = pair.consumer.pull(10)
    assert all((np.asarray(a) == np.asarray(b)).all() for a, b in zip(first.planes, again.planes))
    with pytest.raises(ValueError, match="broadcast"):
        pair.producer.send(np.zeros((height, width + 1), np.uint8))


def test_what_is_drawn_into_an_array_of_a_slot_is_in_the_slot(pairs) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("numpy")
    pair = pairs("video/x-raw,format=I420,width=18,height=8")  # padded rows: no array shows all planes
    with pair.producer.pull() as slot:
        with pytest.raises(BufferError, match=r"use \.planes"):
            slot.to_ndarray()
        assert slot.to_ndarray(copy=True).shape == (12, 18)


def test_sending_an_array_of_what_is_no_picture_sends_its_bytes(pairs) -> None:  # type: ignore[no-untyped-def]
    np = pytest.importorskip("numpy")
    pair = pairs("audio/x-raw,format=S16LE,rate=48000,channels=2,layout=interleaved", slot_size=4096)
    sound = np.arange(960, dtype="<i2").reshape(480, 2)
    for given in (sound, sound[::-1], sound[:100]):
        pair.producer.send(given)
        frame = pair.consumer.pull(10)
        assert frame.size == given.nbytes and (np.frombuffer(frame.data, "<i2").reshape(-1, 2) == given).all()
    with pytest.raises(ValueError, match="do not fit"):
        pair.producer.send(np.zeros(1025, np.float32))


def test_help_shows_the_arguments_of_the_constructors() -> None:
    import inspect

    assert list(inspect.signature(bips.Consumer).parameters)[:3] == ["name", "mode", "max_held"]
    assert list(inspect.signature(bips.Producer).parameters)[:3] == ["name", "slot_size", "caps"]
    assert bips.Frame.to_ndarray.__name__ == "to_ndarray" and "uint32" not in (bips.Consumer.__init__.__doc__ or "")


def test_counters_count(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame()
    assert pair.consumer.stats.received == 1 and pair.consumer.stats.held == 1 and pair.consumer.stats.blocking
    assert pair.producer.stats.published == 1 and pair.producer.stats.consumers == 1
    assert pair.consumer.pool.slots == 20 and pair.consumer.pool.slot_size == 128
    del frame
