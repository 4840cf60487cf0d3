"""Prints the version, and the folder of the package `test`; an empty line and the reason if it is not complete."""

import sys
version = '.'.join(map(str, sys.version_info[:3]))
try:
    import test.support, test.test_selectors
    print(version, test.__path__[0], sep='\n')
except ImportError as error:
    print(version, '', error, sep='\n')
