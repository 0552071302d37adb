"""How to check a certificate without us: commands for a POSIX shell with sha256sum, zcat and openssl, filled in.

They are to be run in the collection's folder. What they name comes from the ledger and is quoted for the shell.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from archiver.certificate.facts import Certificate
from archiver.proof import Signing


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to check."""

    what: str
    command: str
    expect: str
    """What it prints where all is well."""
    about: str = ""
    """What `{about}` in these two stands for."""


def steps(certificate: Certificate) -> Iterator[Step]:
    """Every step, in the order in which each rests on those before it."""
    listed = [f"{one.file.sha256}  {one.file.path}" for one in certificate.files]
    yield Step("The files are what is written above", _sums(listed), "each path, with OK behind it")
    yield from _content(certificate)
    yield from _ledger(certificate)
    for signing in certificate.signings:
        yield from _signed(certificate, signing)


def _content(certificate: Certificate) -> Iterator[Step]:
    main = next((one for one in certificate.parts if one.name == "main" and one.id), None)
    file = certificate.account.sidecar.warc_file
    if main:
        reader = "zcat" if file.endswith(".gz") else "cat"
        command = f"{reader} {shlex.quote(file)} | grep -a -A 24 -F {shlex.quote(f'WARC-Record-ID: <{main.id}>')}"
        yield Step("The page's own record stands in the file", command, "its headers, and the beginning of the page")


def _ledger(certificate: Certificate) -> Iterator[Step]:
    if not certificate.lines:
        return
    first = certificate.lines[0]
    place = shlex.quote(first.path)
    yield Step("The ledger names them", f"sed -n {first.number}p {place}", "a line with the digests above")
    if first.sealed:
        listed = [f"{first.segment.sha256}  {first.path}"]
        yield Step("The segment is what its name says", _sums(listed), "its path, with OK behind it")


def _signed(certificate: Certificate, signing: Signing) -> Iterator[Step]:
    statement = signing.statement
    heads = [one for one in statement.document["heads"] if one["writer"] == certificate.lines[0].segment.writer]
    listed = [f"{one['sha256']}  ledger/{one['writer']}/{one['segment']}" for one in heads]
    named = "".join(f"\ngrep -c {shlex.quote(one['sha256'])} proofs/{statement.file_name}" for one in heads)
    what = "The end of the chain is the one that was signed (statement {about})"
    yield Step(what, _sums(listed) + named, "its path, with OK behind it, and 1", statement.stem)
    chain = (
        f"for f in {shlex.quote('ledger/' + certificate.lines[0].segment.writer)}/0*.jsonl; do "
        '[ -z "$p" ] || head -n 1 "$f" | grep -q "\\"previous\\":\\"$p\\"" || echo "broken before $f"; '
        'p=$(sha256sum "$f" | cut -c 1-64); done; echo "end $p"'
    )
    yield Step("Each segment names the one before it", f"p=; {chain}", "`end` and a digest, and nothing broken")
    stem = f"proofs/{statement.stem}"
    signature, key = f"{stem}.{statement.key}.sig", f"proofs/keys/{statement.key}.pem"
    command = f"openssl pkeyutl -verify -pubin -inkey {key} -rawin -in {stem}.statement.json -sigfile {signature}"
    yield Step("The key {about} signed it", command, "Signature Verified Successfully", statement.key)
    digest = f"openssl pkey -pubin -in {key} -outform DER | sha256sum | cut -c 1-16"
    yield Step("It is that key", digest, "{about}, as its owner told it to you by another way", statement.key)
    if signing.stamps:
        both = f"cat {stem}.statement.json {signature}"
        check = 'openssl ts -verify -data stamped -in "$t" -CAfile AUTHORITY.pem'
        command = f"{both} > stamped; for t in {stem}.*.tsr; do {check}; done"
        yield Step("The time stamp is over it", command, "Verification: OK, with the authority's own root certificate")


def _sums(lines: list[str]) -> str:
    return f"sha256sum -c - <<'END'\n{chr(10).join(line.replace(chr(10), ' ') for line in lines)}\nEND"
