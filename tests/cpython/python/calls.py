"""The calls of the fuzz: draws them at random, makes them, and converts their results for comparison.

A call is `(kind, name, method, *arguments)`. `World.argument` converts the arguments; `("own", name)` is an object that the
side itself has made.
"""

import selectors

import world

THEMES = ("select", "poll", "epoll", "SelectSelector", "PollSelector", "EpollSelector")
NUMBERS = (-1, 1 << 31, 1 << 40, -(1 << 40), 500, 900, 1023, True, None, "x", 1.5, b"3")
ANSWERS = (-1, "x", 1 << 40, 1.5, None, True, 500, ValueError("x"), OSError(5, "x"), AttributeError("x"), TypeError("x"),
           ZeroDivisionError("x"))
KINDS = ("pair", "pair", "pair", "read end", "write end", "file", "null", "tcp")
ODD_TIMES = (float("nan"), float("inf"), -float("inf"), 1e10, -1e10, 1 << 64, -(1 << 64), "x", b"1", 1j, [], ("index", 0))
SHORT_MASKS = (0, 1, 2, 4, 5, 7, 0x2000, 0xffff, 0x10000, -1, 1 << 64, -(1 << 64), 1.0, "x", None, True, ("index", 1))
LONG_MASKS = (0, 1, 2, 4, 5, 7, 0x2001, 1 << 31 | 1, 1 << 31 | 5, 1 << 30 | 1, 1 << 28 | 1, 1 << 28 | 1 << 30 | 1, -1,
              1 << 40 | 1, 1 << 64 | 4, 1.0, "x", None, True, ("index", 1))
EVENTS = (1, 1, 2, 3, 3, 0, 4, 7, -1, 1 << 40, None, 1.0, "x", True, ("index", 1))
ENDS = ("new", "fromfd", "close", "__exit__")
DATA = (None, 0, "data", 1.5)


def program(random, length):
    """Draws a program of calls: most use one kind of object of the modules, some change the files."""
    theme = random.choice(THEMES)
    calls = [("world", "open", place, random.choice(KINDS)) for place in range(world.PLACES)]
    if theme != "select":
        calls += [(theme, name, "new") for name in "ab"]
    while len(calls) < length:
        call = _of_world(random, theme) if random.random() < 0.35 else _DRAW[theme](random, theme)
        # Results name the descriptor of a registered object by the object's name, so the object must stay.
        if not (call[2] in ENDS and any(argument == ("own", call[1]) for one in calls for argument in one)):
            calls.append(call)
    return calls


def _of_world(random, theme):
    place = random.randrange(world.PLACES)
    draws = [("open", place, random.choice(KINDS)), ("close", place), ("close_file", place), ("close_peer", place),
             ("write", place, False), ("write", place, False), ("write", place, True), ("fill", place), ("drain", place),
             ("shut", place, random.randrange(3)), ("urgent", place)]
    if theme != "EpollSelector":
        # CPython's EpollSelector confuses the events of two such files; see docs/python.md.
        draws.append(("put_over", place, random.randrange(world.PLACES)))
    return ("world", *random.choice(draws))


def _file(random):
    if random.random() < 0.93:
        return (random.choice(("file", "file", "fd")), random.randrange(world.PLACES))
    if random.random() < 0.5:
        return random.choice(NUMBERS)
    return random.choice([("liar", random.choice(ANSWERS)), ("index", 3), ("own", random.choice("ab"))])


def _time(random, *usual):
    return random.choice(usual if random.random() < 0.9 else ODD_TIMES)


def _select(random, _):
    def files():
        if random.random() < 0.04:
            return random.choice((None, 1, "x", "", ("tuple",)))
        return (random.choice(("list", "list", "tuple")), *(_file(random) for _ in range(random.randrange(4))))

    return ("select", "select", files(), files(), files(), _time(random, 0, 0, 0.0, 0.0, -0.0, 0.001, 0.0003, -1, -1e-10))


def _poll(random, _):
    name = random.choice("ab")
    # A negative time has no limit.
    times = tuple(time for time in ODD_TIMES if not isinstance(time, float) or time != -1e10)
    time = random.choice((0, 0.0, 0.3, 1) if random.random() < 0.8 else times)
    if random.random() < 0.02:
        return ("poll", name, "new")
    return random.choice([
        ("poll", name, "register", _file(random)),
        ("poll", name, "register", _file(random), random.choice(SHORT_MASKS)),
        ("poll", name, "register", _file(random), random.choice((1, 4, 5))),
        ("poll", name, "modify", _file(random), random.choice(SHORT_MASKS)),
        ("poll", name, "unregister", _file(random)),
        ("poll", name, "poll", time),
        ("poll", name, "poll", time),
    ])


def _epoll(random, _):
    name = random.choice("ab")
    time = _time(random, 0, 0.0, -0.0, 0.0003, 0.001, -0.0001)
    most = random.choice((-1, 1, 2, 1000) if random.random() < 0.8 else (0, -2, 1 << 31, 1.5, None, "x"))
    if random.random() < 0.05:
        return random.choice([
            ("epoll", name, "new", *random.choice([(-1,), (0,), (-2,), (5,), (1 << 31,), ("x",), (1.5,), (-1, 1),
                                                   (-1, 0x80000), (0, 1), (-1, 1 << 40), (-1, "x"), (("index", 3),)])),
            ("epoll", name, "fromfd", random.choice([1 << 31, None, "x", 1.5])),
            ("epoll", name, random.choice(["new", "close"])),
        ])
    return random.choice([
        ("epoll", name, "register", _file(random)),
        ("epoll", name, "register", _file(random), random.choice(LONG_MASKS)),
        ("epoll", name, "register", _file(random), random.choice((1, 4, 5, 1 << 31 | 5, 1 << 30 | 1))),
        ("epoll", name, "modify", _file(random), random.choice(LONG_MASKS)),
        ("epoll", name, "unregister", _file(random)),
        ("epoll", name, "poll", time),
        ("epoll", name, "poll", time, most),
        ("epoll", name, "poll", 0),
        ("epoll", name, random.choice(["closed", "fileno", "__enter__"])),
    ])


