"""Processes: fork, spawn, pickle, the end of the interpreter, other interpreters."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
from pathlib import Path

import bips
import pytest

HELD = """
    import bips, os, sys
    caps = "video/x-raw,format=GRAY8,width=16,height=8"
    p = bips.Producer("camera", caps=caps, backend=sys.argv[1] if len(sys.argv) > 1 else "shm")
    c = bips.Consumer("camera", mode="every")
    while p.stats.consumers == 0:
        try: c.pull(0.02)
        except bips.Timeout: pass
    def frame():
        slot = p.pull(); slot.data[:] = b"\\5" * 128; p.push(slot)
        return c.pull(10)
"""


def test_what_is_inherited_by_a_fork_raises_and_touches_nothing(script) -> None:  # type: ignore[no-untyped-def]
    child = script(HELD + """
    f = frame(); slot = p.pull(); plane = f.planes[0]; view = f.data
    child = os.fork()
    if child == 0:
        uses = [lambda: c.pull(0), lambda: c.close(), lambda: f.data, lambda: f.pts, lambda: memoryview(f), lambda: memoryview(plane), lambda: p.pull(0),
                lambda: p.push(slot), lambda: slot.data, lambda: p.close(), lambda: c.request_key_frame(), lambda: c.held, lambda: c.stats, lambda: f.__dlpack__(),
                lambda: c.push(f), lambda: p.end_of_stream(), lambda: iter(c) and next(c), lambda: c.interrupt(), lambda: p.stats, lambda: f.regions, lambda: p.grow(999)]
        for number, use in enumerate(uses):
            try: use()
            except bips.ForkError as error: assert "fork" in str(error), error
            else: os._exit(100 + number)
        assert "fork" in repr(c) and "fork" in repr(p) and "fork" in repr(f) and "fork" in repr(slot)
        own = bips.Producer("own", slot_size=64); reader = bips.Consumer("own"); own.push(own.pull()); assert reader.pull(10).size == 64
        del own, reader, f, slot, plane, view, c, p
        sys.exit(0)  # as a program that ends
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == 0, status
    assert c.stats.held == 1 and p.stats.lent == 1 and view[0] == 5
    p.push(slot)
    assert c.pull(10).sequence == 2
    """, "-W", "error::ResourceWarning")
    child.end()


def test_a_consumer_pickles_as_its_arguments(pair) -> None:  # type: ignore[no-untyped-def]
    consumer = bips.Consumer("camera", mode="every", max_held=2)
    again = pickle.loads(pickle.dumps(consumer))
    assert again.name == "camera" and again.mode == "every" and again.quota == 2
    published = pickle.loads(pickle.dumps(bips.Consumer(bips.Backends.kShm, "/camera", 10, 1024, True)))
    assert published.name == "camera" and published.mode == "every"


class Reader(bips.Consumer):
    """A consumer with arguments and state of its own."""

    def __init__(self, number: int) -> None:
        super().__init__("camera", mode="every")
        self.number = number


def test_a_subclass_pickles_with_its_state(pair) -> None:  # type: ignore[no-untyped-def]
    again = pickle.loads(pickle.dumps(Reader(7)))
    assert isinstance(again, Reader) and again.number == 7 and again.mode == "every"


def test_producers_frames_and_slots_do_not_pickle(pair) -> None:  # type: ignore[no-untyped-def]
    frame, slot = pair.frame(), pair.producer.pull()
    for one in (pair.producer, frame, slot, frame.planes[0]):
        with pytest.raises(TypeError, match="Make it where|send a copy|push it here"):
            pickle.dumps(one)
    slot.release()


def _read(consumer: bips.Consumer, pipe) -> None:  # type: ignore[no-untyped-def]
    try:
        pipe.send(consumer.pull(30).pts)
    except Exception as error:
        pipe.send(type(error).__name__)


@pytest.mark.parametrize("method, expected", [("spawn", 42), ("fork", "ForkError")])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_consumer_given_to_a_process(pair, method: str, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    context = multiprocessing.get_context(method)
    mine, theirs = context.Pipe()
    pair.producer.push(pair.producer.pull(), pts=42)
    process = context.Process(target=_read, args=(bips.Consumer("camera", mode="latest"), theirs))
    process.start()
    assert mine.recv() == expected
    process.join()
    mine.close()
    theirs.close()
    process.close()


@pytest.mark.parametrize("keep", ["f = frame()", "import numpy; a = numpy.asarray(frame())", "v = frame().data", "k = frame().__dlpack__()", "s = p.pull(); w = s.data",
                                  "c.me = c; c.f = frame()", "import builtins; builtins.kept = frame().planes"])
@pytest.mark.parametrize("backend", ["shm", "memfd"])
def test_the_interpreter_ends_with_live_frames(script, pools: Path, keep: str, backend: str) -> None:  # type: ignore[no-untyped-def]
    text = HELD.replace('sys.argv[1] if len(sys.argv) > 1 else "shm"', repr(backend))
    child = script(text + f"\n    {keep}\n    print('end', flush=True)\n", "-X", "dev")
    assert child.end() == "end\n"
    assert list(pools.iterdir()) == []


@pytest.mark.parametrize("daemon", [True, False])
def test_the_interpreter_ends_with_an_endless_pull(script, daemon: bool) -> None:  # type: ignore[no-untyped-def]
    child = script(f"""
        import bips, threading
        c = bips.Consumer("nobody")
        def pull():
            try: c.pull()
            except bips.Closed: print("closed", flush=True)
        for _ in range(3): threading.Thread(target=pull, daemon={daemon}).start()
        print("end", flush=True)
    """)
    assert child.end().splitlines()[0] == "end"


def test_a_child_of_a_fork_ends_at_once_where_a_thread_of_the_parent_waits(script) -> None:  # type: ignore[no-untyped-def]
    """The end waits for threads that are in a wait, and those of the parent are none of the child's: it would sleep for five seconds, a millisecond at a time."""
    child = script("""
        import bips, os, resource, threading
        from bips import _native
        c = bips.Consumer("nobody")
        waits = threading.Event()
        def pull():
            waits.set()
            try: c.pull()
            except bips.Closed: pass
        thread = threading.Thread(target=pull)
        thread.start()
        waits.wait()
        for _ in range(5):
            child = os.fork()
            if child == 0:
                _native.shutdown_all()
                os._exit(resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw > 200)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            assert status == 0, status
        c.close()
        thread.join()
    """, "-W", "ignore::DeprecationWarning")
    child.end()


