"""badinput.py LIBRARY HEADER: what programs get wrong, through a foreign function interface: Python's own, ctypes.

The declarations are written by hand, as somebody who binds another language writes them from bips.h.
"""

import ctypes
import errno
import fcntl
import os
import pathlib
import re
import resource
import shutil
import struct
import sys
import tempfile
import threading
import time
import unittest
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

BACKEND = {"shm": 0, "memfd": 1}[os.environ.get("BIPS_TEST_BACKEND", "shm")]
SANITIZED = "BIPS_TEST_SANITIZED" in os.environ
FOREVER, PATIENCE, MILLISECOND = -1, 20_000_000_000, 1_000_000
NO_TIME = 2**64 - 1
LATEST, EVERY = 1, 2


class ProducerOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("backend", c_uint32), ("slots", c_uint32), ("slot_size", c_size_t), ("meta_size", c_int32),
        ("max_consumers", c_uint32), ("caps", c_char_p), ("permissions", c_uint32), ("overflow", c_uint32), ("group", c_char_p),
        ("block_timeout", c_int64), ("warn", c_void_p), ("warn_user", c_void_p),
    ]


class ConsumerOptions(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("mode", c_uint32), ("max_held", c_uint32), ("min_held", c_uint32), ("reserved", c_uint32),
        ("max_age", c_int64), ("spin", c_int64), ("stall_timeout", c_int64),
    ]


class FrameInfo(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("data_size", c_size_t), ("pts", c_uint64), ("dts", c_uint64), ("duration", c_uint64), ("capture_time", c_uint64),
        ("offset", c_uint64), ("offset_end", c_uint64), ("flags", c_uint32), ("plane_count", c_uint32), ("plane_stride", c_int32 * 4),
        ("plane_offset", c_uint64 * 4), ("meta", c_void_p), ("meta_size", c_size_t),
    ]


class ConsumerStats(ctypes.Structure):
    _fields_ = [
        ("size", c_size_t), ("received", c_uint64), ("skipped", c_uint64), ("lost", c_uint64), ("instances", c_uint64), ("moves", c_uint64),
        ("demoted", c_uint64), ("held", c_uint32), ("blocking", c_uint32),
    ]


def new(kind, **fields):
    return kind(size=ctypes.sizeof(kind), **fields)


def frame_info(**fields):
    return new(FrameInfo, **dict(dict.fromkeys(("pts", "dts", "duration", "capture_time", "offset", "offset_end"), NO_TIME), **fields))


def load(path):
    library = ctypes.CDLL(path)
    handle = c_void_p
    for name, result, arguments in [
        ("error_message", c_char_p, []), ("error_reason", c_int, []), ("error_name", c_char_p, [c_int]), ("check_name", c_int, [c_char_p]),
        ("why_no_pool", c_int, [c_char_p]),
        ("producer_open", c_int, [c_char_p, POINTER(ProducerOptions), POINTER(handle)]),
        ("producer_close", handle, [handle]), ("producer_shutdown", c_int, [handle]),
        ("producer_pull", c_int, [handle, c_int64, POINTER(handle)]), ("producer_push", c_int, [handle, handle, POINTER(FrameInfo)]),
        ("producer_set_caps", c_int, [handle, c_char_p]), ("producer_grow", c_int, [handle, c_size_t]), ("producer_meta_size", c_size_t, [handle]),
        ("slot_data", c_void_p, [handle]), ("slot_size", c_size_t, [handle]), ("slot_return", c_int, [handle]),
        ("consumer_open", c_int, [c_char_p, POINTER(ConsumerOptions), POINTER(handle)]),
        ("consumer_close", handle, [handle]), ("consumer_shutdown", c_int, [handle]),
        ("consumer_pull", c_int, [handle, c_int64, POINTER(handle)]), ("consumer_push", c_int, [handle, handle]),
        ("consumer_fd", c_int, [handle]), ("consumer_interrupt", c_int, [handle]), ("consumer_get_stats", c_int, [handle, c_void_p]),
        ("frame_release", c_int, [handle]), ("frame_data", c_void_p, [handle]), ("frame_size", c_size_t, [handle]),
        ("frame_caps", c_char_p, [handle]), ("frame_pts", c_uint64, [handle]), ("frame_sequence", c_uint64, [handle]),
        ("frame_ref", handle, [handle]), ("frame_get_info", c_int, [handle, POINTER(FrameInfo)]),
    ]:
        function = getattr(library, "bips_" + name)
        function.restype, function.argtypes = result, arguments
        globals()[name] = function


def errors_of(header):
    """The values of enum bips_error."""
    text = pathlib.Path(header).read_text(encoding="utf-8")
    enum = text[text.index("enum bips_error {"):]
    return {name: int(value) for name, value in re.findall(r"BIPS_(\w+) = (\d+)", enum[: enum.index("};")])}


