"""Frameworks take frames where they lie: proven by address. What is not installed is skipped."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import bips
import pytest
from conftest import PATIENCE

np = pytest.importorskip("numpy")
pytestmark = pytest.mark.filterwarnings("default")  # the frameworks' own warnings are theirs
CAPS = "video/x-raw,format=RGB,width=16,height=8"


def address(frame: bips.Frame | bips.Slot) -> int:
    return int(np.asarray(frame.data).__array_interface__["data"][0])


def needs(name: str):  # type: ignore[no-untyped-def]
    return pytest.importorskip(name, reason=f"{name} is not installed here: make test-python-frameworks installs it", exc_type=ImportError)


class Legacy:
    """A frame for frameworks that ask for no version."""

    def __init__(self, frame: bips.Frame) -> None:
        self.frame = frame

    def __dlpack__(self, stream: object = None) -> object:
        return self.frame.__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.frame.__dlpack_device__()


@pytest.mark.skipif(not hasattr(np, "from_dlpack"), reason="this NumPy has no from_dlpack")
def test_numpy_takes_both_capsules(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(CAPS)
    frame = pair.frame(5)
    for source in (frame, Legacy(frame), frame.planes[0]):
        array = np.from_dlpack(source)
        assert array.__array_interface__["data"][0] == address(frame) and array.shape == (8, 16, 3) and not array.flags.writeable
        assert (array == 5).all()
    slot = pair.producer.pull()
    drawn = np.from_dlpack(slot)
    assert drawn.__array_interface__["data"][0] == address(slot)
    slot.release()


@pytest.mark.skipif(not hasattr(np, "from_dlpack"), reason="this NumPy has no from_dlpack")
def test_numpy_holds_the_frame_by_its_capsule(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(CAPS)
    array = np.from_dlpack(pair.frame(5))
    pair.close()
    assert (array == 5).all() and len(pair.consumer._held()) == 1
    del array
    assert pair.consumer._held() == []


def test_a_capsule_that_nobody_takes_lets_go(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs(CAPS)
    frame = pair.frame()
    for version in (None, (0, 8), (1, 0), (2, 0)):
        capsule = frame.__dlpack__(max_version=version)
        assert ('"dltensor_versioned"' if version and version[0] >= 1 else '"dltensor"') in repr(capsule)
        assert frame.views == 1
        del capsule
        assert frame.views == 0


def test_dlpack_copies_where_it_is_told(pairs) -> None:  # type: ignore[no-untyped-def]
    pair = pairs("video/x-raw,format=RGB,width=5,height=4")  # padded rows
    frame = pair.frame(7)

    class Copied(Legacy):  # the frame is the object's, not the class's, which a free-threaded Python keeps for ever
        def __dlpack__(self, **_: object) -> object:
            return self.frame.__dlpack__(copy=True, **({"max_version": (1, 0)} if int(np.__version__[0]) >= 2 else {}))

    if not hasattr(np, "from_dlpack"):
        pytest.skip("this NumPy has no from_dlpack")
    array = np.from_dlpack(Copied(frame))
    assert array.shape == (4, 5, 3) and (array == 7).all() and frame.views == 0
    assert array.__array_interface__["data"][0] != address(frame) and array.strides == (15, 3, 1)


def test_dlpack_refuses_what_there_is_not(pairs) -> None:  # type: ignore[no-untyped-def]
    frame = pairs("video/x-raw,format=GRAY16_BE,width=16,height=8").frame()
    for options in ({"stream": 1}, {"dl_device": (2, 0)}, {}):
        with pytest.raises(BufferError):
            frame.__dlpack__(**options)
    assert frame.__dlpack_device__() == (1, 0) and frame.views == 0


def test_pytorch_takes_a_frame_where_it_lies(pairs) -> None:  # type: ignore[no-untyped-def]
    torch = needs("torch")
    pair = pairs(CAPS)
    frame = pair.frame(5)
    for source in (frame, frame.planes[0], Legacy(frame)):
        tensor = torch.from_dlpack(source)
        assert tensor.data_ptr() == address(frame) and tuple(tensor.shape) == (8, 16, 3) and int(tensor.sum()) == 5 * 8 * 16 * 3
    frame.release()
    assert int(tensor.float().mean()) == 5 and len(pair.consumer.held) == 1
    del tensor
    assert pair.consumer.held == []
    slot = pair.producer.pull()
    torch.from_dlpack(slot).fill_(9)
    assert bytes(slot.data[:3]) == b"\x09\x09\x09"
    slot.release()


def test_pytorch_takes_padded_rows_and_planes(pairs) -> None:  # type: ignore[no-untyped-def]
    torch = needs("torch")
    pair = pairs("video/x-raw,format=NV12,width=18,height=8")
    slot = pair.producer.pull()
    for number, plane in enumerate(slot.planes):
        torch.from_dlpack(plane).fill_(number + 1)
    pair.producer.push(slot)
    frame = pair.consumer.pull(10)
    luma, chroma = (torch.from_dlpack(p) for p in frame.planes)
    assert tuple(luma.shape) == (8, 18) and tuple(chroma.shape) == (4, 9, 2) and luma.stride() == (20, 1)
    assert int(luma.sum()) == 144 and int(chroma.sum()) == 2 * 72


def test_writing_to_a_tensor_of_a_frame_ends_that_process_and_harms_nobody(pairs) -> None:  # type: ignore[no-untyped-def]
    needs("torch")
    pair = pairs(CAPS, mode="latest")
    pair.frame(5).release()
    text = """
