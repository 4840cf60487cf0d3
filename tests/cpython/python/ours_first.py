"""Puts our modules first, in the tests' child processes too, even if these ignore the environment's variables for Python.

A folder in the path would not do: Debian's Python has `select` built in, and looks there before it looks into folders.
"""

import os
import sys
from importlib.machinery import PathFinder

_folder = os.environ.get('SELECTORS_CPYTHON')


class _Ours:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name in ('select', 'selectors'):
            return PathFinder.find_spec(name, [_folder])


if _folder:
    sys.meta_path.insert(0, _Ours)
