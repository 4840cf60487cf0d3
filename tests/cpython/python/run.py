"""Runs test modules of CPython's and tells how each test ended, a line of JSON for each.

    run.py FILE ours|theirs MODULE... [--only NAME... | --without NAME...]

FILE gets the lines. The modules `select` and `selectors` must be those that the second argument says.
"""

import faulthandler
import json
import os
import sys
import unittest

import select
import selectors
from test import support
from test.support import os_helper

# What a test may use, as `python -m test -u` names it: no network, no sound, no windows.
RESOURCES = ["cpu", "walltime", "subprocess"]
# What names the network and stays on this machine.
LOCAL = "test.test_socketserver"
# The seconds after which a module hangs.
PATIENCE = 600
# Tells the module ours_first of this environment, and so this program, where our modules are.
OURS = "SELECTORS_CPYTHON"


class Lines(unittest.TestResult):
    """Writes down how each test ended, as it ends."""

    def __init__(self, file):
        super().__init__()
        self.file = file
        self.sound = True

    def tell(self, test, outcome, detail=""):
        print(json.dumps({"test": test.id(), "outcome": outcome, "detail": detail}), file=self.file, flush=True)

    def startTest(self, test):
        super().startTest(test)
        self.sound = True
        self.tell(test, "started")

    def stopTest(self, test):
        super().stopTest(test)
        self._mirrorOutput = False

    def failed(self, test, error):
        self.sound = False
        self.tell(test, "failed", self._exc_info_to_string(error, test))

    def addSuccess(self, test):
        if self.sound:
            self.tell(test, "passed")

    def addError(self, test, err):
        self.failed(test, err)

    def addFailure(self, test, err):
        self.failed(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.failed(test, err)

    def addSkip(self, test, reason):
        # One part that is skipped is no test that is.
        if not isinstance(test, unittest.case._SubTest):
            self.tell(test, "skipped", reason)

    def addExpectedFailure(self, test, err):
        self.tell(test, "passed")

    def addUnexpectedSuccess(self, test):
        self.tell(test, "failed", "was expected to fail")


def prove(which):
    """Stops unless the modules are those that were asked for."""
    folder = os.environ.get(OURS, "")
    for module in (select, selectors):
        file = getattr(module, "__file__", "built in")
        ours = bool(folder) and os.path.dirname(file) == folder
        if ours != (which == "ours"):
            sys.exit(f"{module.__name__} is {file}, which is not {which}")


def tests(names):
    for name in names:
        try:
            yield unittest.defaultTestLoader.loadTestsFromName(name)
        except unittest.SkipTest as error:
            yield Skipped(name, str(error))


class Skipped:
    """A module that cannot be tested here."""

    def __init__(self, name, reason):
        self.name, self.reason = name, reason

    def id(self):
        return self.name

    def __call__(self, result):
        result.tell(self, "skipped", self.reason)


def flat(suite):
    if isinstance(suite, unittest.TestSuite):
        for one in suite:
            yield from flat(one)
    else:
        yield suite


def main():
    path, which, *names = sys.argv[1:]
    prove(which)
    wanted = None
    for option in ("--only", "--without"):
        if option in names:
            at = names.index(option)
            names, chosen = names[:at], set(names[at + 1:])
            only = option == "--only"
            wanted = lambda test: (test.id() in chosen) == only
    support.use_resources = RESOURCES + ["network"] * (LOCAL in names)
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    with open(path, "w") as file, os_helper.temp_cwd(f"test_python_{os.getpid()}"):
        result = Lines(file)
        for suite in tests(names):
            if wanted is not None and isinstance(suite, unittest.TestSuite):
                suite = unittest.TestSuite(filter(wanted, flat(suite)))
            suite(result)
            support.reap_children()
    prove(which)


if __name__ == "__main__":
    main()
