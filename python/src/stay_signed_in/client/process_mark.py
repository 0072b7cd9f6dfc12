"""Tells this process from every other, and whether the process of another mark still runs: as the Node client does."""

import hashlib
import os
import re
import socket
import sys
from pathlib import Path
from typing import Literal

_FORM = re.compile(r"(\d+)-(\d+)-([0-9a-f]{12})")


def _attempt(path: str) -> str:
    try:
        return Path(path).read_text("latin-1").strip()
    except OSError:
        return ""


def _read_start(pid: int | Literal["self"]) -> str:
    """A process id is soon given to another process; with its start, in ticks since boot, it is not."""
    line = _attempt(f"/proc/{pid}/stat")
    # The name in parentheses may itself hold spaces and parentheses; the start is the 20th field after it.
    fields = line[line.rfind(")") + 2 :].split(" ")
    return fields[19] if len(fields) > 19 else ""


def _read_place() -> str:
    """Containers may share a host name and a folder while each counts its processes by itself."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    boot = _attempt("/proc/sys/kernel/random/boot_id")
    return hashlib.sha256(f"{socket.gethostname()}\n{boot}{namespace}".encode()).hexdigest()[:12]


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        # os.kill would end it.
        handle = ctypes.windll.kernel32.OpenProcess(0x1000, False, pid)
        if handle:
            ctypes.windll.kernel32.CloseHandle(handle)
        return bool(handle)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def process_mark() -> str:
    """Fit for a file name: process id, its start, and a short form of the machine."""
    return f"{os.getpid()}-{_read_start('self') or '0'}-{_read_place()}"


def look(mark: str) -> Literal["running", "gone", "unknown"]:
    """``unknown`` for a process of another machine or container: its process ids mean nothing here."""
    found = _FORM.fullmatch(mark)
    if found is None or found[3] != _read_place():
        return "unknown"
    pid, start = int(found[1]), found[2]
    if not _is_running(pid):
        return "gone"
    running = _read_start(pid)
    return "running" if start == "0" or running in ("", start) else "gone"
