"""The role of a consumer."""

from __future__ import annotations

import queue
import threading
import time
from hashlib import sha256
from typing import Any

import bips
import payload as payloads
import records
from payload import Payload
from work import Draw, Line, Shift, obey, seconds, unknown_order, wrong, wrong_call

OPTIONS = {
    "mode": "auto", "max-held": 3, "min-held": 0, "max-age": 0, "spin": 0, "stall-timeout": 0, "frames": 0, "pause": 0, "hold": 0, "restless": 0, "rests": 0, "brief": 0,
    "key-frames": 0, "payload": "peer", "detail": False, "idle": False, "seed": 0,
}
NONE = (1 << 64) - 1


def _or(time: int | None) -> int:
    return -1 if time is None else time


class Consuming:
    def __init__(self, name: str, options: dict[str, Any]) -> None:
        self.name, self.o = name, options
        self.foreign = options["payload"] == "any"
        self.draw = Draw(options["seed"] or None)
        self.shift = Shift(not options["idle"])
        self.flush = False
        self.count = self.holds = 0
        self.pulled: dict[int, tuple[bips.Frame, Payload]] = {}
        self.pool: bips.Consumer

    # ---- Joining and leaving

    def open_pool(self) -> None:
        o = self.o
        self.pool = bips.Consumer(
            self.name, mode=o["mode"], max_held=o["max-held"], min_held=o["min-held"], max_age=o["max-age"] / 1e6, spin=o["spin"] / 1e6,
            stall_timeout=o["stall-timeout"] / 1e6 if o["stall-timeout"] > 0 else None)
        if self.flush:
            self.pool.set_flushing(True)
        self.held: queue.Queue[tuple[bips.Frame, Payload] | None] = queue.Queue()
        self.room = threading.Event()
        self.instance = self.token = self.demoted = self.skipped = self.lost = 0
        self.left = 1 + self.draw.below(o["brief"])
        Line("opened").write()
        self.releaser = threading.Thread(target=self.give_back_all, args=(self.pool, self.held, Draw(self.draw.getrandbits(64))))
        self.releaser.start()

    def halt(self) -> None:
        self.shift.pause(lambda: self.pool.set_flushing(True))
        self.pool.set_flushing(self.flush)

    def add_stats(self, line: Line) -> Line:
        s = self.pool.stats
        return line.add(
            received=s.received, skipped=s.skipped, lost=s.lost, demoted=s.demoted, held=s.held, moves=s.moves, quota=self.pool.quota, instances=s.instances)

    def leave(self) -> None:
        before = self.draw.one_in(2)
        if before:
            self.pool.close()
        self.held.put(None)
        self.releaser.join()
        for number in list(self.pulled):
            self.give_back(self.pool, *self.pulled.pop(number))
        if not before:
            self.pool.close()
        self.add_stats(Line("closed")).write()

    def reopen(self) -> None:
        try:
            self.leave()
            self.open_pool()
        except bips.Error as error:
            wrong_call("leaving and joining again", error)
            self.shift.stop()

    # ---- Giving frames back

    def give_back(self, pool: bips.Consumer, frame: bips.Frame, payload: Payload) -> None:
        """Gives a frame back in one of the ways that there are, and then once more than it may."""
        if not self.foreign:
            view = frame.data
            if not payloads.same(payload, view):
                wrong("held", f"frame {frame.sequence}: its bytes changed")
            view.release()
        if threading.get_ident() % 2:
            frame.release()
        else:
            pool.push(frame)
        try:
            pool.push(frame)
            wrong("call", f"frame {frame.sequence} was given back twice, and the second time said nothing")
        except bips.StaleError:
            pass

    def give_back_all(self, pool: bips.Consumer, held: queue.Queue[tuple[bips.Frame, Payload] | None], draw: Draw) -> None:
        mine: list[tuple[bips.Frame, Payload]] = []
        over = False
        while not over or mine:
            while not over and len(mine) < pool.quota:
                try:
                    one = held.get(timeout=None if not mine else 0.0002 if draw.one_in(3) else 1e-9)
                except queue.Empty:
                    break
                if one is None:
                    over = True
                    break
                mine.append(one)
                if not draw.one_in(3):
                    break
            if not mine:
                continue
            time.sleep(draw.up_to(self.o["hold"] / 1e6))
            try:
                self.give_back(pool, *mine.pop(draw.below(len(mine))))
            except bips.Error as error:
                wrong_call("giving back", error)
            self.room.set()

    # ---- Working

    def add_standing(self, line: Line) -> Line:
        s = self.pool.stats
        if s.demoted != self.demoted:
            self.demoted = s.demoted
            line.add(demoted=s.demoted)
        return line.add(unwaited=self.o["mode"] == "every" and not s.blocking)

    def missing(self) -> dict[str, int]:
        """What the counters say that was not given since the last frame."""
        s = self.pool.stats
        since = {"skipped": s.skipped - self.skipped, "lost": s.lost - self.lost}
        self.skipped, self.lost = s.skipped, s.lost
        return since

    def see_error(self, error: bips.Error) -> None:
        if isinstance(error, bips.EndOfStream):
            pool = self.pool.pool
            line = Line("end").hex("instance", pool.instance if pool else 0).add(**self.missing())
            self.add_standing(line).write()
        elif isinstance(error, bips.ProducerLost):
            Line("lost").add(**self.missing()).write()
        elif isinstance(error, bips.Stalled):
            Line("stalled").write()
        elif isinstance(error, bips.PoolFull):
            Line("full", text=str(error)).write()
        elif isinstance(error, bips.QuotaError):
            time.sleep(20e-6)
        elif isinstance(error, bips.Flushing):
            if self.shift.is_wanted():
                time.sleep(0.001)  # it was ordered
        elif not isinstance(error, bips.Timeout):
            wrong_call("Pull", error)
            self.shift.stop()

    def what_is_wrong(self, frame: bips.Frame) -> tuple[Payload, str]:
        view = frame.data
        payload, why = payloads.read(view)
        view.release()
        if why:
            return payload, why
        want = payload.info()
        got = {
            "pts": frame.pts, "duration": frame.duration, "offset": frame.offset, "offset_end": frame.offset_end, "flags": frame.flags, "strides": frame.strides,
            "offsets": frame.offsets,
        }
        if payload.sequence != frame.sequence:
            return payload, f"its record says sequence {frame.sequence}, its payload {payload.sequence}"
        if any(got[name] != want[name] for name in got) or (frame.dts, frame.capture_time) != (None, None) or frame.raw_metadata != payload.meta:
            return payload, f"its record is not that of its payload {payload.sequence}"
        if frame.raw_tags and frame.raw_tags != payload.tags:
            return payload, f"its {len(frame.raw_tags)} bytes of tags are not those of its payload"
        if frame.caps != payload.caps:
            return payload, f'its caps are "{frame.caps}", want "{payload.caps}"'
        return payload, ""

    def see(self, frame: bips.Frame) -> Payload | None:
        """Checks a frame as it comes. A frame that is not whole is given back at once; None then."""
        payload = Payload(0, 0, 0, 0)
        if not self.foreign:
            payload, why = self.what_is_wrong(frame)
            if why:
                wrong("whole", f"frame {frame.sequence}: {why}")
                self.pool.push(frame)
                return None
        self.count += 1
        self.skipped += frame.skipped
        self.lost += frame.lost
        self.left -= 1
        if (frame.instance, payload.token) != (self.instance, self.token):
            self.instance, self.token = frame.instance, payload.token
            self.missing()  # when the one before ended
            pool = self.pool.pool
            line = Line("instance").hex("instance", frame.instance)
            if not self.foreign:
                line.hex("token", payload.token)
            line.add(slots=pool.slots if pool else 0).write()
        return payload

    def record(self, frame: bips.Frame) -> Line:
        line = Line("")
        del line["event"]
        line.update(size=frame.size, pts=_or(frame.pts), dts=_or(frame.dts), duration=_or(frame.duration), capture=_or(frame.capture_time))
        line.hex("offset", NONE if frame.offset is None else frame.offset).hex("offset_end", NONE if frame.offset_end is None else frame.offset_end)
        line.update(flags=frame.flags)
        line.add(strides=frame.strides, offsets=frame.offsets) if frame._has_planes else None
        line.add(meta=frame.raw_metadata.hex(), caps=frame.caps, tags=frame.raw_tags.hex())
        line.update(latency=_or(frame.latency), published=frame.publish_time, sha256=sha256(frame.data).hexdigest(), mode=frame.mode)
        return line.add(blocking=frame.blocking, behind=frame.behind)

    def add_frame(self, line: Line, frame: bips.Frame, payload: Payload, hold: int = 0) -> Line:
        line.add(sequence=frame.sequence, dropped=payload.dropped, skipped=frame.skipped, lost=frame.lost, discont=frame.discontinuity)
        self.add_standing(line).add(hold=hold)
        if self.o["detail"]:
            line["info"] = self.record(frame)
        return line

    def suspend_for(self, meanwhile: float) -> None:
        self.pool.suspend()
        Line("suspended").write()
        time.sleep(meanwhile)
        self.pool.resume()

    def moves(self) -> bool:
        """Does one of the things that readers do besides reading, or nothing, and reports whether the step is over."""
        chance = self.draw.below(4 * self.o["restless"])
        if chance in (0, 1):
            self.reopen()
            return True
        if chance in (2, 3):
            self.suspend_for(self.draw.up_to(0.002))
        elif chance == 4:
            self.suspend_for(0)
        elif chance in (5, 6):
            blocking = self.draw.one_in(2)
            self.pool.set_blocking(blocking)
            if not blocking:
                Line("unblocked").write()
        elif chance == 7:
            self.pool.set_blocking(False)
            Line("unblocked").write()
            time.sleep(self.draw.up_to(0.002))
            self.pool.set_blocking(True)
        return False

    def rest(self) -> None:
        self.pool.suspend()
        Line("suspended").write()
        if self.draw.one_in(2):
            self.shift.sleep(0.3)
        else:
            try:
                self.pool.pull(0.3)
            except (bips.Timeout, bips.Flushing, bips.QuotaError):
                pass
            except bips.Error as error:
                wrong_call("Pull while suspended", error)
        self.pool.resume()

    def step(self) -> None:
        o = self.o
        if o["frames"] and self.count == o["frames"]:
            return self.shift.stop()
        if o["brief"] > 0 and self.left == 0:
            return self.reopen()
        if o["restless"] > 0 and self.moves():
            return
        if self.draw.one_in(o["rests"]):
            self.rest()
        if self.draw.one_in(o["key-frames"]):
            self.pool.request_key_frame()
        if self.pool._held_count() >= self.pool.quota and not self.draw.one_in(32):
            self.room.wait(0.1)
            self.room.clear()
            return
        try:
            frame = self.pool.pull(self.draw.choice([None, 0, 0.001, 0.3]))
        except bips.Error as error:
            return self.see_error(error)
        payload = self.see(frame)
        if payload is not None:
            self.add_frame(Line("frame"), frame, payload).write()
            self.held.put((frame, payload))
        del frame
        self.shift.sleep(self.draw.up_to(o["pause"] / 1e6))

    # ---- Orders

    def pull_one(self, timeout: int, answer: Line) -> None:
        frame = self.pool.pull(seconds(timeout))
        payload = self.see(frame)
        if payload is None:
            answer.add(error="torn")
            return
        self.holds += 1
        self.pulled[self.holds] = frame, payload
        self.add_frame(answer, frame, payload, self.holds)

    def held_frame(self, fields: dict[str, Any]) -> bips.Frame:
        if fields.get("hold") not in self.pulled:
            error = bips.StaleError(f"no frame is held as {fields.get('hold')}")
            error.name = "stale"
            raise error
        return self.pulled[fields["hold"]][0]

    def carry_out(self, order: str, fields: dict[str, Any], answer: Line) -> None:
        pool, on = self.pool, bool(fields.get("on"))
        if order == "stats":
            self.add_stats(answer)
        elif order == "flush":
            self.flush = on
            pool.set_flushing(on)
        elif order == "suspend":
            pool.suspend()
            Line("suspended").write()
        elif order == "resume":
            pool.resume()
        elif order == "block":
            pool.set_blocking(on)
            if not on:
                Line("unblocked").write()
        elif order == "key-frame":
            pool.request_key_frame()
        elif order == "max-age":
            pool.max_age = fields.get("max_age", 0) / 1e6
        elif order == "records":
            if fields.get("hold"):
                frame = self.held_frame(fields)
                records.tell(frame.raw_tags if fields.get("of") == "tags" else frame.raw_metadata, answer)
            else:
                records.tell(bytes.fromhex(fields.get("meta", "")), answer)
        elif order == "sum":
            answer.add(sha256=sha256(self.held_frame(fields).data).hexdigest())
        elif order == "pool":
            found = pool.pool
            if found is None:
                answer.add(error="no-pool", text="no pool is attached now")
            else:
                answer.hex("instance", found.instance).add(slots=found.slots, size=found.slot_size, moves=found.moves)
        elif order == "release":
            self.held_frame(fields)
            self.give_back(pool, *self.pulled.pop(fields["hold"]))
        elif order in ("close", "pull", "pause"):
            self.halt()
            if order == "close":
                self.leave()
            elif order == "pull":
                self.pull_one(fields.get("timeout", 0), answer)
        elif order != "go":
            unknown_order(answer)

    def run(self) -> None:
        self.open_pool()
        orders = threading.Thread(target=obey, args=(self.carry_out, self.shift))
        orders.start()
        self.shift.run(self.step)
        orders.join()
