# The classes of the module `selectors` in Python. The module already has `_Selector`, `EVENT_READ` and `EVENT_WRITE`;
# `_Selector` waits, registers and looks up.

import os
from abc import ABCMeta, abstractmethod
from collections import namedtuple
from collections.abc import Mapping
from weakref import WeakValueDictionary

SelectorKey = namedtuple("SelectorKey", ("fileobj", "fd", "events", "data"))
SelectorKey.__doc__ = "A registration: the object, its descriptor, the requested events, and the caller's data."


class _SelectorMapping(Mapping):
    """A read-only mapping of a selector's registrations, by object or descriptor."""

    def __init__(self, selector):
        self._selector = selector

    def __len__(self):
        return len(self._selector._keys)

    def __getitem__(self, fileobj):
        return self._selector._find(fileobj)

    def get(self, fileobj, default=None):
        return self._selector._get(fileobj, default)

    def __iter__(self):
        return iter(self._selector._keys)


class BaseSelector(metaclass=ABCMeta):
    """The interface of all selectors, and a base class for selectors written in Python."""

    @abstractmethod
    def register(self, fileobj, events, data=None):
        """Register an object for events, and return its key."""
        raise NotImplementedError

    @abstractmethod
    def unregister(self, fileobj):
        """Unregister an object, and return its key."""
        raise NotImplementedError

    def modify(self, fileobj, events, data=None):
        """Change the events and the data of an object, and return its key."""
        self.unregister(fileobj)
        return self.register(fileobj, events, data)

    @abstractmethod
    def select(self, timeout=None):
        """Wait, and return a list of the ready keys, each with its events."""
        raise NotImplementedError

    def close(self):
        """Free the resources of the selector."""

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


# All selectors by their `id`.
_selectors = WeakValueDictionary()


def _after_fork_in_child():
    for selector in list(_selectors.values()):
        selector._after_fork_in_child()


os.register_at_fork(after_in_child=_after_fork_in_child)


class _BaseSelectorImpl(_Selector, BaseSelector):
    """The base of the selectors on the crate's back ends."""

    _key_class = SelectorKey

    def __init__(self):
        self._map = _SelectorMapping(self)
        _selectors[id(self)] = self

    def close(self):
        _Selector.close(self)
        self._map = None

    def get_map(self):
        return self._map


class SelectSelector(_BaseSelectorImpl):
    """A selector on select(2)."""

    _kind = "select"


class PollSelector(_BaseSelectorImpl):
    """A selector on poll(2)."""

    _kind = "poll"


class _DescriptorSelector(_BaseSelectorImpl):
    """A selector whose back end has a descriptor."""

    def fileno(self):
        """Return the descriptor of the kernel's set."""
        return self._fileno()


if "epoll" in _available:

    class EpollSelector(_DescriptorSelector):
        """A selector on epoll(7)."""

        _kind = "epoll"


if "devpoll" in _available:

    class DevpollSelector(_BaseSelectorImpl):
        """A selector on /dev/poll."""

        _kind = "devpoll"


if "kqueue" in _available:

    class KqueueSelector(_DescriptorSelector):
        """A selector on kqueue(2)."""

        _kind = "kqueue"


def _default():
    classes = {cls._kind: cls for cls in (*_BaseSelectorImpl.__subclasses__(), *_DescriptorSelector.__subclasses__())
               if hasattr(cls, "_kind")}
    for kind in _available:
        try:
            classes[kind]().close()
        except OSError:
            continue
        return classes[kind]


DefaultSelector = _default()
del _default