import bips, torch
frame = bips.Consumer("camera", mode="latest").pull(30)
tensor = torch.from_dlpack(frame)
print(int(tensor.sum()), flush=True)
tensor += 1
"""
    child = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert child.stdout.strip() == str(5 * 8 * 16 * 3) and child.returncode == -11
    assert (np.asarray(pair.frame(6)) == 6).all()


def test_tensorflow_takes_a_frame_where_it_lies(pairs) -> None:  # type: ignore[no-untyped-def]
    tensorflow = needs("tensorflow")
    pair = pairs(CAPS)
    frame = pair.frame(5)
    tensor = tensorflow.experimental.dlpack.from_dlpack(frame.__dlpack__())
    assert tensor.shape == (8, 16, 3) and int(tensorflow.reduce_max(tensor)) == 5
    assert np.asarray(memoryview(tensor)).__array_interface__["data"][0] == address(frame) if hasattr(tensor, "__buffer__") else frame.views == 1
    frame.release()
    assert len(pair.consumer.held) == 1
    del tensor


def test_jax_takes_a_frame_where_it_lies(pairs) -> None:  # type: ignore[no-untyped-def]
    jax = needs("jax")
    pair = pairs(CAPS)
    slot = pair.producer.pull()
    np.asarray(slot)[:] = 5
    pair.producer.push(slot)
    frame = pair.consumer.pull(10)
    array = jax.dlpack.from_dlpack(frame)
    assert array.shape == (8, 16, 3) and int(array.max()) == 5 and array.unsafe_buffer_pointer() == address(frame)
    frame.release()
    assert len(pair.consumer.held) == 1
    del array


def test_opencv_takes_a_frame_where_it_lies(pairs) -> None:  # type: ignore[no-untyped-def]
    cv2 = needs("cv2")
    pair = pairs("video/x-raw,format=NV12,width=32,height=16")
    frame = pair.frame(128)
    picture = np.asarray(frame)
    before = frame.views
    converted = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_NV12)
    assert converted.shape == (16, 32, 3) and frame.views == before
    if int(cv2.__version__.split(".")[0]) >= 5:  # older ones write, and the process ends
        with pytest.raises(cv2.error):
            cv2.rectangle(picture, (0, 0), (4, 4), 255)
    slot = pair.producer.pull()
    drawn = np.asarray(slot)
    cv2.rectangle(drawn, (0, 0), (4, 4), 255, -1)
    assert slot.data[0] == 255
    del drawn
    slot.release()


def load(kind: str, context: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, int]]:
    """What two workers of a DataLoader read from a pool: process, number and sum of each frame."""
    needs("torch")
    from torch.utils.data import DataLoader

    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import datasets

    with bips.Producer("camera", caps=CAPS) as producer:
        def publish() -> None:
            try:
                producer.wait_consumers(2, PATIENCE)
            except bips.Closed:
                return
            for number in range(20):
                slot = producer.pull(PATIENCE)
                np.asarray(slot)[:] = number
                producer.push(slot, pts=number)
            producer.end_of_stream()

        loader = iter(DataLoader(getattr(datasets, kind)(), batch_size=None, num_workers=2, multiprocessing_context=context))
        thread = threading.Thread(target=publish, daemon=True)
        thread.start()  # behind the fork
        seen = [(process, number, int(tensor.sum())) for process, number, tensor in loader]
        thread.join()
    return seen


@pytest.mark.parametrize("kind, context", [("Held", "spawn"), ("Opened", "spawn"), ("Opened", "fork")])
def test_workers_of_a_dataloader_read_a_pool(kind: str, context: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = load(kind, context, monkeypatch)
    processes = {process for process, _, _ in seen}
    assert len(processes) == 2
    for process in processes:
        assert [(number, total) for of, number, total in seen if of == process] == [(n, n * 16 * 8 * 3) for n in range(20)]


def test_a_consumer_that_a_dataloader_forks_is_refused_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(bips.ForkError, match="made before a fork"):
        load("Held", "fork", monkeypatch)
