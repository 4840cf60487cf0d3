"""Runs test modules of CPython, and writes the outcome of each test as a line of JSON.

    run.py FILE ours|theirs MODULE... [--only NAME... | --without NAME...]

The lines go to FILE. The program stops unless the modules `select` and `selectors` are ours, or CPython's, as the second
argument says.
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

# The resources that a test may use, as in `python -m test -u`: no network, no sound, no windows.
RESOURCES = ["cpu", "walltime", "subprocess"]
# These tests ask for the network, and use only the loopback interface.
LOCAL = "test.test_socketserver"
# The seconds after which the program stops, with a traceback of a test that hangs.
LIMIT = 600
# The variable with the folder of our modules. The module ours_first of this environment reads it.
OURS = "SELECTORS_CPYTHON"


class Lines(unittest.TestResult):
    """Writes the outcome of each test when it ends."""

    def __init__(self, file):
        super().__init__()
        self.file = file
        self.passing = True

    def write(self, test, outcome, detail=""):
        print(json.dumps({"test": test.id(), "outcome": outcome, "detail": detail}), file=self.file, flush=True)

    def startTest(self, test):
        super().startTest(test)
        self.passing = True
        self.write(test, "started")

    def stopTest(self, test):
        super().stopTest(test)
        self._mirrorOutput = False

    def failed(self, test, error):
        self.passing = False
        self.write(test, "failed", self._exc_info_to_string(error, test))

    def addSuccess(self, test):
        if self.passing:
            self.write(test, "passed")

    def addError(self, test, err):
        self.failed(test, err)

    def addFailure(self, test, err):
        self.failed(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.failed(test, err)

    def addSkip(self, test, reason):
        # A skipped subtest does not skip its test.
        if not isinstance(test, unittest.case._SubTest):
            self.write(test, "skipped", reason)

    def addExpectedFailure(self, test, err):
        self.write(test, "passed")

    def addUnexpectedSuccess(self, test):
        self.write(test, "failed", "the test was expected to fail")


def check(which):
    """Stops the program unless the modules are the wanted ones."""
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
    """A module whose tests cannot run here."""

    def __init__(self, name, reason):
        self.name, self.reason = name, reason

    def id(self):
        return self.name

    def __call__(self, result):
        result.write(self, "skipped", self.reason)


def flat(suite):
    """Yields the tests of nested suites."""
    if isinstance(suite, unittest.TestSuite):
        for one in suite:
            yield from flat(one)
    else:
        yield suite


def main():
    path, which, *names = sys.argv[1:]
    check(which)
    wanted = None
    for option in ("--only", "--without"):
        if option in names:
            at = names.index(option)
            names, chosen = names[:at], set(names[at + 1:])
            only = option == "--only"
            wanted = lambda test: (test.id() in chosen) == only
    support.use_resources = RESOURCES + ["network"] * (LOCAL in names)
    faulthandler.dump_traceback_later(LIMIT, exit=True)
    with open(path, "w") as file, os_helper.temp_cwd(f"test_python_{os.getpid()}"):
        result = Lines(file)
        for suite in tests(names):
            if wanted is not None and isinstance(suite, unittest.TestSuite):
                suite = unittest.TestSuite(filter(wanted, flat(suite)))
            suite(result)
            support.reap_children()
    check(which)


if __name__ == "__main__":
    main()
