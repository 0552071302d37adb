"""The circumstances of a capture, beside the page: our machine, its clock, and the software of this process."""

import ctypes
import os
import platform
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from archiver import AGENT, warc
from archiver.model import Exchange

AGENTS = (AGENT, f"Python/{platform.python_version()}", *warc.AGENTS)
"""Software that takes part in every capture, as `name/version`."""

_UNSYNCHRONIZED = 0x40  # STA_UNSYNC of <sys/timex.h>; status and maxerror stand at the same places in Linux and BSD
_ERROR = -1
_TIME_ERROR = 5


class _Timex(ctypes.Structure):
    """The beginning of `struct timex`, and room for what follows."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),  # microseconds
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )


def circumstances(main: Exchange | None) -> dict[str, Any]:
    """`client` and `clock` of the sidecar's `capture` block, as far as can be known; `main` is the page's answer."""
    system = os.uname()
    client = {"ip": main.client_ip if main else None, "system": f"{system.sysname} {system.release} {system.machine}"}
    clock = _kernel_clock()
    if main and (offset := _server_offset(main)) is not None:
        clock["server_offset_seconds"] = offset
    return {"client": {name: value for name, value in client.items() if value}, "clock": clock}


def _kernel_clock() -> dict[str, Any]:
    """What the kernel says of its clock (adjtimex(2)); empty where it does not say."""
    told = _Timex()  # no modes: nothing is set
    try:
        state = ctypes.CDLL(None).ntp_adjtime(ctypes.byref(told))
    except (AttributeError, OSError):
        return {}
    if state == _ERROR:
        return {}
    synchronized = state != _TIME_ERROR and not told.status & _UNSYNCHRONIZED
    return {"synchronized": synchronized, "max_error_seconds": told.maxerror / 1_000_000}


def _server_offset(main: Exchange) -> int | None:
    """The least difference of the server's clock from ours that explains its Date, in whole seconds as that has it.

    None without a Date, and where a cache has kept the answer (Age): it dates from another time.
    """
    headers = {name.lower(): value for name, value in main.response.headers}
    if main.answered is None or headers.get("age", "0").strip() != "0":
        return None
    try:
        begun = parsedate_to_datetime(headers["date"])
        early, late = begun - main.answered, begun + timedelta(seconds=1) - main.answered
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    nearest = max(early, min(late, timedelta(0)))
    return round(nearest.total_seconds())
