# @SEAL@
"""Has PyJulia or JuliaCall use the system image of a Julia project.

Written into an environment by `jlproj setup pyjulia` and `jlproj setup juliacall`, each with a `.pth` file that imports
it and a `.json` file beside it that says where jlproj and the project are; taken back with `--undo`.

Does nothing until `julia.core` or `juliacall` is imported. Then it asks `jlproj env --json` which Julia, project and
image to use. What the user says, by arguments or by variables, comes first. Where anything goes wrong, and with
JLPROJ_DISABLE=1, the import is as it would be without this file; with JLPROJ_VERBOSE=1 a line on stderr says why.

Python 3.5 and later, its standard library alone.
"""

import os
import sys

HOST = __name__.rpartition("_")[2]
TARGET = {"pyjulia": "julia.core", "juliacall": "juliacall"}.get(HOST)

# Seconds that jlproj gets. Its first answer may take some; one that asks a disk that is gone would take for ever.
PATIENCE = 60


def _say(text):
    if os.environ.get("JLPROJ_VERBOSE", "0") not in ("", "0"):
        sys.stderr.write("jlproj ({}): {}\n".format(HOST, text))


def _path(text):
    """A path from the text that jlproj writes: `%XX` stands for a byte."""
    from urllib.parse import unquote_to_bytes

    return os.fsdecode(unquote_to_bytes(text))


def _libpython():
    """The libpython that this Python is linked to; `static` where that is inside of it."""
    import ctypes

    class Information(ctypes.Structure):
        _fields_ = [
            ("file", ctypes.c_char_p),
            ("base", ctypes.c_void_p),
            ("symbol", ctypes.c_char_p),
            ("address", ctypes.c_void_p),
        ]

    if os.name == "nt":
        return os.path.join(sys.base_prefix, "python{}{}.dll".format(*sys.version_info[:2]))
    address = ctypes.cast(ctypes.pythonapi.Py_GetVersion, ctypes.c_void_p)
    information = Information()
    dladdr = ctypes.CDLL(None).dladdr
    dladdr.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    if not dladdr(address, ctypes.byref(information)) or not information.file:
        return "static"
    path = os.path.realpath(os.fsdecode(information.file))
    is_program = path == os.path.realpath(sys.executable or "") or ".so" not in path and ".dylib" not in path
    return "static" if is_program else path


