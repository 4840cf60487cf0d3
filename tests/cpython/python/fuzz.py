"""Makes the same calls with the same arguments on CPython's modules and on ours, and compares the results.

    fuzz.py FOLDER --steps N --seed N

FOLDER has our modules. A seed determines a program of calls; each program has its own files. If the two sides differ, the
fuzz shortens the program while it still shows a difference, and prints it.
"""

import argparse
import importlib.machinery
import importlib.util
import os
import random
import select
import selectors
import sys
import warnings

import calls
import world

LENGTH = 40


class Side:
    """A pair of modules, and the objects that a program makes with them."""

    def __init__(self, select_module, selectors_module):
        self.select, self.selectors = select_module, selectors_module
        self.objects = {}

    def call(self, world_, call):
        """The outcome of a call, in a form that can be compared."""
        try:
            result = calls.perform(self, world_, call)
        except Exception as error:
            return outcome_of(call, error)
        return ("returned", result)


def outcome_of(call, error):
    if isinstance(error, OSError):
        # Ours raises one error for all registrations that the kernel has lost; see docs/python.md.
        lost = call[0] == "EpollSelector" and call[2] == "modify"
        return ("raised", "OSError") if lost else ("raised", type(error).__name__, error.errno)
    return ("raised", type(error).__name__)


def load(name, folder):
    path = os.path.join(folder, f"{name}.abi3.so")
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, path, loader=loader))
    loader.exec_module(module)
    return module


def difference(modules, program):
    """The index of the first call with different outcomes, and both outcomes; None if there is no difference."""
    files = world.World()
    theirs, ours = (Side(*pair) for pair in modules)
    try:
        for place, call in enumerate(program):
            if call[0] == "world":
                getattr(files, call[1])(*call[2:])
                continue
            if not calls.fits(theirs, files, call):
                continue
            expected, found = theirs.call(files, call), ours.call(files, call)
            if expected != found:
                return place, expected, found
    finally:
        for side in (theirs, ours):
            calls.close_all(side)
        files.end()
    return None


def shortest(modules, program):
    """Removes all calls that the difference does not need."""
    program = program[:difference(modules, program)[0] + 1]
    size = len(program) // 2
    while size:
        at = 0
        while at < len(program):
            shorter = program[:at] + program[at + size:]
            found = difference(modules, shorter)
            if found is None:
                at += size
            else:
                program = shorter[:found[0] + 1]
        size //= 2
    return program


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    modules = (select, selectors), (load("select", options.folder), load("selectors", options.folder))
    steps, seed = 0, options.seed
    while steps < options.steps:
        program = calls.program(random.Random(seed), LENGTH)
        if difference(modules, program) is not None:
            program = shortest(modules, program)
            _, expected, found = difference(modules, program)
            print(f"seed {seed}: the two sides differ")
            for call in program:
                print("   ", *call)
            print(f"  CPython: {expected}\n  ours:    {found}")
            sys.exit(1)
        steps += len(program)
        seed += 1
    print(f"{steps} steps from seed {options.seed} to {seed - 1}: no difference")


if __name__ == "__main__":
    main()
