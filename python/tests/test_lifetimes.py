"""Who holds what, and for how long: the exported view itself owns the lease."""

from __future__ import annotations

import gc
import itertools
import queue
import threading
import warnings
import weakref

import bips
import pytest
from conftest import PATIENCE, join, wait_until

np = pytest.importorskip("numpy")
widths = itertools.count(1000)  # of caps that no other test has


def fill_pool(pair, times: int = 100) -> None:  # type: ignore[no-untyped-def]
    """Publishes so many frames that every slot that may be used again is."""
    for _ in range(times):
        slot = pair.producer.pull(PATIENCE)
        slot.data[:] = b"\xee" * slot.size
        pair.producer.push(slot)


def test_keeping_only_the_array_keeps_the_pixels(backend: str) -> None:
    producer = bips.Producer("camera", caps="video/x-raw,format=GRAY8,width=16,height=8", backend=backend)
    consumer = bips.Consumer("camera", mode="latest")
    join(producer, consumer)
    slot = producer.pull()
    slot.data[:] = b"\5" * 128
    producer.push(slot)
    array = np.asarray(consumer.pull(10))
    del slot
    for _ in range(100):
        producer.push(producer.pull(PATIENCE))
    consumer.close()
    del consumer
    gc.collect()
    for _ in range(100):
        producer.push(producer.pull(PATIENCE))
    producer.close()
    del producer
    gc.collect()
    assert (array == 5).all()


@pytest.mark.parametrize("view_of", [
    lambda f: np.asarray(f), lambda f: f.data, lambda f: f.planes, lambda f: memoryview(f), lambda f: f.__dlpack__(), lambda f: np.asarray(f.planes[0])[1:, ::2],
    lambda f: f.__dlpack__(max_version=(1, 0)),
], ids=["array", "data", "planes", "memoryview", "capsule", "slice", "versioned"])
def test_each_kind_of_view_holds_the_frame(pair, view_of) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(5)
    view = view_of(frame)
    frame.release()
    assert [(h.sequence, h.released) for h in pair.consumer.held] == [(1, True)]
    del frame
    assert pair.consumer.stats.held == 1
    del view
    gc.collect()
    assert pair.consumer.held == [] and pair.consumer.stats.held == 0


