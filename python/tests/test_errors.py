"""Bad input: what is said, and that nothing else happens."""

from __future__ import annotations

import errno
import gc
import threading
import traceback
from pathlib import Path

import bips
import pytest
from conftest import join


def test_no_such_pool_is_a_timeout_that_names_the_folder(pools: Path) -> None:
    consumer = bips.Consumer("nobody")
    with pytest.raises(bips.NoPool, match=str(pools)) as caught:
        consumer.pull(0.05)
    assert isinstance(caught.value, bips.Timeout) and isinstance(caught.value, TimeoutError)
    assert caught.value.name == "timeout" and caught.value.code == 110 and caught.value.reason == 2
    assert str(pools) in (bips.why_no_pool("nobody") or "")
    with bips.Producer("camera1", slot_size=64), pytest.raises(bips.NoPool, match='where there are "camera1": start its producer, or check'):
        consumer.pull(0)


def test_why_no_pool_says_nothing_where_there_is_one() -> None:
    with bips.Producer("camera", slot_size=64):
        assert bips.why_no_pool("camera") is None


def test_another_version_is_told(pools: Path) -> None:
    producer = bips.Producer("camera", slot_size=64)
    with (pools / "bips.camera").open("r+b") as file:
        file.seek(8)  # Version, behind the magic number
        file.write(b"\x63\x00")
    with pytest.raises(bips.VersionError, match="99") as caught:
        bips.Consumer("camera").pull(5)
    assert "update" in str(caught.value)
    producer.close()


@pytest.mark.parametrize("name", ["", "a/b", "with space", "x" * 201, "//camera", "ü"])
def test_a_bad_name_is_told(name: str) -> None:
    for make in (bips.Consumer, lambda n: bips.Producer(n, slot_size=64), bips.check_name):
        with pytest.raises(bips.BadName) as caught:
            make(name)  # type: ignore[operator]
        assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("options, what", [
    ({"slots": 1}, "slots"), ({"slots": 65}, "slots"), ({"slots": 0}, "slots"), ({"slot_size": 0}, "slot_size"), ({"slot_size": -1}, "slot_size"),
    ({"max_consumers": 65}, "max_consumers|consumers"), ({"meta_size": 70000}, "meta"), ({"backend": "paper"}, "memfd"), ({"overflow": "maybe"}, "drop"),
    ({"permissions": 0o777}, "permissions|0777|perm"), ({"block_timeout": -1.0}, "block_timeout"), ({"block_timeout": float("nan")}, "block_timeout"),
    ({"slot_size": None}, "slot_size is needed"), ({"caps": "x" * 17000}, "caps"),
])
def test_wrong_options_of_a_producer_are_told(options: dict[str, object], what: str, pools: Path) -> None:
    with pytest.raises(ValueError, match=what):
        bips.Producer("camera", **{"slot_size": 64, **options})  # type: ignore[call-overload]
    assert list(pools.iterdir()) == []


