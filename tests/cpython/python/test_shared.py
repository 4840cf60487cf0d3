"""Tests of threads, signals, forks and garbage collection, which CPython's tests lack. They pass on both sides."""

import _thread
import ctypes
import enum
import errno
import gc
import os
import select
import selectors
import signal
import socket
import sys
import threading
import time
import types
import unittest
import weakref

from test.support import import_helper

import fuzz

# A limit in seconds for everything here.
LONG = 60
KINDS = (selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector)
# Without CPython's polling object, which permits one wait at a time. In a forked child a wait of the parent counts too.
MANY_WAITS = (selectors.SelectSelector, selectors.EpollSelector)


def state(thread):
    """The state of a thread, and the numbers of its context switches: proc_pid_status(5)."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
    except (FileNotFoundError, ProcessLookupError):
        raise AssertionError(f"{thread.name} has ended") from None
    return fields["State"].split()[0], fields["voluntary_ctxt_switches"], fields["nonvoluntary_ctxt_switches"]


def until_asleep(thread):
    """Waits until a thread sleeps. It does not sleep for the interpreter's lock, which is free between two looks."""
    end, before = time.monotonic() + LONG, None
    while time.monotonic() < end:
        now = state(thread)
        if now[0] == "S" and now == before:
            return
        before = now
        time.sleep(0.001)
    raise AssertionError(f"{thread.name} does not sleep: {before}")


