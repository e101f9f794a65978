"""A plugin of pytest: tests that passed before are left out. `python -m pytest -p tests.skip_passed`

The names of those that passed are in pytest's cache. A test in which a module was looked for and not found is not among
them: it may test more where the module is.
"""

import sys

import pytest

KEY = "tests.skip_passed/passed"


class SkipPassed:
    def __init__(self, cache):
        self.cache = cache
        self.passed = set(cache.get(KEY, []))
        self.missed = False  # whether the present test looked for a module that is not there

    def find_spec(self, name, path=None, target=None):
        """The last of Python's finders: it is asked for modules that no other has found."""
        self.missed = True

    def pytest_collection_modifyitems(self, config, items):
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid in self.passed])
        items[:] = [item for item in items if item.nodeid not in self.passed]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self):
        self.missed = False
        return (yield)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed and not self.missed:
            self.passed.add(report.nodeid)

    def pytest_sessionfinish(self):
        self.cache.set(KEY, sorted(self.passed))


def pytest_configure(config):
    skip_passed = SkipPassed(config.cache)
    config.pluginmanager.register(skip_passed)
    sys.meta_path.append(skip_passed)