@pytest.mark.parametrize("options, what", [
    ({"mode": "newest"}, "latest"), ({"max_held": 65}, "65 frames held"), ({"min_held": 9}, "at least 9 frames"), ({"max_age": -1.0}, "max_age"), ({"spin": 1.0}, "spin"),
    ({"stall_timeout": -2.0}, "stall_timeout"),
])
def test_wrong_options_of_a_consumer_are_told(options: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        bips.Consumer("camera", **options)  # type: ignore[call-overload]


@pytest.mark.parametrize("call", [
    lambda p: bips.Consumer(), lambda p: bips.Consumer(5), lambda p: bips.Consumer("camera", nonsense=1), lambda p: bips.Consumer("camera", 10),
    lambda p: bips.Producer(None, slot_size=1), lambda p: bips.Producer(bips.Backends.kShm, "x"), lambda p: bips.Consumer("camera", max_held="3"),
    lambda p: p.consumer.pull("soon"), lambda p: p.consumer.push(None), lambda p: p.consumer.push(p.producer.pull()), lambda p: p.producer.push(None),
    lambda p: p.producer.push(p.frame()), lambda p: p.producer.push(p.producer.pull(), pts="now"), lambda p: p.producer.push(p.producer.pull(), size="all"),
    lambda p: p.producer.push(p.producer.pull(), regions=[5]), lambda p: bips.Frame(), lambda p: bips.Slot(), lambda p: bips.Plane(),
    lambda p: p.producer.push(p.producer.pull(), pts=[1]), lambda p: p.producer.grow("large"), lambda p: p.producer.wait_consumers("all"),
    lambda p: setattr(p.producer, "tags", {1: 2}), lambda p: setattr(p.producer, "tags", {"title": object()}),
], ids=range(23))
def test_garbage_is_a_type_error(pair, call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TypeError):
        call(pair)


@pytest.mark.parametrize("call, what", [
    (lambda p: bips.Consumer(5), "the name of a pool is a str, and this is 5"), (lambda p: bips.Consumer("x", max_held="3"), "max_held is a whole number, and this is '3'"),
    (lambda p: bips.Consumer("x", max_held=0), "max_held is 1 or more, and this is 0"), (lambda p: bips.Consumer("x", max_age=None), "max_age is a number of seconds"),
    (lambda p: bips.Consumer("x", stall_timeout=0), "None is never"), (lambda p: bips.Consumer("x", spin=1), "at most 100e-6 seconds, and this is 1"),
    (lambda p: bips.Consumer("x", "every"), r"Consumer\(name, mode="), (lambda p: bips.Producer("x", 5), r"Producer\(name, caps="),
    (lambda p: bips.Producer("x", caps=5), "caps is a str, and this is 5"), (lambda p: bips.Producer("x", caps="image/jpeg"), "'image/jpeg'"),
    (lambda p: bips.Producer("x", slot_size=1.5), "slot_size is a whole number, and this is 1.5: round it"),
    (lambda p: bips.Producer("x", slot_size=1, permissions="0600"), "permissions is a whole number"), (lambda p: bips.Producer("x", slot_size=1, group=5), "group is a str"),
    (lambda p: bips.Producer("x", slot_size=1, meta_size=65537), "meta_size is at most 65536, and this is 65537"),
    (lambda p: p.producer.push(p.producer.pull(), pts=33.3), "pts is a whole number of nanoseconds, or None, and this is 33.3: round it"),
    (lambda p: p.producer.push(p.producer.pull(), duration=-1), "duration is 0 or more, and this is -1"),
    (lambda p: p.producer.push(p.producer.pull(), flags="x"), "flags is a whole number or bips.Flags, and this is 'x'"), (lambda p: p.producer.push(p.producer.pull(), size=-1), "size is 0 or more, and this is -1"),
    (lambda p: p.producer.send(None), "an array of numbers, or bytes, can be sent, and this is NoneType"), (lambda p: p.producer.send("x" * 128), "this is str"),
    (lambda p: p.producer.push(p.producer.pull(), regions=[bips.Region(-3, 0, 5, 5)]), "a region's x is 0 or more pixels, and this is -3: cut off"),
    (lambda p: p.producer.push(p.producer.pull(), regions=[bips.Region(0, 0, 5, 5, 7)]), "kind of a region is a str"),
], ids=range(22))
def test_what_is_wrong_with_an_argument_is_told_in_the_callers_words(pair, call, what: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((TypeError, ValueError), match=what) as caught:
        call(pair)
    assert "incompatible function arguments" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("timeout", [-1, -0.5, float("nan")])
def test_a_negative_timeout_is_told(pair, timeout: float) -> None:  # type: ignore[no-untyped-def]
    for wait in (pair.consumer.pull, pair.producer.pull, pair.producer.wait_key_frame_request):
        with pytest.raises(ValueError, match="timeout"):
            wait(timeout)


def test_a_slot_is_pushed_once(pair) -> None:  # type: ignore[no-untyped-def]
    slot = pair.producer.pull()
    pair.producer.push(slot)
    with pytest.raises(bips.StaleError, match="pushed already"):
        pair.producer.push(slot)
    with pytest.raises(bips.StaleError, match="pushed already"):
        slot.data
    slot.release()  # after a push it does nothing
    assert pair.producer.stats.published == 1


def test_a_frame_is_pushed_once(pair) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame()
    pair.consumer.push(frame)
    with pytest.raises(bips.StaleError, match="already"):
        pair.consumer.push(frame)
    with pytest.raises(bips.StaleError, match="already"):
        pair.consumer.Push(frame)


def test_a_slot_that_was_given_back_is_stale(pair) -> None:  # type: ignore[no-untyped-def]
    slot = pair.producer.pull()
    slot.release()
    slot.release()
    with pytest.raises(bips.StaleError, match="given back"):
        pair.producer.push(slot)


@pytest.mark.parametrize("use", ["data", "planes", "pts", "caps", "regions", "metadata", "tags", "size", "age", "format", "strides", "to_ndarray", "__dlpack__", "__enter__"])
def test_a_frame_used_after_its_release_is_stale(pair, use: str) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame()
    frame.release()
    with pytest.raises(bips.StaleError, match="released") as caught:
        found = getattr(frame, use)
        found()
    assert isinstance(caught.value, ValueError)
    with pytest.raises(bips.StaleError):
        memoryview(frame)


def test_slots_and_frames_belong_to_who_lent_them(pair) -> None:  # type: ignore[no-untyped-def]
    with bips.Producer("other", slot_size=64) as other, bips.Consumer("other", mode="every") as reader:
        join(other, reader)
        slot = other.pull()
        with pytest.raises(ValueError, match="another producer"):
            pair.producer.push(slot)
        other.push(slot)
        frame = reader.pull(10)
        with pytest.raises(ValueError, match="another consumer"):
            pair.consumer.push(frame)


def test_more_than_fits_is_told(pair) -> None:  # type: ignore[no-untyped-def]
    slot = pair.producer.pull()
    with pytest.raises(bips.TooLarge):
        pair.producer.push(slot, size=129)
    pair.producer.push(slot)  # it is still lent
    with pytest.raises(bips.TooLarge):
        pair.producer.caps = "x" * 17000
    with pytest.raises(bips.TooLarge):
        pair.producer.tags = {"title": "x" * 9000}
    with pytest.raises(bips.TooLarge):
        pair.producer.push(pair.producer.pull(), metadata=[bips.metadata.Caption(1, bytes(5000))])


def test_at_the_quota_the_frames_that_are_held_are_named(pair) -> None:  # type: ignore[no-untyped-def]
    first = pair.frame()
    second = pair.frame().data
    third = pair.frame()
    third_view = third.data
    pair.producer.push(pair.producer.pull())
    with pytest.raises(bips.QuotaError, match=r"held: frame 1 for \d+\.\d s \(0 views\), frame 2 for .* \(1 view of a frame that was released\), frame 3 for .* \(1 view\)"):
        pair.consumer.pull(5)
    assert [(h.sequence, h.views, h.released) for h in pair.consumer.held] == [(1, 0, False), (2, 1, True), (3, 1, False)]
    assert all(0 <= h.age < 60 for h in pair.consumer.held)
    first.release()
    assert pair.consumer.pull(5).sequence == 4
    del second, third_view


def test_a_closed_consumer_says_so(pair) -> None:  # type: ignore[no-untyped-def]
    pair.consumer.close()
    assert pair.consumer.closed
    for use in (lambda c: c.pull(1), lambda c: c.Pull(1000), iter, lambda c: c.request_key_frame()):
        with pytest.raises(bips.Closed):
            use(pair.consumer)
    assert list(pair.consumer.held) == []


def test_a_closed_producer_says_so(pair) -> None:  # type: ignore[no-untyped-def]
    slot = pair.producer.pull()
    pair.producer.close()
    for use in (lambda p: p.pull(1), lambda p: p.push(slot), lambda p: p.end_of_stream(), lambda p: p.wait_consumers(5, 1), lambda p: p.drop()):
        with pytest.raises(bips.Closed):
            use(pair.producer)


def test_a_name_that_is_taken_is_told(backend: str) -> None:
    with bips.Producer("camera", slot_size=64, backend=backend):
        with pytest.raises(bips.PoolBusy):
            bips.Producer("camera", slot_size=64)


def test_pulls_of_two_threads_get_different_frames(pair) -> None:  # type: ignore[no-untyped-def]
    seen: list[int] = []
    frames = 200

    def pull() -> None:
        while True:
            try:
                with pair.consumer.pull(30) as frame:
                    seen.append(frame.sequence)
            except bips.EndOfStream:
                pair.consumer.close()
                return
            except bips.Closed:
                return

    threads = [threading.Thread(target=pull) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(frames):
        pair.producer.push(pair.producer.pull(30))
    pair.producer.end_of_stream()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, frames + 1))


def test_a_pull_that_waits_for_another_thread_has_a_timeout(pair) -> None:  # type: ignore[no-untyped-def]
    thread = threading.Thread(target=lambda: pytest.raises(bips.Closed, pair.consumer.pull))
    thread.start()
    for _ in range(3):
        with pytest.raises(bips.Timeout):
            pair.consumer.pull(0.02)
    pair.consumer.close()
    thread.join()


def test_the_end_of_a_stream_and_the_loss_of_a_producer_are_told(backend: str) -> None:
    consumer = bips.Consumer("camera", mode="every")
    for ends in (True, False):
        producer = bips.Producer("camera", slot_size=64, backend=backend)
        join(producer, consumer)
        producer.push(producer.pull())
        if ends:
            producer.end_of_stream()
        producer.close()
        consumer.pull(10).release()
        with pytest.raises(bips.EndOfStream if ends else bips.ProducerLost):
            consumer.pull(10)
    consumer.close()


def test_a_loop_goes_on_with_the_next_producer_and_ends_with_the_stream(backend: str) -> None:
    consumer = bips.Consumer("camera", mode="every")
    seen = []

    def produce() -> None:
        for ends in (False, True):
            with bips.Producer("camera", slot_size=64, backend=backend) as producer:
                producer.wait_consumers(1, 30)
                producer.push(producer.pull(30), pts=int(ends))
                if not ends:
                    producer.close()

    thread = threading.Thread(target=produce)
    thread.start()
    for frame in consumer:
        seen.append((frame.pts, frame.discontinuity))
    thread.join()
    assert seen == [(0, True), (1, True)]


def test_a_stalled_stream_is_told_once(backend: str) -> None:
    with bips.Producer("camera", slot_size=64, backend=backend) as producer, bips.Consumer("camera", stall_timeout=0.05) as consumer:
        producer.push(producer.pull())
        consumer.pull(10).release()
        with pytest.raises(bips.Stalled):
            consumer.pull(10)
        with pytest.raises(bips.Timeout):
            consumer.pull(0.1)


def test_a_full_pool_is_told() -> None:
    with bips.Producer("camera", slot_size=64, max_consumers=1) as producer, bips.Consumer("camera") as first, bips.Consumer("camera") as second:
        join(producer, first)
        with pytest.raises((bips.PoolFull, bips.Timeout), match="seat"):
            second.pull(0.2)


def test_flushing_and_interrupting_end_pulls(pair) -> None:  # type: ignore[no-untyped-def]
    pair.consumer.set_flushing(True)
    with pytest.raises(bips.Flushing):
        pair.consumer.pull()
    pair.consumer.set_flushing(False)
    pair.consumer.interrupt()
    with pytest.raises(bips.Interrupted):
        pair.consumer.pull()
    pair.producer.set_flushing(True)
    with pytest.raises(bips.Flushing):
        pair.producer.wait_consumers(9)
    pair.producer.set_flushing(False)


def test_a_consumer_that_is_suspended_reads_on_later(pair) -> None:  # type: ignore[no-untyped-def]
    pair.consumer.suspend()
    pair.producer.push(pair.producer.pull())
    with pytest.raises(bips.Timeout, match="suspended"):
        pair.consumer.pull(0.05)
    pair.consumer.resume()
    assert pair.frame().sequence == 2


def test_errors_and_classes_have_the_names_that_programs_use(script) -> None:  # type: ignore[no-untyped-def]
    assert {getattr(bips, name).__module__ for name in bips.__all__ if isinstance(getattr(bips, name), type)} == {"bips", "bips.metadata"}
    assert "\nbips.BadName: bad pool name" in script("import bips; bips.Consumer('')").end(1)


def test_classes_of_errors_are_also_pythons() -> None:
    assert issubclass(bips.Timeout, TimeoutError) and issubclass(bips.AccessError, PermissionError) and issubclass(bips.StaleError, ValueError)
    assert issubclass(bips.ForkError, RuntimeError) and issubclass(bips.NoMemory, MemoryError)
    for name in bips.__all__:
        kind = getattr(bips, name)
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert issubclass(kind, bips.Error) and kind.__doc__


@pytest.mark.parametrize("use", [
    "memoryview(bips.Frame.__new__(bips.Frame))", "memoryview(bips.Slot.__new__(bips.Slot))", "memoryview(bips.Plane.__new__(bips.Plane))",
    "memoryview(_native.View.__new__(_native.View))", "bips.Frame.__new__(bips.Frame).data", "bips.Plane.__new__(bips.Plane).__dlpack__()", "bips.Frame.__enter__(5)",
    "bips.Slot.__enter__(None)", "bips.Consumer.__new__(bips.Consumer).pull(0)", "copy.copy(frame)", "copy.deepcopy(frame)", "copy.copy(slot)", "copy.deepcopy(p)",
    "p.push(bips.Slot.__new__(bips.Slot))", "c.push(bips.Frame.__new__(bips.Frame))", "type('Mine', (bips.Frame,), {})()", "type('Mine', (bips.Consumer,), {'__init__': lambda self: None})().pull(0)",
])
def test_what_was_never_made_is_a_type_error(script, use: str) -> None:  # type: ignore[no-untyped-def]
    """In a process of its own: it would end it."""
    child = script(f"""
        import bips, copy, warnings
        from bips import _native
        warnings.simplefilter("ignore")
        with bips.Producer("camera", slot_size=64) as p, bips.Consumer("camera") as c:
            p.push(p.pull())
            frame, slot = c.pull(10), p.pull()
            try: {use}
            except TypeError: print("refused")
    """)
    assert child.end() == "refused\n"


def test_making_an_object_again_is_refused_or_makes_another(script) -> None:  # type: ignore[no-untyped-def]
    child = script("""
        import bips
        c, p = bips.Consumer("camera"), bips.Producer("other", slot_size=64)
        for again in (lambda: c.__init__("other"), lambda: p.__init__("third", slot_size=64), lambda: c.__init__("")):
            try: again()
            except (TypeError, RuntimeError, bips.Error) as error: print(type(error).__name__)
        assert c.name in ("camera", "other") and p.name in ("other", "third")
    """)
    child.end()


@pytest.mark.parametrize("name", ["cam\0era", "camera\0", "\0"])
def test_a_name_with_a_zero_byte_is_told(name: str) -> None:
    for make in (bips.Consumer, lambda n: bips.Producer(n, slot_size=64), bips.check_name, bips.why_no_pool):
        with pytest.raises(bips.BadName, match="zero byte"):
            make(name)  # type: ignore[operator]


def test_texts_with_a_zero_byte_are_told(pair) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(bips.BadOption, match="zero byte"):
        pair.producer.caps = "image/jpeg\0,width=5"
    with pytest.raises(bips.BadOption, match="zero byte"):
        bips.Producer("other", slot_size=64, caps="image/jpeg\0")
    with pytest.raises(bips.BadOption, match="zero byte"):
        bips.Producer("other", slot_size=64, group="root\0", permissions=0o660)
    assert pair.frame().caps.startswith("video/x-raw")


def test_pythons_own_errors_have_its_numbers() -> None:
    with pytest.raises(TimeoutError) as caught:
        bips.Consumer("nobody").pull(0)
    assert caught.value.errno == errno.ETIMEDOUT and "nobody" in str(caught.value)


@pytest.mark.parametrize("options", [{"max_version": 1}, {"max_version": "one"}, {"max_version": ()}, {"max_version": (None, 0)}])
def test_garbage_for_dlpack_is_a_type_error(pair, options: dict[str, object]) -> None:  # type: ignore[no-untyped-def]
    frame = pair.frame()
    with pytest.raises(TypeError, match="max_version"):
        frame.__dlpack__(**options)
    assert frame.views == 0


@pytest.mark.parametrize("call", [
    lambda p: p.consumer.pull(10**400), lambda p: p.producer.pull(10**400), lambda p: bips.Consumer("camera", max_held=10**30), lambda p: bips.Consumer("camera", max_age=1e300),
    lambda p: bips.Producer("other", slots=10**30, slot_size=1), lambda p: bips.Producer("other", slot_size=2**63 - 1), lambda p: bips.Producer("other", slot_size=10**30),
    lambda p: p.producer.grow(2**64 - 1), lambda p: p.producer.grow(-1), lambda p: p.producer.wait_consumers(-1), lambda p: p.producer.wait_consumers(10**20),
    lambda p: p.producer.push(p.producer.pull(), size=2**64), lambda p: p.producer.push(p.producer.pull(), pts=2**64), lambda p: p.producer.push(p.producer.pull(), flags=-1),
    lambda p: p.producer.push(p.producer.pull(), strides=[2**40], offsets=[0]), lambda p: p.producer.push(p.producer.pull(), strides=[1] * 5, offsets=[0] * 5),
    lambda p: p.producer.set_latency(-1), lambda p: setattr(p.producer, "block_timeout", -5), lambda p: setattr(p.consumer, "max_age", float("nan")),
], ids=range(19))
def test_numbers_that_are_far_too_large_or_negative_are_told(pair, call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises((TypeError, ValueError, OverflowError, bips.NoSpace, bips.NoMemory)):
        call(pair)
    gc.collect()
    assert pair.producer.stats.lent == 0 and pair.frame().sequence == 1
