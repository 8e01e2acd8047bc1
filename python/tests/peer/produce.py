"""The role of a producer."""

from __future__ import annotations

import queue
import secrets
import threading
import time
import warnings
from hashlib import sha256
from typing import Any

import bips
import records
from bips import metadata
from payload import HEADER, Payload
from work import Draw, Line, Shift, obey, seconds, unknown_order, wrong, wrong_call

OPTIONS = {
    "slots": 20, "slot-size": 4096, "meta-size": 4096, "seats": 16, "backend": "shm", "overflow": "block", "block-timeout": -1, "busy": 0, "wait": 0, "size": 0, "frames": 0,
    "pause": 0, "nap": 0, "lend": 0, "keep": 0, "ends": 0, "moves": 0, "brief": 0, "quiet": False, "idle": False, "seed": 0,
}


def _bytes(text: str | None) -> bytes:
    return bytes.fromhex(text or "")


def _time(record: dict[str, Any], name: str) -> int | None:
    time = int(record.get(name, 0))
    return None if time < 0 else time


class Producing:
    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self.name, self.o = name, options
        self.draw = Draw(options["seed"] or None)
        self.shift = Shift(not options["idle"])
        self.mu = threading.Condition()
        self.flush = False
        self.kept = 0
        self.taken: list[bips.Slot] = []
        self.lent: queue.Queue[bips.Slot] | None = None
        self.pool: bips.Producer
        self.count = 0
        warnings.simplefilter("ignore", ResourceWarning)  # it looks at slots that it has published

    # ---- Opening and closing

    def warned(self, error: bips.Error) -> None:
        if isinstance(error, bips.NameTaken):
            if not self.gone:
                self.gone = True
                Line("gave-way", error="names-deleted", text=str(error)).write()
        elif isinstance(error, bips.NamesDeleted):
            Line("renamed", text=str(error)).write()
        else:
            Line("wrong", what="call", text=str(error)).write()

    def open_pool(self) -> None:
        o, end = self.o, time.monotonic() + self.o["busy"] / 1e6
        self.gone = False
        while True:
            try:
                pool = bips.Producer(
                    self.name, slot_size=o["slot-size"], slots=o["slots"], max_consumers=o["seats"], backend=o["backend"], overflow=o["overflow"],
                    meta_size=o["meta-size"], block_timeout=seconds(o["block-timeout"]), on_warning=self.warned)
                break
            except (bips.PoolBusy, bips.NoSpace):
                if time.monotonic() > end:
                    raise
                time.sleep(0.001)
        with self.mu:
            self.pool = pool
            if self.flush or (not self.shift.is_wanted() and not o["idle"]):
                pool.set_flushing(True)
        self.token, self.next, self.dropped, self.asked, self.caps, self.tags = secrets.randbits(64) | 1, 1, 0, 0, "", b""
        Line("opened").hex("token", self.token).add(slots=pool.slots).write()
        self.counter = threading.Thread(target=self.count_key_frames, args=(pool,))
        self.counter.start()
        self.start_lending()
        self.left = 1 + self.draw.below(o["brief"])
        self.awaited = o["wait"] == 0 or (o["brief"] > 0 and self.draw.one_in(2))

    def count_key_frames(self, pool: bips.Producer) -> None:
        while True:
            try:
                pool.wait_key_frame_request(0.1)
                self.asked += 1
            except bips.Timeout:
                if pool._has_warnings:
                    pool._tell()
            except bips.Flushing:
                time.sleep(0.001)
            except bips.Error:
                return

    def halt(self) -> None:
        self.shift.pause(lambda: self.pool.set_flushing(True))
        self.pool.set_flushing(self.flush)

    def add_stats(self, pool: bips.Producer, line: Line) -> Line:
        s = pool.stats
        return line.add(
            dropped=s.dropped, demoted=s.demoted, published=s.published, lent=s.lent, consumers=s.consumers, reclaimed=s.reclaimed, moves=s.moves,
            key_frames=self.asked)

    def put_back(self) -> None:
        while self.taken:
            self.taken.pop().release()

    def await_kept(self) -> None:
        with self.mu:
            self.mu.wait_for(lambda: self.kept == 0)

    def shut(self) -> None:
        self.stop_lending()
        self.await_kept()
        self.put_back()
        line = self.add_stats(self.pool, Line("closed").hex("token", self.token)).add(drops=self.dropped)
        self.pool.close()
        self.counter.join()
        line.write()

    # ---- An upstream has slots lent, writes where it likes, and some come back unpublished.

    def lend(self, pool: bips.Producer, lent: queue.Queue[bips.Slot], draw: Draw) -> None:
        while not self.enough:
            try:
                slot = pool.lend(0.02)
            except bips.Timeout:
                continue
            except (bips.Flushing, bips.NameTaken):
                time.sleep(0.001)
                continue
            except bips.Error as error:
                wrong_call("Lend", error)
                return
            slot.data[:] = bytes(slot.size)
            if draw.one_in(8):
                slot.release()
                continue
            while not self.enough:
                try:
                    lent.put(slot, timeout=0.02)
                    break
                except queue.Full:
                    pass

    def start_lending(self) -> None:
        if self.o["lend"] == 0 or self.lent is not None:
            return
        self.enough = False
        self.lent = queue.Queue(max(1, self.o["lend"] - 1))
        self.upstream = threading.Thread(target=self.lend, args=(self.pool, self.lent, Draw(self.draw.getrandbits(64))))
        self.upstream.start()

    def stop_lending(self) -> None:
        if self.lent is not None:
            self.enough = True
            self.upstream.join()
            while not self.lent.empty():
                self.lent.get().release()
            self.lent = None

    # ---- Working

    def failed(self, call: str, error: bips.Error) -> None:
        if isinstance(error, bips.Flushing) and not self.shift.is_wanted():
            return
        if isinstance(error, bips.NameTaken):
            self.warned(error)
        else:
            wrong_call(call, error)
        self.shift.stop()

    def end_stream(self) -> None:
        self.pool.end_of_stream()
        Line("ended").hex("token", self.token).write()

    def again(self) -> None:
        if not self.draw.one_in(4):
            self.end_stream()
        self.shut()
        self.open_pool()

    def grow_to(self, size: int) -> None:
        self.pool.grow(size)
        Line("moved", sequence=self.next, size=self.pool.slot_size).write()

    def grow(self) -> None:
        size, first = self.pool.slot_size, self.o["slot-size"]
        if size >= 8 * first:
            return self.again()
        try:
            self.grow_to(size + 1 + self.draw.below(first // 4))
        except (bips.Dropped, bips.Flushing):
            pass  # somebody is still on the way from the move before

    def empty(self) -> bips.Slot:
        if self.lent is not None:
            try:
                return self.lent.get_nowait()
            except queue.Empty:
                pass
        return self.pool.pull(None if self.draw.one_in(2) else 0.1)

    def give_back(self, view: memoryview, payload: Payload) -> None:
        if bytes(view[: payload.size]) != payload.bytes():
            wrong("held", "a slot that was published and kept: its bytes changed")
        view.release()

    def give_back_later(self, view: memoryview, payload: Payload) -> None:
        time.sleep(self.draw.up_to(self.o["keep"] / 1e6))
        self.give_back(view, payload)
        with self.mu:
            self.kept -= 1
            self.mu.notify_all()

    def publish(self, slot: bips.Slot) -> None:
        payload = Payload(self.token, self.next, self.dropped, self.o["size"] or HEADER + self.draw.below(slot.size - HEADER + 1))
        if payload.caps != self.caps:
            self.pool.caps = self.caps = payload.caps
        if payload.tags != self.tags:
            self.tags = payload.tags
            self.pool._set_tags(self.tags)
        slot.data[: payload.size] = payload.bytes()
        keeps = self.o["keep"] > 0 and self.draw.one_in(3)
        view = slot.data if keeps else None
        try:
            self.pool.push(slot, payload.size, **payload.info())  # type: ignore[arg-type]
        except (bips.Dropped, bips.Flushing) as error:
            self.dropped += isinstance(error, bips.Dropped)  # it was lent before a move, and there is no other one for it
            slot.release()
            return
        if not self.o["quiet"]:
            Line("published", sequence=self.next, dropped=self.dropped).write()
        self.next += 1
        self.count += 1
        self.left -= 1
        if view is not None:
            with self.mu:
                self.kept += 1
            threading.Thread(target=self.give_back_later, args=(view, payload)).start()

    def step(self) -> None:
        o, call = self.o, "WaitConsumers"
        try:
            if o["frames"] and self.count == o["frames"]:
                return self.shift.stop()
            if not self.awaited:
                self.pool.wait_consumers(o["wait"])
                self.awaited = True
            self.shift.sleep(self.draw.up_to(o["pause"] / 1e6))
            if self.draw.one_in(o["nap"]):
                self.shift.sleep(self.draw.up_to(0.002))
            if o["brief"] > 0 and self.left == 0:
                call = "closing and opening again"
                return self.again()
            if self.draw.one_in(o["ends"]):
                call = "EndOfStream"
                return self.end_stream()
            if self.draw.one_in(o["moves"]):
                call = "Grow"
                return self.grow()
            call = "Pull"
            try:
                slot = self.empty()
            except bips.Dropped:
                self.dropped += 1
                time.sleep(20e-6)
                return
            except (bips.Timeout, bips.Flushing):
                return
            call = "publishing"
            self.publish(slot)
        except bips.Error as error:
            self.failed(call, error)

    # ---- Orders

    def hold(self, timeout: int, answer: Line) -> None:
        end = None if timeout < 0 else time.monotonic() + timeout / 1e6
        self.stop_lending()
        self.await_kept()
        while len(self.taken) < self.pool.slots - 1:
            try:
                self.taken.append(self.pool.pull(None if end is None else max(0.0, end - time.monotonic())))
            except bips.Error as error:
                self.dropped += isinstance(error, bips.Dropped)
                if isinstance(error, bips.Dropped) and (end is None or time.monotonic() <= end):
                    time.sleep(0.001)  # the policy drop does not wait
                    continue
                answer.error(error)
                break
        answer.add(slots=len(self.taken))

    def frame(self, fields: dict[str, Any], answer: Line) -> None:
        payload = Payload(self.token, self.next, self.dropped, fields.get("size", 0))
        with self.pool.pull(seconds(fields.get("timeout", 0))) as slot:
            data = payload.bytes()[: slot.size]
            slot.data[: len(data)] = data
            record = fields.get("info")
            if record is None:
                what = payload.info()
            else:
                what = {
                    "pts": _time(record, "pts"), "dts": _time(record, "dts"), "duration": _time(record, "duration"), "capture_time": _time(record, "capture"),
                    "offset": int(record.get("offset") or "0", 16), "offset_end": int(record.get("offset_end") or "0", 16), "flags": record.get("flags", 0),
                    "strides": record.get("strides", ()), "offsets": record.get("offsets", ()), "raw_metadata": _bytes(record.get("meta")),
                }
            self.pool.push(slot, payload.size, **what)
        answer.add(sequence=self.pool.stats.published, sha256=sha256(data).hexdigest())
        self.next = self.pool.stats.published + 1

    def carry_out(self, order: str, fields: dict[str, Any], answer: Line) -> None:
        pool = self.pool
        if order == "stats":
            self.add_stats(pool, answer)
        elif order == "flush":
            self.flush = bool(fields.get("on"))
            pool.set_flushing(self.flush)
        elif order == "await":
            pool.wait_consumers(fields.get("consumers", 0), seconds(fields.get("timeout", 0)))
        elif order == "caps":
            self.caps = pool.caps = fields.get("caps", "")
        elif order == "tags":
            self.tags = b"\0"  # unlike those of any payload
            pool._set_tags(_bytes(fields.get("tags")))
        elif order == "latency":
            pool.set_latency(_time(fields, "latency"))
        elif order == "records":
            records.tell(_bytes(fields.get("meta")), answer)
        elif order == "go":
            self.put_back()
            self.start_lending()
        else:
            self.pausing(order, fields, answer)

    def pausing(self, order: str, fields: dict[str, Any], answer: Line) -> None:
        self.halt()
        if order == "close":
            self.shut()
        elif order == "end":
            self.end_stream()
        elif order == "hold":
            self.hold(fields.get("timeout", 0), answer)
        elif order == "frame":
            self.frame(fields, answer)
        elif order == "grow":
            self.grow_to(fields.get("size", 0))
        elif order == "drop":
            self.dropped += 1
            self.pool.drop()
        elif order != "pause":
            unknown_order(answer)

    def run(self) -> None:
        self.open_pool()
        orders = threading.Thread(target=obey, args=(self.carry_out, self.shift))
        orders.start()
        self.shift.run(self.step)
        orders.join()


__all__ = ["OPTIONS", "Producing", "metadata"]
