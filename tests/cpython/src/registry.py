# The classes of the module `selectors` that are Python's own affair. `_Selector`, `EVENT_READ` and `EVENT_WRITE` are in
# the module already; what waits, registers and looks up is in `_Selector`.

from abc import ABCMeta, abstractmethod
from collections import namedtuple
from collections.abc import Mapping

SelectorKey = namedtuple("SelectorKey", ("fileobj", "fd", "events", "data"))
SelectorKey.__doc__ = "A registration: the object, its descriptor, the events asked for, and data of the caller's."


class _SelectorMapping(Mapping):
    """The registrations of a selector by object or descriptor, to be read."""

    def __init__(self, selector):
        self._selector = selector

    def __len__(self):
        return self._selector._len()

    def __getitem__(self, fileobj):
        return self._selector._find(fileobj)

    def get(self, fileobj, default=None):
        return self._selector._get(fileobj, default)

    def __iter__(self):
        return iter(self._selector._descriptors())


class BaseSelector(metaclass=ABCMeta):
    """What every selector can do; also a base for selectors written in Python."""

    @abstractmethod
    def register(self, fileobj, events, data=None):
        """Watch an object for events, and return its key."""
        raise NotImplementedError

    @abstractmethod
    def unregister(self, fileobj):
        """Stop watching an object, and return its key."""
        raise NotImplementedError

    def modify(self, fileobj, events, data=None):
        """Change what an object is watched for, or its data, and return its key."""
        self.unregister(fileobj)
        return self.register(fileobj, events, data)

    @abstractmethod
    def select(self, timeout=None):
        """Wait, and return a list of the ready keys, each with its events."""
        raise NotImplementedError

    def close(self):
        """Free what the selector holds."""

    def get_key(self, fileobj):
        """Return the key of a registered object."""
        registered = self.get_map()
        if registered is None:
            raise RuntimeError("Selector is closed")
        try:
            return registered[fileobj]
        except KeyError:
            raise KeyError(f"{fileobj!r} is not registered") from None

    @abstractmethod
    def get_map(self):
        """Return a mapping of the registered objects to their keys."""
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class _BaseSelectorImpl(_Selector, BaseSelector):
    """A selector over one of the kernel's interfaces."""

    def __init__(self):
        self._map = _SelectorMapping(self)

    def close(self):
        _Selector.close(self)
        self._map = None

    def get_map(self):
        return self._map


class SelectSelector(_BaseSelectorImpl):
    """Over select(2)."""

    _kind = "select"


class PollSelector(_BaseSelectorImpl):
    """Over poll(2)."""

    _kind = "poll"


class _Described(_BaseSelectorImpl):
    """A selector that is itself a descriptor."""

    def fileno(self):
        """The descriptor of the kernel's set."""
        return self._fileno()


if "epoll" in _available:

    class EpollSelector(_Described):
        """Over epoll(7)."""

        _kind = "epoll"


if "devpoll" in _available:

    class DevpollSelector(_BaseSelectorImpl):
        """Over /dev/poll."""

        _kind = "devpoll"


if "kqueue" in _available:

    class KqueueSelector(_Described):
        """Over kqueue(2)."""

        _kind = "kqueue"


def _default():
    classes = {cls._kind: cls for cls in (*_BaseSelectorImpl.__subclasses__(), *_Described.__subclasses__())
               if hasattr(cls, "_kind")}
    for kind in _available:
        try:
            classes[kind]().close()
        except OSError:
            continue
        return classes[kind]


DefaultSelector = _default()
del _default
