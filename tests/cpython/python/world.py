"""The files of the fuzz, which both sides share. A call names a file by the number of its place."""

import os
import socket
import tempfile

PLACES = 5


class Liar:
    """An object whose `fileno` returns or raises anything."""

    def __init__(self, answer):
        self.answer = answer

    def fileno(self):
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def __repr__(self):
        return f"Liar({self.answer!r})"


class Index:
    """A number that is not an `int`."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value

    def __repr__(self):
        return f"Index({self.value})"


class World:
    """Places with files. Sockets and pipes have a peer."""

    def __init__(self):
        self.files = [None] * PLACES
        self.peers = [None] * PLACES
        self.extra = []

    def open(self, place, kind):
        self.close(place)
        if kind == "pair":
            self.files[place], self.peers[place] = socket.socketpair()
        elif kind == "read end":
            reader, writer = os.pipe()
            self.files[place], self.peers[place] = os.fdopen(reader, "rb", 0), os.fdopen(writer, "wb", 0)
        elif kind == "write end":
            reader, writer = os.pipe()
            self.files[place], self.peers[place] = os.fdopen(writer, "wb", 0), os.fdopen(reader, "rb", 0)
        elif kind == "file":
            self.files[place] = tempfile.TemporaryFile(buffering=0)
        elif kind == "null":
            self.files[place] = open("/dev/null", "r+b", buffering=0)
        elif kind == "tcp":
            self.files[place] = socket.socket()
        for end in (self.files[place], self.peers[place]):
            if isinstance(end, socket.socket):
                end.setblocking(False)
            elif end is not None:
                os.set_blocking(end.fileno(), False)

    def close(self, place):
        for ends in (self.files, self.peers):
            end, ends[place] = ends[place], None
            if end is not None:
                self.extra.append(end)
                end.close()

    def close_file(self, place):
        """Closes a file, and leaves the object in its place."""
        if self.files[place] is not None:
            self.files[place].close()

    def close_peer(self, place):
        if self.peers[place] is not None:
            self.peers[place].close()

    def write(self, place, to_peer):
        end = self.files[place] if to_peer else self.peers[place]
        self._quietly(lambda: os.write(end.fileno(), b"x" * 100))

    def fill(self, place):
        end = self.files[place]

        def fill():
            for _ in range(4096):
                os.write(end.fileno(), b"x" * 4096)

        self._quietly(fill)

    def drain(self, place):
        for end in (self.files[place], self.peers[place]):
            def drain(end=end):
                while os.read(end.fileno(), 1 << 20):
                    pass

            self._quietly(drain)

    def shut(self, place, how):
        self._quietly(lambda: self.files[place].shutdown(how))

    def urgent(self, place):
        self._quietly(lambda: self.peers[place].send(b"!", socket.MSG_OOB))

    def put_over(self, place, other):
        """Replaces the descriptor of one place with a duplicate of another."""
        self._quietly(lambda: os.dup2(self.files[other].fileno(), self.files[place].fileno(), inheritable=False))

    @staticmethod
    def _quietly(act):
        try:
            act()
        except (OSError, ValueError, AttributeError):
            pass

    def argument(self, spec):
        """The argument of a call: `("file", 3)` and `("fd", 3)` name a place, other tuples a special object."""
        match spec:
            case ("file", place):
                return self.files[place]
            case ("fd", place):
                file = self.files[place]
                try:
                    return file.fileno()
                except (AttributeError, ValueError):
                    return -1
            case ("liar", answer):
                return Liar(answer)
            case ("index", value):
                return Index(value)
            case ("list", *items):
                return [self.argument(item) for item in items]
            case ("tuple", *items):
                return tuple(self.argument(item) for item in items)
            case _:
                return spec

    def end(self):
        for place in range(PLACES):
            self.close(place)