def _offer(*more):
    """What jlproj offers this Python. Raises whatever goes wrong."""
    import json
    import subprocess

    with open(os.path.splitext(__file__)[0] + ".json", encoding="utf-8") as file:
        settings = json.load(file)
    command = [_path(settings["jlproj"]), "env", "--json", "--libpython", _libpython()]
    # PyJulia's Julia follows the variable, whatever it says; JuliaCall's does not.
    if HOST == "juliacall" or "JULIA_PROJECT" not in os.environ:
        command += ["--project", _path(settings["project"])]
    process = subprocess.Popen(
        command + list(more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            # One that waits for a disk does not end before the disk answers.
            pass
        raise RuntimeError("jlproj did not answer in {} s".format(PATIENCE))
    if process.returncode != 0:
        raise RuntimeError(os.fsdecode(errors).strip().replace("\n", " "))
    offer = json.loads(output.decode("utf-8"))
    for name in ("julia", "julia_folder", "project", "sysimage"):
        offer[name] = offer[name] and _path(offer[name])
    return offer


def _disabled():
    return os.environ.get("JLPROJ_DISABLE", "0") not in ("", "0")


def _pyjulia_choice(core, keywords):
    """Arguments for PyJulia's `Julia` that the user did not give; none where Julia is to start plainly."""
    offer = _offer()
    if offer["disabled"]:
        return {}
    if offer["project"]:
        os.environ.setdefault("JULIA_PROJECT", offer["project"])
    if not offer["sysimage"]:
        _say("no image: {}".format(offer["reason"]))
        return {}
    if offer["pycall"] != "image" and keywords.get("compiled_modules") != "no":
        # With an image PyJulia does not ask any more whether PyCall is for this Python.
        information = core.JuliaInfo.load(offer["julia"])
        if information.libpython_path and not information.is_compatible_python():
            _say("no image: PyCall outside of it is bound to another libpython, {}".format(information.libpython_path))
            return {}
    _say("image {}".format(offer["sysimage"]))
    return {"runtime": offer["julia"], "sysimage": offer["sysimage"]}


def _hook_pyjulia(core):
    original = core.Julia.__init__

    def __init__(self, init_julia=True, *arguments, **keywords):
        chosen = {"runtime", "sysimage", "bindir", "jl_init_path", "jl_runtime_path"}
        is_users = arguments or any(keywords.get(name) is not None for name in chosen)
        if init_julia and not is_users and not core.get_libjulia() and not _disabled():
            try:
                keywords.update(_pyjulia_choice(core, keywords))
            except Exception as error:
                _say("no image: {}".format(error))
        original(self, init_julia, *arguments, **keywords)

    __init__.__doc__ = original.__doc__
    __init__.__wrapped__ = original
    core.Julia.__init__ = __init__


def _version_of(specification):
    import re

    with open(specification.origin, encoding="utf-8") as file:
        found = re.search(r"^__version__ = ['\"]([^'\"]+)['\"]", file.read(), re.MULTILINE)
    return found.group(1)


def _juliacall_variables(specification):
    """Variables for JuliaCall, all or none."""
    options = getattr(sys, "_xoptions", {})
    for name in ("exe", "project", "sysimage", "lib", "home", "init"):
        if "juliacall-" + name in options or "juliapkg-" + name in options:
            return {}
    for name in ("EXE", "PROJECT", "SYSIMAGE", "LIB", "BINDIR", "INIT"):
        if "PYTHON_JULIACALL_" + name in os.environ or "PYTHON_JULIAPKG_" + name in os.environ:
            return {}
    version = _version_of(specification)
    offer = _offer("--juliacall", version)
    if offer["disabled"]:
        return {}
    if offer["pythoncall_version"] != version:
        _say("no image: juliacall {} needs PythonCall {} in the project".format(version, version))
    elif not offer["sysimage"] or not offer["project"]:
        _say("no image: {}".format(offer["reason"]))
    else:
        _say("image {}".format(offer["sysimage"]))
        return {
            "PYTHON_JULIACALL_EXE": offer["julia"],
            "PYTHON_JULIACALL_PROJECT": offer["project"],
            "PYTHON_JULIACALL_SYSIMAGE": offer["sysimage"],
        }
    return {}


class _Loader:
    """The loader of the module, with something done before and after."""

    def __init__(self, loader, specification):
        self._loader = loader
        self._specification = specification

    def __getattr__(self, name):
        return getattr(self._loader, name)

    def create_module(self, specification):
        return self._loader.create_module(specification)

    def exec_module(self, module):
        self._specification.loader = module.__loader__ = self._loader
        variables = {}
        if HOST == "juliacall" and not _disabled():
            try:
                variables = _juliacall_variables(self._specification)
            except Exception as error:
                _say("no image: {}".format(error))
        os.environ.update(variables)
        try:
            self._loader.exec_module(module)
        finally:
            for name in variables:
                os.environ.pop(name, None)
        if HOST == "pyjulia":
            try:
                _hook_pyjulia(module)
            except Exception as error:
                _say("this PyJulia is not known: {}".format(error))


class _Finder:
    """Finds the module as the others do, and puts our loader round the one that they found."""

    def find_spec(self, name, path=None, target=None):
        if name != TARGET:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            specification = find and find(name, path, target)
            if specification is not None:
                if specification.loader is not None:
                    specification.loader = _Loader(specification.loader, specification)
                return specification
        return None


if TARGET and not _disabled():
    sys.meta_path.insert(0, _Finder())
