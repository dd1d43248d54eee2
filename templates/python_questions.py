# What jlproj asks a Python about itself. Reads nothing; prints a line `jlproj: ` with one JSON object, paths
# with `%XX` for bytes that are no text; other lines are those of whatever else Python starts with. Exit code 0. Python 3.5 and later, its standard library alone.
import ctypes, json, os, sys, sysconfig


def text(path):
    result = ""
    for character in path:
        if character == "%" or ord(character) < 32 or 127 <= ord(character) < 160 or 0xDC80 <= ord(character) <= 0xDCFF:
            result += "".join("%{:02X}".format(byte) for byte in os.fsencode(character))
        else:
            result += character
    return result


def libpython():
    class Information(ctypes.Structure):
        _fields_ = [(name, ctypes.c_void_p) for name in ("base", "symbol", "address")]
        _fields_.insert(0, ("file", ctypes.c_char_p))

    if os.name == "nt":
        return os.path.join(sys.base_prefix, "python{}{}.dll".format(*sys.version_info[:2]))
    information = Information()
    dladdr = ctypes.CDLL(None).dladdr
    dladdr.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    address = ctypes.cast(ctypes.pythonapi.Py_GetVersion, ctypes.c_void_p)
    if not dladdr(address, ctypes.byref(information)) or not information.file:
        return None
    path = os.path.realpath(os.fsdecode(information.file))
    is_program = path == os.path.realpath(sys.executable or "") or ".so" not in path and ".dylib" not in path
    return None if is_program else path


def version(package):
    try:
        from importlib.metadata import version
    except ImportError:
        from pkg_resources import get_distribution

        version = lambda name: get_distribution(name).version
    try:
        return version(package)
    except Exception:
        return None


library = libpython()
is_conda = os.path.isdir(os.path.join(sys.prefix, "conda-meta"))
answers = {
    "prefix": text(os.path.realpath(sys.prefix)),
    "is_environment": sys.prefix != sys.base_prefix or is_conda,
    "purelib": text(os.path.realpath(sysconfig.get_path("purelib"))),
    "libpython": library and text(library),
    "julia": version("julia"),
    "juliacall": version("juliacall"),
}
print("\njlproj: " + json.dumps(answers))