def test_the_interpreter_ends_while_daemons_go_on_calling(script) -> None:  # type: ignore[no-untyped-def]
    """A thread that Python ends in the middle of C++ would end the process."""
    for _ in range(5):
        child = script("""
            import bips, threading
            c = bips.Consumer("nobody")
            p = bips.Producer("camera", slot_size=64)
            def call():
                while True:
                    try: c.pull(0.0001)
                    except bips.Error: pass
                    try: p.wait_key_frame_request(0.0001)
                    except bips.Error: pass
            for _ in range(8): threading.Thread(target=call, daemon=True).start()
        """)
        assert child.end() == ""


def test_what_is_kept_for_ever_is_no_complaint(script) -> None:  # type: ignore[no-untyped-def]
    """Worker processes of PyTorch keep their datasets until the process is gone."""
    child = script(HELD + """
    import ctypes
    f = frame()
    for kept in (c, f, p): ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))
    """)
    assert child.end() == ""


def test_nothing_is_opened_when_the_interpreter_is_ending(script) -> None:  # type: ignore[no-untyped-def]
    child = script("""
        import atexit, bips
        def late():
            try: bips.Consumer("camera")
            except bips.Closed as error: print(error)
        atexit.register(late)
    """)
    assert "interpreter is ending" in child.end()


