"""On what conditions pages are captured: the options that several commands share, and what they come to."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli import options, sessions
from archiver.errors import UnreadableInput

if TYPE_CHECKING:
    from archiver.capture import Terms
    from archiver.engines import Behaving, EngineOptions, Script

PATIENCE = "Seconds that loading a page may take; pictures and writing come on top."

FILMS = (
    "Films, in the browser engine: all that a replay needs, with yt-dlp where nothing else helps; "
    "no more than the page itself loads; or every rendition, with yt-dlp for every player."
)


class Rule(click.ParamType[str | Path]):
    """A rule of a block list, or the path of a file of them."""

    name = "rule"

    def convert(self, value: Any, _param: Any, _context: Any) -> Any:
        """The text, as a path where there is such a file."""
        return Path(value) if Path(value).is_file() else value


PAGES = options.together(
    # what keeps it
    click.option("--engine", type=click.Choice(["auto", "browser", "http"]), default="auto"),
    click.option(
        "--fidelity",
        type=click.Choice(["decoded", "wire"]),
        default="decoded",
        help="Keep bodies as the browser decodes them, or every byte as it came, through a recording proxy.",
    ),
    click.option("--timeout", type=click.IntRange(1, 86_400), default=90, help=PATIENCE),
    # dialogs
    click.option(
        "--consent",
        type=click.Choice(["reject", "accept", "hide", "leave"]),
        default="reject",
        help="What to do with a dialog that asks for consent.",
    ),
    # as a reader
    click.option("--behaviors/--no-behaviors", default=True, help="Scroll, open and press for more."),
    click.option(
        "--behavior",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A behaviour of your own, run after ours; may be repeated.",
    ),
    click.option(
        "--browsertrix-behaviors",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The built behaviors.js of browsertrix-behaviors, run last.",
    ),
    # manners and caps
    click.option(
        "--robots",
        type=click.Choice(["obey", "record", "ignore"]),
        default="record",
        help="Obey robots.txt, only keep what it says, or do not ask for it.",
    ),
    click.option(
        "--block",
        multiple=True,
        type=Rule(),
        metavar="RULE|FILE",
        help="Ask for nothing there: a host, an address with *, or a list of them.",
    ),
    click.option(
        "--max-body", type=click.IntRange(1), default=1 << 30, show_default="1 GiB", help="Bytes of one body."
    ),
    click.option(
        "--max-size", type=click.IntRange(1), default=10 << 30, show_default="10 GiB", help="Bytes of a page."
    ),
    click.option("--max-requests", type=click.IntRange(1), default=5000, help="Requests of a page."),
    # reach
    click.option("--allow-private", is_flag=True, help="Reach loopback and private addresses too."),
    click.option("--allow-address", multiple=True, metavar="CIDR", help="Reach this address or network too."),
    click.option("--ca-file", type=options.FILE, help="PEM of private authorities to trust."),
    # the same bytes twice
    click.option(
        "--dedup",
        type=click.Choice(["off", "capture", "collection"]),
        help="How far a body that is kept already is not kept again; otherwise the collection's policy holds.",
    ),
    # films
    click.option("--media", type=click.Choice(["auto", "off", "all"]), default="auto", help=FILMS),
    click.option(
        "--media-timeout",
        type=click.IntRange(0, 86_400),
        default=300,
        help="Seconds that fetching films may take when the visit is over.",
    ),
    click.option(
        "--media-size", type=click.IntRange(0, 1 << 20), default=2048, help="Megabytes of films that one page may have."
    ),
    *sessions.SESSION,
)
"""How a page is captured; that is kept with a page which waits in the queue."""


def two_a_core() -> int:
    """How many tabs this machine bears."""
    return min(64, 2 * (os.cpu_count() or 1))


JOBS = click.option(
    "--jobs", type=click.IntRange(1, 64), default=two_a_core, show_default="2 a core", help="Pages at the same time."
)
TLS = (
    click.option("--tls-ca", type=options.FILE, help="PEM of the authority that a cluster's machines trust."),
    click.option("--tls-cert", type=options.FILE, help="PEM of this machine's certificate in the cluster."),
    click.option("--tls-key", type=options.FILE, help="PEM of its key."),
)
RUN = options.together(
    JOBS,
    click.option("--retries", type=click.IntRange(0, 20), default=2, help="Further tries at what may pass."),
    click.option(
        "--wait",
        type=click.FloatRange(0, 604_800),
        default=60.0,
        help="Seconds that a run waits for a page that is to be tried again.",
    ),
    click.option("--cluster", metavar="ADDRESS", help="Let a Dask cluster capture; local:3 starts one of 3 workers."),
    click.option("--host-delay", type=click.FloatRange(0, 3600), default=0, help="Seconds between pages of one host."),
    click.option("--host-jobs", type=click.IntRange(0, 64), default=0, help="Pages of one host at a time; 0: any."),
    *TLS,
)
RUN_NAMES = frozenset(
    {"jobs", "retries", "wait", "cluster", "host_delay", "host_jobs", "tls_ca", "tls_cert", "tls_key"}
)
"""Options of a run: every run has its own."""
SECRET = sessions.SECRET
"""Options whose values no sidecar tells."""


def _behaving(chosen: dict[str, Any]) -> "Behaving":
    """What is done in pages, with the programs read."""
    from archiver.engines import Behaving

    browsertrix = chosen["browsertrix_behaviors"]
    scripts = tuple(_script(file) for file in chosen["behavior"])
    return Behaving(chosen["behaviors"], scripts, browsertrix and _script(browsertrix))


def _script(file: Path) -> "Script":
    from archiver.engines import Script

    try:
        return Script(file.name, file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(str(file), f"the behaviour cannot be read ({error})") from error


def engine_options(chosen: dict[str, Any]) -> "EngineOptions":
    """What the engine is told, of the options chosen. Raises `UnreadableInput` if a file named there cannot be read."""
    from archiver.engines import EngineOptions, guard
    from archiver.engines.blocking import BlockList
    from archiver.engines.choice import check_choice

    ca_file = chosen["ca_file"]
    if ca_file is not None and not ca_file.is_file():
        raise UnreadableInput(str(ca_file), "there is no such file of authorities")
    wanted = EngineOptions(
        allow_private=chosen["allow_private"],
        allowed=guard.networks(chosen["allow_address"]),
        ca_file=ca_file,
        fidelity=chosen["fidelity"],
        jobs=chosen["jobs"],
        consent=chosen["consent"],
        behaving=_behaving(chosen),
        media=chosen["media"],
        blocked=BlockList.of(chosen["block"]),
        robots=chosen["robots"],
    )
    check_choice(chosen["engine"], wanted)
    return wanted


def terms(chosen: dict[str, Any]) -> "Terms":
    """The terms of the captures, of the options chosen."""
    from archiver.capture import Terms
    from archiver.model import Limits

    programs = {name: _programs(chosen[name]) for name in ("behavior", "browsertrix_behaviors")}
    told = {key: _told(value) for key, value in (chosen | programs).items() if key not in SECRET}
    known = {key: value for key, value in told.items() if value not in (None, "", [])}
    limits = Limits(
        seconds=chosen["timeout"],
        body_bytes=chosen["max_body"],
        total_bytes=chosen["max_size"],
        requests=chosen["max_requests"],
        media_seconds=chosen["media_timeout"],
        media_bytes=chosen["media_size"] << 20,
    )
    return Terms(limits, known, dedup=chosen.get("dedup"))


def _told(value: Any) -> Any:
    """An option's value as the sidecar has it: of a file only its name, since paths tell of the machine."""
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    return value.name if isinstance(value, Path) else value


def _programs(files: Path | tuple[Path, ...] | None) -> Any:
    """Programs as the sidecar has them: name and digest."""
    if isinstance(files, tuple):
        return tuple(str(_script(file)) for file in files)
    return files and str(_script(files))