def _selector(random, theme):
    name = random.choice("ab")
    file, events, data = _file(random), random.choice(EVENTS), random.choice(DATA)
    if random.random() < 0.03:
        return (theme, name, random.choice(["new", "close", "__exit__"]))
    return random.choice([
        (theme, name, "register", file, events),
        (theme, name, "register", file, events, data),
        (theme, name, "register", file, random.choice((1, 2, 3)), data),
        (theme, name, "modify", file, random.choice((1, 2, 3)), data),
        (theme, name, "unregister", file),
        (theme, name, "get_key", file),
        (theme, name, random.choice(["in", "[]", "get"]), file),
        (theme, name, "select", _time(random, 0, 0.0, -1, 0.0003, 0.001)),
        (theme, name, "select", 0),
        (theme, name, "select", 0),
        (theme, name, random.choice(["len", "list", "get_map", "__enter__"])),
    ])


_DRAW = {"select": _select, "poll": _poll, "epoll": _epoll, "SelectSelector": _selector, "PollSelector": _selector,
         "EpollSelector": _selector}


def fits(theirs, files, call):
    """Whether both sides should have the same outcome; docs/python.md lists the intended differences."""
    kind, name, *rest = call
    if not kind.endswith("Selector"):
        return True
    selector = theirs.objects.get((kind, name))
    if selector is None or rest[0] == "new":
        return True
    closed = selector.get_map() is None
    if closed and rest[0] == "select":
        # CPython's error depends on the timeout and on the kind.
        return kind == "EpollSelector" and rest[1] in (0, 0.001)
    if closed and rest[0] == "register":
        # CPython's other selectors accept files when they are closed.
        return kind == "EpollSelector"
    if kind == "SelectSelector" and rest[0] == "register":
        # CPython accepts numbers with which every wait fails.
        return _number(theirs, files, rest[1]) < 1024
    if kind == "SelectSelector" and rest[0] == "modify" and not closed:
        # CPython registers the new object in the place of the old one.
        argument, number = _argument(theirs, files, rest[1]), _number(theirs, files, rest[1])
        return any((key.fileobj, key.fd) == (argument, number) for key in selector.get_map().values())
    return True


def _number(theirs, files, spec):
    try:
        return selectors._fileobj_to_fd(_argument(theirs, files, spec))
    except Exception:
        return 0


def _argument(side, files, spec):
    match spec:
        case ("own", name):
            return side.objects.get(("epoll", name)) or side.objects.get(("EpollSelector", name))
        case ("list", *items):
            return [_argument(side, files, item) for item in items]
        case ("tuple", *items):
            return tuple(_argument(side, files, item) for item in items)
        case _:
            return files.argument(spec)


def perform(side, files, call):
    """Makes a call. Returns its result without the parts that must differ between the sides."""
    kind, name, *rest = call
    if kind == "select":
        arguments = [_argument(side, files, spec) for spec in rest]
        found = side.select.select(*arguments)
        return [_places(list(given), ready) for given, ready in zip(arguments, found)]
    method, *arguments = rest
    arguments = [_argument(side, files, spec) for spec in arguments]
    if method in ("new", "fromfd"):
        module = side.selectors if kind.endswith("Selector") else side.select
        make = getattr(module, kind)
        close_one(side, (kind, name))
        side.objects[kind, name] = made = (make.fromfd if method == "fromfd" else make)(*arguments)
        return type(made).__name__
    if (kind, name) not in side.objects:
        return "nothing there"
    thing = side.objects[kind, name]
    return _comparable(side, kind, method, _do(thing, method, arguments))


def _do(thing, method, arguments):
    match method:
        case "closed":
            return thing.closed
        case "in":
            return arguments[0] in thing.get_map()
        case "[]":
            return thing.get_map()[arguments[0]]
        case "get":
            return thing.get_map().get(arguments[0], "missing")
        case "len":
            return len(thing.get_map())
        case "list":
            return sorted(thing.get_map())
        case "__exit__":
            return thing.__exit__(None, None, None)
        case _:
            return getattr(thing, method)(*arguments)


def _places(given, ready):
    return [next(place for place, one in enumerate(given) if one is found) for found in ready]


def _comparable(side, kind, method, result):
    own = {}
    for (_, name), thing in side.objects.items():
        try:
            own[thing.fileno()] = name
        except (AttributeError, ValueError):
            pass

    def fd(number):
        return own.get(number, int(number))

    def key(one):
        return (type(one).__name__, fd(one.fd), int(one.events), one.data) if isinstance(one, tuple) else one

    match kind, method:
        case "poll", "poll":
            return [(fd(number), events) for number, events in result]
        case "epoll", "poll":
            return sorted((str(fd(number)), events) for number, events in result)
        case _, "fileno":
            return type(result).__name__
        case _, "__enter__":
            return type(result).__name__
        case _, "get_map":
            return result is None
        case _, "list":
            return sorted(str(fd(number)) for number in result)
        case _, "select":
            return sorted((*map(str, key(one)), events) for one, events in result)
        case _:
            return key(result)


def close_one(side, name):
    thing = side.objects.pop(name, None)
    if hasattr(thing, "close"):
        thing.close()


def close_all(side):
    for name in list(side.objects):
        close_one(side, name)
