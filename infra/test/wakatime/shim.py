"""Lets wakatime 13.1.0, of 2020, run on Python 3.10 to 3.13; `install` has every Python of its environment import it.

Nothing of the client is changed: only what Python has dropped since, and its copies of requests and urllib3 use, is put
back.
"""

import collections
import collections.abc
import email.message
import importlib.util
import sys
import types

# Python 3.10 left these in collections.abc alone.
for name in ("Callable", "Mapping", "MutableMapping"):
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))


class OldFinders:
    """Asks the import hooks of `six`, whose protocol Python 3.12 dropped."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if ".six.moves" not in name:
            return None
        for finder in sys.meta_path:
            if not hasattr(finder, "find_spec") and finder.find_module(name):
                loader = types.SimpleNamespace(
                    create_module=lambda spec: finder.load_module(spec.name), exec_module=lambda module: None
                )
                return importlib.util.spec_from_loader(name, loader)
        return None


def parse_header(line):
    """The only function of `cgi` in use, which went with it in Python 3.13."""
    message = email.message.Message()
    message["content-type"] = line
    (value, _), *parameters = message.get_params()
    return value, dict(parameters)


if sys.version_info >= (3, 12):
    sys.meta_path.append(OldFinders)
if sys.version_info >= (3, 13):
    sys.modules["cgi"] = types.ModuleType("cgi")
    sys.modules["cgi"].parse_header = parse_header