def test_a_producer_that_waits_for_its_name_is_not_opened_when_the_interpreter_is_ending(script) -> None:  # type: ignore[no-untyped-def]
    """The end closes the producer that has the name."""
    child = script("""
        import bips, threading, time
        first = bips.Producer("camera", slot_size=64)
        def wait():
            try: bips.Producer("camera", slot_size=64).wait_consumers()
            except (bips.Closed, bips.PoolBusy) as error: print(error)
        threading.Thread(target=wait).start()
        time.sleep(0.1)
    """)
    assert "camera" in child.end() or "interpreter is ending" in child.end()


def test_other_interpreters_are_refused_plainly(script) -> None:  # type: ignore[no-untyped-def]
    for first in ("import bips", ""):
        child = script(f"""
            {first}
            import sys
            try:
                if sys.version_info >= (3, 13):
                    import _interpreters as interpreters
                else:
                    import _xxsubinterpreters as interpreters
            except ImportError:
                print("main interpreter only"); sys.exit()
            text = "import os\\ntry:\\n import bips\\nexcept ImportError as error:\\n os.write(1, (str(error)+chr(10)).encode())\\nelse:\\n os.write(1, b'imported')"
            for options in ({{}}, {{"isolated": False}}, {{"config": "legacy"}}):
                try: one = interpreters.create(*([options["config"]] if "config" in options else []), **({{}} if "config" in options else options))
                except (TypeError, ValueError): continue
                interpreters.run_string(one, text)
                interpreters.destroy(one)
        """)
        said = child.end()
        assert "main interpreter only" in said and "imported" not in said


def test_importing_needs_no_numpy_and_starts_no_resource_tracker(script) -> None:  # type: ignore[no-untyped-def]
    child = script(HELD + """
    f = frame()
    assert f.data[0] == 5 and len(f.planes) == 1 and f.regions == [] and memoryview(f)[0, 0] == 5 and f.__dlpack__() is not None
    loaded = [m for m in sys.modules if m.split(".")[0] in ("numpy", "torch", "asyncio") or "resource_tracker" in m or m == "multiprocessing"]
    assert loaded == [], loaded
    """)
    child.end()


def test_no_files_of_others_are_unlinked(script, pools: Path, pair) -> None:  # type: ignore[no-untyped-def]
    before = sorted(p.name for p in pools.iterdir())
    script("import bips; c = bips.Consumer('camera')\ntry: c.pull(0.2)\nexcept bips.Timeout: pass").end()
    assert sorted(p.name for p in pools.iterdir()) == before
    assert pair.frame().sequence == 1


def test_the_other_project_of_the_name_is_told(script, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    site = tmp_path / "site"
    site.mkdir()
    source = Path(bips.__file__).parent
    (site / "bips").mkdir()
    for file in source.iterdir():
        if file.is_file():
            (site / "bips" / file.name).symlink_to(file.resolve())
    (site / "bips-0.0.5.dist-info").mkdir()
    text = f"import sys; sys.path.insert(0, {str(site)!r}); import bips; print(bips.Consumer)"
    child = script(text, "-W", "always")
    assert "another project" in child.end()
    for native in (site / "bips").glob("_native.*.so"):
        native.unlink()
    assert "another project" in script(text, "-I").end(1)
    (site / "bips-0.0.5.dist-info").rmdir()
    assert "has no native module" in script(text, "-I").end(1)


def test_the_native_module_exports_its_entry_only() -> None:
    import bips._native

    with open(bips._native.__file__, "rb") as file:
        header = file.read(4)
    assert header == b"\x7fELF"
    try:
        import subprocess

        listed = subprocess.run(["nm", "-D", "--defined-only", bips._native.__file__], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        pytest.skip("nm is not installed (binutils)")
    assert [line.split()[-1] for line in listed.splitlines()] == ["PyInit__native"]


def test_threads_and_processes_of_all_kinds_are_named_in_the_guide() -> None:
    guide = Path(__file__).parents[2] / "docs" / "python.md"
    if not guide.exists():
        pytest.skip("the guide is not beside the tests")
    text = guide.read_text()
    for word in ("fork", "spawn", "DataLoader", "read-only", "Ctrl-C", "SIGSEGV"):
        assert word in text
    assert os.path.exists(sys.executable)