class Shared(unittest.TestCase):
    def pair(self):
        ends = socket.socketpair()
        for end in ends:
            self.addCleanup(end.close)
        return ends

    def selector(self, kind=selectors.EpollSelector):
        selector = kind()
        self.addCleanup(selector.close)
        return selector

    def started(self, call):
        """Starts a thread. Returns the thread, and a function that joins it and returns the result of `call`."""
        found = []
        thread = threading.Thread(target=lambda: found.append(call()))
        thread.start()

        def end():
            thread.join(LONG)
            self.assertFalse(thread.is_alive(), "the thread does not end")
            self.assertTrue(found, "the thread has failed")
            return found[0]

        return thread, end

    def waiting(self, wait):
        """Starts a thread, waits until it sleeps, and returns the function that joins it."""
        thread, end = self.started(wait)
        until_asleep(thread)
        return end

    def in_child(self, call):
        """Forks. Calls a function in the child, which must return True."""
        child = os.fork()
        if child == 0:
            signal.alarm(LONG)
            status = 1
            try:
                status = 0 if call() is True else 2
            finally:
                os._exit(status)
        return lambda: self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)

    def interrupt(self, handler):
        """Sends a signal with this handler to the main thread when it sleeps."""
        main = threading.main_thread()

        def kill():
            until_asleep(main)
            signal.pthread_kill(main.ident, signal.SIGALRM)
            return True

        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, handler))
        self.addCleanup(self.started(kill)[1])

    def test_register_while_another_thread_waits(self):
        selector, (one, _) = self.selector(), self.pair()
        end = self.waiting(lambda: selector.select(LONG))
        key = selector.register(one, selectors.EVENT_WRITE)
        self.assertEqual(end(), [(key, selectors.EVENT_WRITE)])

    def test_use_while_another_thread_waits(self):
        for kind in KINDS:
            with self.subTest(kind=kind.__name__):
                selector, (one, other), (third, _) = self.selector(kind), self.pair(), self.pair()
                key = selector.register(one, selectors.EVENT_READ)
                end = self.waiting(lambda: selector.select(LONG))
                self.assertIs(selector.get_key(one), key)
                self.assertEqual(len(selector.get_map()), 1)
                self.assertEqual(list(selector.get_map()), [one.fileno()])
                selector.register(third, selectors.EVENT_READ)
                selector.modify(third, selectors.EVENT_READ, "data")
                selector.unregister(third)
                other.send(b"x")
                self.assertEqual(end(), [(key, selectors.EVENT_READ)])

    def test_many_threads(self):
        selector, (one, _), stop = self.selector(), self.pair(), threading.Event()
        key = selector.register(one, selectors.EVENT_WRITE)

        def change():
            other, _ = pair = socket.socketpair()
            for _ in range(300):
                selector.register(other, selectors.EVENT_READ)
                selector.unregister(other)
            for end in pair:
                end.close()
            return True

        def wait():
            while not stop.is_set():
                if selector.select(LONG) != [(key, selectors.EVENT_WRITE)]:
                    return False
            return True

        (_, waiter), changers = self.started(wait), [self.started(change) for _ in range(3)]
        for _, end in changers:
            self.assertTrue(end())
        stop.set()
        self.assertTrue(waiter())

    def test_close_while_another_thread_waits(self):
        epoll, (one, other) = select.epoll(), self.pair()
        epoll.register(one, select.EPOLLIN)
        end = self.waiting(lambda: epoll.poll(LONG))
        epoll.close()
        self.assertTrue(epoll.closed)
        # The kernel keeps the set until the wait ends.
        other.send(b"x")
        self.assertEqual(end(), [(one.fileno(), select.EPOLLIN)])

    def test_a_poll_is_changed_while_another_thread_waits(self):
        poll, (one, other), (third, _) = select.poll(), self.pair(), self.pair()
        poll.register(one, select.POLLIN)
        end = self.waiting(lambda: poll.poll(LONG * 1000))
        for _ in range(1000):
            poll.register(third, select.POLLIN)
            poll.unregister(third)
        other.send(b"x")
        self.assertEqual(end(), [(one.fileno(), select.POLLIN)])
        self.assertEqual(poll.poll(0), [(one.fileno(), select.POLLIN)])

    def test_a_handler_registers(self):
        selector, (one, _) = self.selector(), self.pair()
        keys = []
        self.interrupt(lambda *_: keys.append(selector.register(one, selectors.EVENT_WRITE)))
        self.assertEqual(selector.select(LONG), [(keys[0], selectors.EVENT_WRITE)])

    def test_a_handler_raises(self):
        (one, other) = self.pair()

        def handler(*_):
            raise ZeroDivisionError

        epoll, poll = select.epoll(), select.poll()
        self.addCleanup(epoll.close)
        waits = [lambda: select.select([one], [], [], LONG), lambda: poll.poll(LONG * 1000), lambda: epoll.poll(LONG)]
        poll.register(one, select.POLLIN)
        epoll.register(one, select.EPOLLIN)
        for kind in KINDS:
            selector = self.selector(kind)
            selector.register(one, selectors.EVENT_READ)
            waits.append(lambda selector=selector: selector.select(LONG))
        for wait in waits:
            self.interrupt(handler)
            self.assertRaises(ZeroDivisionError, wait)
        other.send(b"x")
        for wait in waits:
            self.assertTrue(any(wait()))

    def test_a_handler_raises_interrupted_error(self):
        selector = self.selector()

        def handler(*_):
            raise InterruptedError

        self.interrupt(handler)
        self.assertEqual(selector.select(LONG), [])

    def test_a_cycle_is_garbage(self):
        class Data:
            pass

        for kind in KINDS:
            with self.subTest(kind=kind.__name__):
                (one, _), data = self.pair(), Data()
                data.selector = kind()
                data.selector.register(one, selectors.EVENT_READ, data)
                gone = weakref.ref(data)
                del data
                gc.collect()
                self.assertIsNone(gone())

    def test_a_new_thread_registers(self):
        # The thread runs first when the main thread waits.
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(LONG)
        selector, (one, _), (third, _) = self.selector(), self.pair(), self.pair()
        selector.register(one, selectors.EVENT_READ)

        def register():
            until_asleep(threading.main_thread())
            selector.register(third, selectors.EVENT_WRITE)

        _thread.start_new_thread(register, ())
        self.assertEqual([key.fileobj for key, _ in selector.select(LONG)], [third])

    def from_c(self, call):
        """Makes a call in a thread that C starts."""
        function = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: call())
        thread = ctypes.c_ulong()
        library = ctypes.CDLL(None)
        self.assertEqual(library.pthread_create(ctypes.byref(thread), None, function, None), 0)
        self.addCleanup(lambda: (library.pthread_join(thread, None), function))

    def test_a_thread_of_c_registers(self):
        selector, (one, _), (third, _) = self.selector(), self.pair(), self.pair()
        selector.register(one, selectors.EVENT_READ)

        def register():
            until_asleep(threading.main_thread())
            selector.register(third, selectors.EVENT_WRITE)

        self.from_c(register)
        self.assertEqual([key.fileobj for key, _ in selector.select(LONG)], [third])

    def test_a_thread_of_c_forks(self):
        for kind in KINDS:
            with self.subTest(kind=kind.__name__):
                selector, (one, other) = self.selector(kind), self.pair()
                key = selector.register(one, selectors.EVENT_READ)
                ends = []

                def fork():
                    until_asleep(threading.main_thread())
                    ends.append(self.in_child(lambda: selector.close() is None))
                    other.send(b"x")

                self.from_c(fork)
                self.assertEqual(selector.select(LONG), [(key, selectors.EVENT_READ)])
                ends[0]()

    def test_a_second_wait(self):
        for kind in MANY_WAITS:
            with self.subTest(kind=kind.__name__):
                selector, (one, other) = self.selector(kind), self.pair()
                key = selector.register(one, selectors.EVENT_READ)
                ends = [self.waiting(lambda: selector.select(LONG)) for _ in range(2)]
                self.assertEqual(selector.select(0), [])
                self.assertEqual(selector.select(0.001), [])
                other.send(b"x")
                for end in ends:
                    self.assertEqual(end(), [(key, selectors.EVENT_READ)])

    def test_a_handler_waits(self):
        for kind in MANY_WAITS:
            with self.subTest(kind=kind.__name__):
                selector, (one, other) = self.selector(kind), self.pair()
                key, found = selector.register(one, selectors.EVENT_READ), []

                def handler(*_):
                    found.append(selector.select(0.001))
                    other.send(b"x")
                    found.append(selector.select(LONG))

                self.interrupt(handler)
                expected = [(key, selectors.EVENT_READ)]
                self.assertEqual(selector.select(LONG), expected)
                self.assertEqual(found, [[], expected])

    def test_a_selector_is_closed_while_another_thread_waits(self):
        for kind in KINDS:
            with self.subTest(kind=kind.__name__):
                selector, (one, other) = self.selector(kind), self.pair()
                selector.register(one, selectors.EVENT_READ)
                waits = 3 if kind in MANY_WAITS else 1
                ends = [self.waiting(lambda: selector.select(LONG)) for _ in range(waits)]
                selector.close()
                other.send(b"x")  # CPython waits until then
                for end in ends:
                    self.assertEqual(end(), [])
                self.assertIsNone(selector.get_map())

    def test_a_close_frees_the_descriptor_at_once(self):
        epoll, (one, other) = select.epoll(), self.pair()
        number = epoll.fileno()
        epoll.register(one, select.EPOLLIN)
        end = self.waiting(lambda: epoll.poll(LONG))
        epoll.close()
        with self.assertRaises(OSError):
            os.fstat(number)
        other.send(b"x")
        self.assertEqual(end(), [(one.fileno(), select.EPOLLIN)])

    def test_a_handler_closes(self):
        epoll = select.epoll()
        self.interrupt(lambda *_: epoll.close())
        with self.assertRaises(OSError) as caught:
            epoll.poll(LONG)
        self.assertEqual(caught.exception.errno, errno.EBADF)

    def test_an_epoll_is_registered_with_while_threads_wait(self):
        epoll, (one, _) = select.epoll(), self.pair()
        self.addCleanup(epoll.close)
        ends = [self.waiting(lambda: epoll.poll(LONG)) for _ in range(3)]
        epoll.register(one, select.EPOLLOUT)
        for end in ends:
            self.assertEqual(end(), [(one.fileno(), select.EPOLLOUT)])

    def test_a_second_wait_of_a_poll(self):
        poll, (one, other) = select.poll(), self.pair()
        poll.register(one, select.POLLIN)
        end = self.waiting(lambda: poll.poll(LONG * 1000))
        self.assertRaises(RuntimeError, poll.poll, 0)
        other.send(b"x")
        self.assertEqual(end(), [(one.fileno(), select.POLLIN)])

    def test_a_new_module_has_its_own_keys(self):
        again = import_helper.import_fresh_module("selectors")
        self.assertIsNot(again.SelectorKey, selectors.SelectorKey)
        for module in (again, selectors):
            (one, _), selector = self.pair(), self.selector(module.DefaultSelector)
            self.assertIs(type(selector.register(one, module.EVENT_READ)), module.SelectorKey)

    def test_events_keep_their_class(self):
        class Events(enum.IntFlag):
            READ = selectors.EVENT_READ
            WRITE = selectors.EVENT_WRITE

        (one, _), selector = self.pair(), self.selector()
        key = selector.register(one, Events.READ | Events.WRITE)
        self.assertIs(type(key.events), Events)
        [(_, events)] = selector.select(LONG)
        self.assertEqual((type(events), events), (Events, Events.WRITE))

    def test_a_map_changes_during_its_iteration(self):
        (one, other), selector = self.pair(), self.selector()
        for end in (one, other):
            selector.register(end, selectors.EVENT_READ)
        with self.assertRaises(RuntimeError):
            for key in selector.get_map().values():
                selector.unregister(key.fileobj)
        self.assertEqual([key.fileobj for key in selector.get_map().values()], [other])

    def test_after_a_fork(self):
        selector, (one, other) = self.selector(), self.pair()
        selector.register(one, selectors.EVENT_READ)
        other.send(b"x")
        self.in_child(lambda: len(selector.select(LONG)) == 1)()

    def test_a_fork_while_another_thread_waits(self):
        for kind in MANY_WAITS:
            with self.subTest(kind=kind.__name__):
                selector, (one, other) = self.selector(kind), self.pair()
                key = selector.register(one, selectors.EVENT_READ)

                def wait():
                    # CPython's set is the child's too, whose events are reported here without a key.
                    while not (found := selector.select(LONG)):
                        pass
                    return found

                end = self.waiting(wait)
                for _ in range(5):
                    self.in_child(lambda: selector.close() is None)()

                def child():
                    found = [list(selector.get_map().values()), selector.get_key(one)]
                    found.append(selector.select(0))
                    other.send(b"x")
                    found.append(selector.select(LONG))
                    new = selector.register(self.pair()[0], selectors.EVENT_WRITE)
                    found.append(len(selector.select(LONG)))
                    return found == [[key], key, [], [(key, selectors.EVENT_READ)], 2] and new.fd in selector.get_map()

                self.in_child(child)()
                self.assertEqual(end(), [(key, selectors.EVENT_READ)])

    def test_a_closed_file_stays_registered_after_a_fork(self):
        for kind in KINDS:
            with self.subTest(kind=kind.__name__):
                selector, (one, other) = self.selector(kind), self.pair()
                keys = [selector.register(end, selectors.EVENT_READ) for end in (one, other)]
                one.close()
                self.in_child(lambda: [selector.unregister(end) for end in (one, other)] == keys)()

    def test_a_parent_and_its_child_change_while_they_wait(self):
        # A wake of one that reaches the other would leave a change waiting for the end of a wait.
        for kind in MANY_WAITS:
            with self.subTest(kind=kind.__name__):
                selector, (one, other), stop = self.selector(kind), self.pair(), []
                selector.register(one, selectors.EVENT_READ)

                def wait():
                    while not stop:
                        selector.select(LONG)
                    return True

                def change():
                    third, _ = self.pair()
                    for _ in range(200):
                        selector.register(third, selectors.EVENT_READ)
                        selector.unregister(third)

                def child():
                    start, end = time.monotonic(), self.waiting(wait)
                    change()
                    stop.append(True)
                    other.send(b"x")
                    return end() and time.monotonic() - start < LONG / 2

                end = self.waiting(wait)
                joined = self.in_child(child)
                change()
                joined()
                stop.append(True)
                other.send(b"x")
                self.assertTrue(end())

    def test_a_subclass(self):
        class Named(selectors.EpollSelector):
            def __init__(self, name, *, level):
                super().__init__()
                self.name, self.level = name, level

            def register(self, fileobj, events, data=None):
                return super().register(fileobj, events, (self.name, data))

        (one, _) = self.pair()
        with Named("name", level=1) as selector:
            self.assertIsInstance(selector, selectors.BaseSelector)
            self.assertEqual(selector.register(one, selectors.EVENT_READ, 1).data, ("name", 1))
            self.assertEqual(selector.modify(one, selectors.EVENT_WRITE).data, None)


