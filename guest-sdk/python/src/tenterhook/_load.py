"""Imports the handlers' module while the component is made, and again at an event when it reads the project's variables.

A component is a picture of the interpreter after the import, so that an event does not wait for it. The variables are not known
then: they come with each event. A module that reads them as it is imported (``BASE_URL = os.getenv("BASE_URL")``) is therefore executed
again before its handler is called, together with the project's other modules; packages of others are not.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from types import CodeType, ModuleType
from typing import Any

Function = Callable[[Any], Any]


class Project:
    """The handlers' module and what it imports of the project's folder.

    Args:
        module: Its name, as in an ``import``.
        file: How the manifest names it.
        variables: What is known of the project's variables: their names, and the values of those that are no secrets.
    """

    def __init__(self, module: str, file: str, variables: Mapping[str, str]) -> None:
        self.module, self.file = module, file
        self._root = _root(module)
        before = set(sys.modules)
        with _variables(variables), _watched(self._is_own) as reads:
            try:
                self._module = importlib.import_module(module)
            except BaseException as error:
                raise SystemExit(self.explained(error)) from None
        if "urllib.request" in sys.modules:
            importlib.import_module("tenterhook._urllib").install()
        own = {name: found for name, found in sys.modules.items() if name not in before and self._is_own(_file(found))}
        self._code = {name: (_code(found), hasattr(found, "__path__")) for name, found in own.items()}
        self._is_fresh = not reads

    def _is_own(self, file: str) -> bool:
        return file.startswith(self._root) and "site-packages" not in file

    def explained(self, error: BaseException) -> str:
        """The traceback as far as it is the author's: without what imports modules and calls handlers."""
        explained = traceback.TracebackException.from_exception(error)
        own = [place for place, frame in enumerate(explained.stack) if self._is_own(frame.filename)]
        explained.stack = traceback.StackSummary.from_list(explained.stack[own[0] :] if own else [])
        kept = [frame for frame in explained.stack if "importlib" not in frame.filename]
        explained.stack = traceback.StackSummary.from_list(kept)
        return "".join(explained.format()).replace(f'File "{self._root}', 'File "').strip()

    def check(self, function: str) -> None:
        """Fails when there is no such handler."""
        found = getattr(self._module, function, None)
        if found is None:
            names = [name for name, value in vars(self._module).items() if inspect.isfunction(value)]
            near = get_close_matches(function, names, 1)
            raise SystemExit(
                f"`{self.file}` has no function `{function}`" + (f"; did you mean `{near[0]}`?" if near else "")
            )
        if not callable(found):
            raise SystemExit(f"`{function}` in `{self.file}` is no function")
        if inspect.iscoroutinefunction(found):
            raise SystemExit(
                f"`{function}` in `{self.file}` is `async`, and a handler is not: each runs alone in a sandbox, where calls to the "
                "host simply return"
            )

    def function(self, name: str) -> Function:
        """The handler, with the event's variables known to its module."""
        if not self._is_fresh:
            for module in self._code:
                sys.modules.pop(module, None)
            sys.meta_path.insert(0, _Finder(self._code))
            self._module = importlib.import_module(self.module)
            self._is_fresh = True
        function: Function = getattr(self._module, name)
        return function


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the project's modules in memory: an event's sandbox has no files."""

    def __init__(self, code: Mapping[str, tuple[CodeType | None, bool]]) -> None:
        self._code = code

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name not in self._code:
            return None
        code, is_package = self._code[name]
        origin = code.co_filename if code else None
        return importlib.util.spec_from_loader(name, self, origin=origin, is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        code, _ = self._code[module.__name__]
        if code:
            module.__file__ = code.co_filename
            exec(code, module.__dict__)


def _root(module: str) -> str:
    """The project's folder: where the first part of the module's name is found."""
    spec = importlib.util.find_spec(module.partition(".")[0])
    if spec is None:
        raise SystemExit(f"there is no module `{module}`")
    first = (list(spec.submodule_search_locations) if spec.submodule_search_locations else [spec.origin or ""])[0]
    if spec.submodule_search_locations and spec.origin:
        first = os.path.dirname(spec.origin)
    return os.path.join(os.path.dirname(first), "")


def _file(module: ModuleType) -> str:
    """Where a module is; of a folder without `__init__.py`, where that is."""
    file = getattr(module, "__file__", None)
    return file or next(iter(getattr(module, "__path__", [])), None) or ""


def _code(module: ModuleType) -> CodeType | None:
    loader = module.__spec__.loader if module.__spec__ else None
    get_code = getattr(loader, "get_code", None)
    return get_code(module.__name__) if get_code and getattr(module, "__file__", None) else None


@contextmanager
def _variables(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)


@contextmanager
def _watched(is_own: Callable[[str], bool]) -> Iterator[list[str]]:
    """Notes when a module that is the project's own reads the environment while it is executed."""
    reads: list[str] = []
    kind: Any = type(os.environ)
    read, iterate = kind.__getitem__, kind.__iter__

    def note() -> None:
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_name != "<module>":
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None and is_own(frame.f_code.co_filename):
            reads.append(frame.f_code.co_filename)

    def noted_read(self: Any, name: str) -> Any:
        note()
        return read(self, name)

    def noted_iterate(self: Any) -> Any:
        note()
        return iterate(self)

    kind.__getitem__, kind.__iter__ = noted_read, noted_iterate
    try:
        yield reads
    finally:
        kind.__getitem__, kind.__iter__ = read, iterate
