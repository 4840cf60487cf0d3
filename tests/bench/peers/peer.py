#!/usr/bin/env python3
"""The workloads of this package over CPython's `selectors`, with the protocol of common.h.

Python's selectors have no call that ends a wait from another thread, so there is no workload of wakes.
"""

import os
import selectors
import socket
import sys
import time

WARM = 3
KINDS = {
    "cpython": selectors.EpollSelector,
    "cpython-poll": selectors.PollSelector,
    "cpython-select": selectors.SelectSelector,
}
READ = selectors.EVENT_READ
BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE


def eventfds(count):
    return [os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in range(count)]


def pipes(count, ready):
    files = []
    for index in range(count):
        ends = os.pipe()
        file = os.open(f"/proc/self/fd/{ends[0]}", os.O_RDWR | os.O_NONBLOCK)
        for end in ends:
            os.close(end)
        if (index + 1) * ready // count > index * ready // count:
            os.write(file, b"x")
        files.append(file)
    return files


class Workload:
    """Registers files for reading, with their index as data."""

    clock = staticmethod(time.thread_time_ns)

    def begin(self, kind):
        self.selector = kind()
        for index, file in enumerate(self.files):
            self.selector.register(file, READ, index)

    def end(self):
        self.selector.close()


class Ring(Workload):
    def __init__(self, count, active):
        pairs = [socket.socketpair() for _ in range(count)]
        for pair in pairs:
            for end in pair:
                end.setblocking(False)
        self.pairs, self.active = pairs, active
        self.files = [reader for reader, _ in pairs]

    def begin(self, kind):
        super().begin(kind)
        for index in range(self.active):
            self.pairs[index * len(self.pairs) // self.active][1].send(b"x")
        # Once around: the sockets have left the caches since the last measurement.
        self.laps(len(self.pairs) // self.active)

    def round(self, further):
        pairs, found = self.pairs, 0
        for key, _ in self.selector.select():
            index = key.data
            data = pairs[index][0].recv(2)
            if len(data) != 1:
                raise RuntimeError("two bytes met")
            if further:
                pairs[index + 1 if index + 1 < len(pairs) else 0][1].send(data)
            found += 1
        return found

    def laps(self, laps):
        return sum(self.round(True) for _ in range(laps))

    def end(self):
        left = self.active
        while left > 0:
            left -= self.round(False)
        if left < 0:
            raise RuntimeError("more bytes than were sent")
        super().end()


class Ready(Workload):
    def __init__(self, count, ready):
        self.files, self.ready = pipes(count, ready), ready

    def laps(self, laps):
        found = total = 0
        select = self.selector.select
        for _ in range(laps):
            for key, _ in select(0):
                found += 1
                total += key.data
        if found != self.ready * laps:
            raise RuntimeError(f"{found} events in {laps} waits with {self.ready} ready")
        return found


class Register(Workload):
    def __init__(self, count):
        self.files = eventfds(count)

    def begin(self, kind):
        super().begin(kind)
        self.file = self.files[len(self.files) // 2]
        self.selector.unregister(self.file)

    def laps(self, laps):
        for _ in range(laps):
            self.selector.register(self.file, READ, 0)
            self.selector.unregister(self.file)
        return laps


class Interest(Workload):
    def __init__(self, count, both):
        self.files, self.between = eventfds(count), BOTH if both else READ

    def laps(self, laps):
        place = len(self.files) // 2
        file = self.files[place]
        for _ in range(laps):
            self.selector.modify(file, self.between, place)
            self.selector.modify(file, READ, place)
            if self.selector.select(0):
                raise RuntimeError("an event without a ready descriptor")
        return laps


class Sleep(Workload):
    def __init__(self, count, micros):
        self.files, self.time = eventfds(count), micros / 1e6
        if micros:
            self.clock = time.perf_counter_ns

    def laps(self, laps):
        for _ in range(laps):
            if self.selector.select(self.time):
                raise RuntimeError("an event without a ready descriptor")
        return laps


WORKLOADS = {"ring": Ring, "ready": Ready, "register": Register, "interest": Interest, "sleep": Sleep}


def main():
    subject, name, *numbers = sys.argv[1:]
    make, kind = WORKLOADS.get(name), KINDS[subject]
    # CPython's sets end at 1024 (FD_SETSIZE).
    files = int(numbers[0]) * (2 if name == "ring" else 1) + 16 if numbers else 0
    if make is None or (subject == "cpython-select" and files > 1024):
        for _ in sys.stdin:
            print("unsupported", flush=True)
        return
    workload = make(*map(int, numbers))
    for line in sys.stdin:
        workload.begin(kind)
        workload.laps(WARM)
        start = workload.clock()
        steps = workload.laps(int(line))
        taken = workload.clock() - start
        workload.end()
        print(taken, steps, flush=True)


main()