def in_child(act):
    """Runs a function in a process of its own; None: all was well, else what went wrong."""
    ready, write = os.pipe()
    child = os.fork()
    if child == 0:
        wrong = b""
        try:
            act()
        except BaseException as error:  # pylint: disable=broad-except
            wrong = repr(error).encode()
        os.write(write, wrong or b"well")
        os._exit(0)
    os.close(write)
    with os.fdopen(ready, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return None if said == b"well" else said.decode()


class BadInput(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="libbips-test-", dir="/dev/shm")
        os.environ["BIPS_SHM_DIR"] = self.folder
        self.handles = []

    def tearDown(self):
        for close, handle in reversed(self.handles):
            close(handle)
        left = os.listdir(self.folder)
        shutil.rmtree(self.folder)
        self.assertEqual(left, [])

    def fails(self, result, error, word):
        self.assertEqual(result, -ERRORS.get(error, getattr(errno, error, 0)), error_message())
        self.assertIn(word, error_message().decode())

    def producer(self, name="pool", **options):
        handle = c_void_p()
        options = new(ProducerOptions, **dict({"backend": BACKEND, "slots": 8, "slot_size": 4096, "caps": b"video/x-raw"}, **options))
        self.assertEqual(producer_open(name.encode(), byref(options), byref(handle)), 0, error_message())
        self.handles.append((producer_close, handle))
        return handle

    def consumer(self, name="pool", **options):
        handle = c_void_p()
        self.assertEqual(consumer_open(name.encode(), byref(new(ConsumerOptions, **options)), byref(handle)), 0, error_message())
        self.handles.append((consumer_close, handle))
        return handle

    def slot(self, producer):
        slot = c_void_p()
        self.assertEqual(producer_pull(producer, PATIENCE, byref(slot)), 0, error_message())
        return slot

    def push(self, producer, number):
        slot = self.slot(producer)
        ctypes.memset(slot_data(slot), number, 64)
        self.assertEqual(producer_push(producer, slot, byref(frame_info(data_size=64, pts=number))), 0, error_message())
        return slot

    def frame(self, consumer):
        frame = c_void_p()
        self.assertEqual(consumer_pull(consumer, PATIENCE, byref(frame)), 0, error_message())
        return frame

    def is_number(self, frame, number):
        self.assertEqual(ctypes.string_at(frame_data(frame), frame_size(frame)), bytes([number]) * 64)

    def attach(self, consumer):
        """Lets a consumer that finds no frame attach."""
        stats, frame = new(ConsumerStats), c_void_p()
        while stats.instances == 0:
            consumer_pull(consumer, 0, byref(frame))
            consumer_get_stats(consumer, byref(stats))

    def test_a_pool_that_is_not_there_is_waited_for_in_time(self):
        consumer, frame = self.consumer("nobody"), c_void_p(1)
        start = time.monotonic()
        self.fails(consumer_pull(consumer, 30 * MILLISECOND, byref(frame)), "TIMEOUT", "not attached")
        self.assertGreaterEqual(time.monotonic() - start, 0.03)
        self.assertEqual((error_reason(), frame.value), (ERRORS["NO_POOL"], None))
        self.assertEqual(error_name(-ERRORS["TIMEOUT"]), b"timeout")
        self.fails(why_no_pool(b"nobody"), "NO_POOL", "start its producer")

    def test_a_pool_of_another_version_is_refused(self):
        consumer, frame = self.consumer("old"), c_void_p()
        path = os.path.join(self.folder, "bips.old")
        with open(path, "xb") as file:
            lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
            fcntl.fcntl(file, 37, lock)  # F_OFD_SETLK: its producer lives
            file.write(b"BIPSPOOL" + struct.pack("<HH", 7, 3) + bytes(4096))
            file.flush()
            self.fails(consumer_pull(consumer, PATIENCE, byref(frame)), "OTHER_VERSION", "layout 7.3")
        os.unlink(path)

    def test_sizes_that_do_not_fit_are_refused_and_the_slot_stays_the_callers(self):
        producer = self.producer()
        slot = self.slot(producer)
        self.fails(producer_push(producer, slot, byref(frame_info(data_size=4097))), "TOO_LARGE", "a frame of 4097 bytes in slots of 4096")
        self.fails(producer_push(producer, slot, byref(frame_info(data_size=1, meta_size=4097))), "TOO_LARGE", "metadata of 4097 bytes")
        self.fails(producer_push(producer, slot, byref(frame_info(data_size=1, meta_size=8))), "BAD_OPTION", "at NULL")
        self.fails(producer_push(producer, slot, byref(frame_info(data_size=1, plane_count=5))), "TOO_LARGE", "5 planes")
        self.assertEqual(slot_return(slot), 0)
        self.fails(producer_grow(producer, 2**64 - 1), "BAD_OPTION", "slots of")

    def test_a_buffer_that_was_pushed_is_stale(self):
        producer, consumer = self.producer(), self.consumer()
        slot = self.push(producer, 1)
        self.fails(producer_push(producer, slot, None), "STALE", "not lent")
        self.fails(slot_return(slot), "STALE", "not lent")
        self.assertEqual((slot_data(slot), slot_size(slot)), (None, 0))
        frame = self.frame(consumer)
        self.is_number(frame, 1)
        self.assertEqual(consumer_push(consumer, frame), 0)
        self.fails(consumer_push(consumer, frame), "STALE", "not lent")
        self.fails(frame_release(frame), "STALE", "not lent")
        self.fails(frame_get_info(frame, byref(new(FrameInfo))), "STALE", "not lent")
        self.assertEqual((frame_data(frame), frame_size(frame), frame_caps(frame), frame_ref(frame), frame_pts(frame)), (None, 0, None, None, NO_TIME))

    def test_threads_that_pull_at_once_get_each_frame_once(self):
        producer, consumer = self.producer(), self.consumer(mode=EVERY)
        self.attach(consumer)
        seen, lock = [], threading.Lock()

        def pull_some():
            frame = c_void_p()
            while True:
                result = consumer_pull(consumer, FOREVER, byref(frame))
                if result == -ERRORS["QUOTA"]:
                    continue
                if result < 0:
                    return
                with lock:
                    seen.append(frame_sequence(frame))
                frame_release(frame)

        pullers = [threading.Thread(target=pull_some) for _ in range(3)]
        for thread in pullers:
            thread.start()
        for number in range(1000):
            self.push(producer, number % 256)
        while len(seen) < 1000:
            time.sleep(0.001)
        self.assertEqual(consumer_shutdown(consumer), 0)
        for thread in pullers:
            thread.join()
        self.assertEqual(sorted(seen), list(range(1, 1001)))

    def test_a_handle_that_was_shut_down_says_so(self):
        producer, consumer = self.producer(), self.consumer()
        out = c_void_p()
        self.assertEqual((consumer_shutdown(consumer), consumer_shutdown(consumer)), (0, 0))
        self.fails(consumer_pull(consumer, FOREVER, byref(out)), "CLOSED", 'pool "pool": closed')
        self.fails(consumer_fd(consumer), "CLOSED", "closed")
        self.assertEqual(producer_shutdown(producer), 0)
        self.fails(producer_pull(producer, FOREVER, byref(out)), "CLOSED", "closed")

    def test_null_and_garbage_are_refused(self):
        out = c_void_p()
        self.fails(consumer_pull(None, 0, byref(out)), "STALE", "NULL")
        self.fails(producer_pull(None, 0, byref(out)), "STALE", "NULL")
        self.fails(producer_push(None, None, None), "STALE", "NULL")
        self.fails(consumer_push(None, None), "STALE", "NULL")
        self.fails(consumer_fd(None), "STALE", "NULL")
        self.fails(frame_release(None), "STALE", "not lent")
        self.assertEqual((consumer_interrupt(None), consumer_close(None), frame_data(None), slot_data(None)), (-ERRORS["STALE"], None, None, None))
        self.fails(consumer_open(None, None, byref(out)), "BAD_NAME", "NULL")
        self.fails(consumer_open(b"\xff\x01", None, byref(out)), "BAD_NAME", "character")
        self.fails(consumer_open(b"a" * 201, None, byref(out)), "BAD_NAME", "201 bytes")
        self.fails(consumer_open(b"a", None, None), "BAD_OPTION", "NULL")
        self.fails(producer_open(b"a", None, byref(out)), "BAD_OPTION", "bips_producer_options is NULL")
        self.fails(consumer_open(b"a", byref(new(ConsumerOptions, mode=2**32 - 1)), byref(out)), "BAD_OPTION", "mode 4294967295")
        garbage = ProducerOptions.from_buffer_copy(b"\xa5" * ctypes.sizeof(ProducerOptions))
        self.fails(producer_open(b"a", byref(garbage), byref(out)), "BAD_OPTION", "..._INIT")
        self.fails(producer_open(b"a", byref(new(ProducerOptions, slot_size=1, backend=9)), byref(out)), "NO_BACKEND", "no such backend: 9")
        producer, consumer = self.producer(), self.consumer()
        self.fails(consumer_pull(consumer, 0, None), "BAD_OPTION", "NULL")
        self.fails(producer_pull(producer, 0, None), "BAD_OPTION", "NULL")
        slot = self.slot(producer)
        garbage = FrameInfo.from_buffer_copy(b"\xa5" * ctypes.sizeof(FrameInfo))
        self.fails(producer_push(producer, slot, byref(garbage)), "BAD_OPTION", "..._INIT")
        garbage.size = ctypes.sizeof(garbage)
        self.assertLess(producer_push(producer, slot, byref(garbage)), 0)
        self.assertEqual(slot_return(slot), 0)

    def test_structs_of_older_and_of_newer_headers_work(self):
        class Newer(ctypes.Structure):
            _fields_ = [("known", ConsumerOptions), ("later", c_uint64)]

        out = c_void_p()
        newer = Newer(known=new(ConsumerOptions))
        newer.known.size = ctypes.sizeof(Newer)
        known = ctypes.cast(byref(newer), POINTER(ConsumerOptions))
        self.assertEqual(consumer_open(b"a", known, byref(out)), 0)
        consumer_close(out)
        newer.later = 1
        self.fails(consumer_open(b"a", known, byref(out)), "BAD_OPTION", "use a newer library")
        older = ProducerOptions.from_buffer_copy(b"\xff" * ctypes.sizeof(ProducerOptions))
        older.size, older.backend, older.slots, older.slot_size = ProducerOptions.meta_size.offset, BACKEND, 8, 64
        self.assertEqual(producer_open(b"older", byref(older), byref(out)), 0, error_message())
        self.assertEqual(producer_meta_size(out), 4096)
        producer_close(out)
        consumer = self.consumer()
        stats = ConsumerStats.from_buffer_copy(b"\x55" * ctypes.sizeof(ConsumerStats))
        stats.size = ConsumerStats.lost.offset
        self.assertEqual(consumer_get_stats(consumer, byref(stats)), 0)
        self.assertEqual((stats.received, stats.skipped, stats.lost), (0, 0, 0x5555555555555555))
        self.fails(consumer_get_stats(consumer, byref(ConsumerStats())), "BAD_OPTION", "..._INIT")

    def test_a_handle_from_before_a_fork_is_refused(self):
        producer, consumer = self.producer(), self.consumer(mode=EVERY, max_held=1)
        self.attach(consumer)
        self.assertGreaterEqual(consumer_fd(consumer), 0)
        self.push(producer, 1)
        frame, slot = self.frame(consumer), self.slot(producer)

        def child():
            out = c_void_p()
            for result in (
                consumer_pull(consumer, FOREVER, byref(out)), producer_pull(producer, FOREVER, byref(out)), producer_push(producer, slot, None),
                slot_return(slot), frame_release(frame), consumer_shutdown(consumer), producer_set_caps(producer, b"x"), consumer_fd(consumer),
            ):
                assert result == -ERRORS["FORKED"] and b"before a fork" in error_message(), (result, error_message())
            consumer_close(consumer)
            producer_close(producer)
            self.handles.clear()
            own = self.consumer(max_held=1)
            if not SANITIZED:  # child_can_attach in pools.h says why
                self.is_number(self.frame(own), 1)
            consumer_close(own)

        self.assertIsNone(in_child(child))
        self.is_number(frame, 1)
        self.assertEqual((frame_release(frame), slot_return(slot)), (0, 0))

    @unittest.skipUnless(os.getuid() == 0, "only root can be two users")
    def test_a_pool_of_another_user_is_refused_with_a_reason(self):
        os.chmod(self.folder, 0o1777)
        self.push(self.producer("private"), 1)

        def child():
            os.setgid(12345)
            os.setuid(12345)
            self.handles.clear()
            consumer, out = self.consumer("private"), c_void_p()
            self.fails(consumer_pull(consumer, PATIENCE, byref(out)), "PERMISSION", "private")
            self.fails(why_no_pool(b"private"), "PERMISSION", "private")
            consumer_close(consumer)

        self.assertIsNone(in_child(child))

    def test_a_process_without_descriptors_gets_an_error_and_goes_on_later(self):
        producer, consumer, out = self.producer(), self.consumer(), c_void_p()
        self.push(producer, 1)
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limit[1]))
        try:
            self.fails(consumer_fd(consumer), "EMFILE", "ulimit -n")
            self.fails(consumer_pull(consumer, PATIENCE, byref(out)), "EMFILE", "ulimit -n")
            options = new(ProducerOptions, backend=BACKEND, slot_size=64)
            self.fails(producer_open(b"second", byref(options), byref(out)), "EMFILE", "ulimit -n")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        frame = self.frame(consumer)
        self.is_number(frame, 1)
        self.assertEqual(frame_release(frame), 0)


if __name__ == "__main__":
    try:
        load(sys.argv[1])
    except OSError as error:
        print(f"skipped: Python cannot load the library: {error}")
        sys.exit(77)
    ERRORS = errors_of(sys.argv[2])
    unittest.main(argv=sys.argv[:1], verbosity=2)