class Fuzz(unittest.TestCase):
    class poll:
        """A poll that reports nothing."""

        def __init__(self):
            self.poll_object = select.poll()

        def register(self, *arguments):
            self.poll_object.register(*arguments)

        def poll(self, _):
            return []

    def test_a_planted_difference_is_found_and_isolated(self):
        blind = types.SimpleNamespace(poll=self.poll, select=select.select, epoll=select.epoll)
        modules = (select, selectors), (blind, selectors)
        needed = [("world", "open", 0, "pair"), ("poll", "a", "new"), ("poll", "a", "register", ("fd", 0), 4),
                  ("poll", "a", "poll", 0)]
        noise = [("world", "write", 1, True), ("poll", "a", "register", ("fd", 1), 1), ("select", "select", (), (), (), 0)]
        program = [call for one in needed[:3] for call in (one, *noise)] + [needed[3]] + noise
        place, expected, found = fuzz.difference(modules, program)
        self.assertEqual((program[place], found), (needed[3], ("returned", [])))
        self.assertNotEqual(expected, found)
        shortest = fuzz.shortest(modules, program)
        self.assertEqual([call[:3] for call in shortest], [call[:3] for call in needed])

    def test_a_seed_determines_the_program(self):
        draw = lambda seed: fuzz.calls.program(fuzz.random.Random(seed), fuzz.LENGTH)
        self.assertEqual(repr(draw(1)), repr(draw(1)))
        self.assertNotEqual(repr(draw(1)), repr(draw(2)))


if __name__ == "__main__":
    unittest.main()