def test_closing_with_views_never_raises(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(7)
    array, view = np.asarray(frame), frame.data
    pair.consumer.close()
    pair.consumer.close()
    pair.producer.close()
    assert (array == 7).all() and view[0] == 7
    assert (np.asarray(frame) == 7).all()  # the frame itself is still held, too


def test_a_frame_outlives_its_consumer(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(7)
    pair.close()
    del pair.consumer, pair.producer
    gc.collect()
    assert (np.asarray(frame) == 7).all() and frame.sequence == 1
    pair.consumer = pair.producer = bips.Consumer("nobody")


def test_pushing_a_frame_with_views_does_not_raise(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(7)
    array = np.asarray(frame)
    pair.consumer.push(frame)
    fill_pool_of = pair.producer
    for _ in range(2):
        fill_pool_of.push(fill_pool_of.pull())
    assert (array == 7).all()
    with pytest.raises(bips.StaleError):
        frame.data
    with pytest.raises(bips.StaleError):
        np.asarray(frame)


def test_pushing_a_slot_with_views_publishes_it_and_warns_once(pair) -> None:  # type: ignore[no-untyped-def]
    slots = pair.producer.slots
    slot = pair.producer.pull()
    array = np.asarray(slot)
    array[:] = 3
    with pytest.warns(ResourceWarning, match="not lent again"):
        pair.producer.push(slot)
    frame = pair.consumer.pull(10)
    assert (np.asarray(frame) == 3).all() and (array == 3).all()
    with pytest.raises(bips.StaleError):
        slot.data
    frame.release()
    index = slot.index
    others = [pair.producer.pull(1) for _ in range(slots - 1)]
    assert index not in [s.index for s in others]  # it is not lent again
    pair.producer.push(others.pop())  # now it is not the newest frame any more, which is never lent
    pair.consumer.pull(10).release()
    with pytest.raises(bips.Timeout):
        pair.producer.pull(0.01)
    del array
    again = pair.producer.pull(10)
    assert again.index == index
    view = again.data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pair.producer.push(again)  # it warns once
    del view, again
    for other in others:
        other.release()


@pytest.mark.parametrize("use", [np.asarray, memoryview, lambda f: f.planes, lambda f: f.__dlpack__(), lambda f: f.to_ndarray()],
                         ids=["array", "memoryview", "planes", "capsule", "to_ndarray"])
def test_a_frame_that_is_released_while_its_layout_is_looked_up_is_stale(pairs, use) -> None:  # type: ignore[no-untyped-def]
    """As by another thread: the layout of caps that are new is described by Python code, between whose steps threads take turns."""
    pair = pairs(f"video/x-raw,format=GRAY8,width={next(widths)},height=1", slot_size=4096)
    frame = pair.frame(1)
    pair.producer.caps = f"video/x-raw,format=GRAY8,width={next(widths)},height=1"
    slot = pair.producer.pull()
    try:
        for one in (frame, slot):
            bips._native.use_layouts(lambda *key, one=one: (one.release(), bips._video.describe(*key))[1])
            with pytest.raises(bips.StaleError):
                use(one)
    finally:
        bips._native.use_layouts(bips._video.describe)
    assert pair.consumer.held == [] and pair.producer.stats.lent == 0


def test_a_frame_that_is_released_by_what_a_capsule_is_asked_for_stays(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame(7)

    class Device:
        def __eq__(self, other: object) -> bool:
            frame.release()
            return True

        __hash__ = None  # type: ignore[assignment]

    capsule = frame.__dlpack__(dl_device=Device())
    for _ in range(30):
        pair.producer.push(pair.producer.pull(PATIENCE))
        pair.consumer.pull(PATIENCE).release()
    assert len(pair.consumer.held) == 1
    del capsule
    assert pair.consumer.held == []


def test_a_slot_that_is_dropped_is_given_back(pair) -> None:  # type: ignore[no-untyped-def]
    slots = [pair.producer.pull(1) for _ in range(pair.producer.slots)]
    view = slots[0].data
    del slots
    gc.collect()
    assert pair.producer.stats.lent == 1
    view.release()
    assert pair.producer.stats.lent == 0


def test_a_slot_outlives_its_producer(pair) -> None:  # type: ignore[no-untyped-def]
    slot = pair.producer.pull()
    array = np.asarray(slot)
    pair.producer.close()
    array[:] = 1
    assert slot.data[0] == 1
    with pytest.raises(bips.Closed):
        pair.producer.push(slot)
    assert not slot.pushed


def test_the_usual_loop_holds_two_frames(pair) -> None:  # type: ignore[no-untyped-def]
    def produce() -> None:
        for _ in range(50):
            pair.producer.push(pair.producer.pull(PATIENCE))
        pair.producer.end_of_stream()

    thread = threading.Thread(target=produce)
    thread.start()
    most, count = 0, 0
    for frame in pair.consumer:
        count += 1
        most = max(most, len(pair.consumer.held))
        assert frame.sequence == count
    thread.join()
    assert count == 50 and most <= 2


def test_frames_are_dropped_by_any_thread(pair) -> None:  # type: ignore[no-untyped-def]
    arrays: queue.SimpleQueue[object] = queue.SimpleQueue()

    def drop() -> None:
        while arrays.get() is not None:
            pass

    threads = [threading.Thread(target=drop) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(2000):
        wait_until(lambda: len(pair.consumer.held) < 3)
        frame = pair.frame(i % 251)
        array = np.asarray(frame)
        assert array[0, 0] == i % 251 and array[7, 15] == i % 251
        arrays.put(array)
        del frame, array
    for _ in threads:
        arrays.put(None)
    for thread in threads:
        thread.join()
    gc.collect()
    assert pair.consumer.held == [] and pair.consumer.stats.received == 2000


def test_cycles_are_collected(backend: str) -> None:
    class Camera(bips.Consumer):
        pass

    producer = bips.Producer("camera", caps="video/x-raw,format=GRAY8,width=16,height=8", backend=backend)
    camera = Camera("camera", mode="every")
    join(producer, camera)
    producer.push(producer.pull())
    camera.frame = camera.pull(10)  # type: ignore[attr-defined]
    camera.array = np.asarray(camera.frame)  # type: ignore[attr-defined]
    camera.me = camera  # type: ignore[attr-defined]
    gone = weakref.ref(camera)
    assert producer.stats.consumers == 1
    del camera
    gc.collect()
    assert gone() is None
    wait_until(lambda: producer.stats.consumers == 0)
    producer.me = producer  # type: ignore[attr-defined]
    producer.slot = producer.pull()  # type: ignore[attr-defined]
    gone_producer = weakref.ref(producer)
    del producer
    gc.collect()
    assert gone_producer() is None


def test_nothing_grows_with_the_frames(pair) -> None:  # type: ignore[no-untyped-def]
    import resource

    def frames(count: int) -> None:
        for i in range(count):
            frame = pair.frame(i % 256, regions=[bips.Region(1, 2, 3, 4, "face", confidence=0.5)])
            assert frame.regions[0].kind == "face" and np.asarray(frame)[0, 0] == i % 256 and frame.planes and bytes(frame.data[:1])

    frames(500)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    frames(5000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096  # KiB


def test_a_view_of_a_4k_frame_costs_what_one_of_64_bytes_costs(pairs) -> None:  # type: ignore[no-untyped-def]
    import tracemalloc

    sizes = {}
    for name, caps in [("small", "video/x-raw,format=GRAY8,width=8,height=8"), ("4K", "video/x-raw,format=NV12,width=3840,height=2160")]:
        pair = pairs(caps, slots=5, max_held=1)
        frame = pair.frame()
        np.asarray(frame)
        tracemalloc.start()
        array = np.asarray(frame)
        sizes[name] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        del array, frame
        pair.close()
    assert sizes["4K"] <= sizes["small"] + 256
