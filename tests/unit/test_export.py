"""Packages that are made: what is in them, what others say of them, and that they appear whole or not at all."""

import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import bagit
import pytest

from archiver import ledger
from archiver.access import Wish, restrict, targets
from archiver.capture import AGENT, Terms, capture_url
from archiver.collection import Root
from archiver.errors import ConflictError, StorageError, UnknownCapture, UsageError
from archiver.package import export
from archiver.package.contents import contents_of
from archiver.validate import validate_file
from archiver.warc import open_record
from material import PICTURE, Site, answer, collection_with, copied

AT = datetime(2026, 11, 30, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def collection(tmp_path):
    return collection_with(tmp_path / "root", 3)[0]


def wacz(collection, out, *captures):
    return export(collection, out, "wacz", captures, at=AT)


def listing(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_wacz_file_holds_the_collection(collection, tmp_path):
    made = wacz(collection, tmp_path / "a.wacz")
    assert (made.captures, made.findings) == (tuple(collection.captures()), ())
    assert validate_file(tmp_path / "a.wacz") == []
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        assert package.testzip() is None
        names = set(package.namelist())
        for file in collection.files().values():
            folder, _, name = file.path.partition("/")
            name = {"README.txt": "README"}.get(file.path, f"{folder}/{name.rpartition('/')[2]}")
            assert name == "README" or package.read(name) == collection.local(file.path).read_bytes(), file.path
        stored = {one.filename for one in package.infolist() if one.compress_type == zipfile.ZIP_STORED}
        assert stored == {one for one in names if one.startswith("archive/")} | {"indexes/index.cdx.gz"}
        folders = {one.partition("/")[0] for one in names if "/" in one}
        assert folders == {"archive", "indexes", "pages", "collection", "sidecars", "schemas", "ledger"}
        [segment] = [one for one in names if one.startswith("ledger/")]
        named = {file.path for file in ledger.parse_segment(package.read(segment), segment).objects()}
        assert named == set(collection.files())
        header, *pages = [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()]
        assert header == {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
        assert [page["id"] for page in pages] == collection.captures()
        assert {page["title"] for page in pages} == {"The bridge stands"}
        assert all("found no crack in its piers" in page["text"] for page in pages)


def test_players_find_every_file_where_the_directory_says(collection, tmp_path):
    """replayweb.page 2.5 takes it that what stands before a file is as long as the directory says."""
    wacz(collection, tmp_path / "a.wacz")
    whole = (tmp_path / "a.wacz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        for entry in package.infolist():
            name, extra = (int.from_bytes(whole[entry.header_offset + at :][:2], "little") for at in (26, 28))
            assert (name, extra) == (len(entry.filename), len(entry.extra)), entry.filename


def test_its_index_leads_to_every_record(collection, tmp_path):
    import gzip

    wacz(collection, tmp_path / "a.wacz")
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        package.extractall(tmp_path / "out")
    packed = (tmp_path / "out/indexes/index.cdx.gz").read_bytes()
    lines = gzip.decompress(packed).splitlines()
    assert lines == sorted(lines) and len(lines) == len(list(collection.read_index()))
    for line in lines:
        fields = json.loads(line.split(b" ", 2)[2])
        with open_record(tmp_path / "out/archive" / fields["filename"], int(fields["offset"])) as record:
            assert record.url == fields["url"]
    head, *blocks = (tmp_path / "out/indexes/index.idx").read_text().splitlines()
    assert head == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    places = [json.loads(block.split(" ", 2)[2]) for block in blocks]
    assert b"".join(packed[one["offset"] : one["offset"] + one["length"]] for one in places) == packed


def test_the_index_of_many_lines_is_in_blocks(collection, tmp_path, monkeypatch):
    monkeypatch.setattr("archiver.package.index.BLOCK_LINES", 2)
    wacz(collection, tmp_path / "a.wacz")
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        blocks = package.read("indexes/index.idx").decode().splitlines()[1:]
    assert len(blocks) == -(-len(list(collection.read_index())) // 2) > 3
    assert blocks == sorted(blocks)
    assert validate_file(tmp_path / "a.wacz") == []


def test_the_same_captures_give_the_same_bytes(collection, tmp_path):
    wacz(collection, tmp_path / "a.wacz")
    wacz(copied(collection, tmp_path / "elsewhere"), tmp_path / "b.wacz")
    assert (tmp_path / "a.wacz").read_bytes() == (tmp_path / "b.wacz").read_bytes()
    for name in ("a", "b"):
        export(collection, tmp_path / name, "bagit", at=AT)
    assert listing(tmp_path / "a") == listing(tmp_path / "b")


def test_the_tool_of_the_format_finds_it_valid(collection, tmp_path):
    wacz(collection, tmp_path / "a.wacz")
    command = [Path(sys.executable).parent / "wacz", "validate", "-f", tmp_path / "a.wacz"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "the passed WACZ is valid" in done.stdout and done.returncode == 0, done.stdout + done.stderr


def test_chosen_captures_go_with_their_own_files_alone(collection, tmp_path):
    first, second, _ = collection.captures()
    made = wacz(collection, tmp_path / "a.wacz", first)
    assert made.captures == (first,)
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        content = {name: package.read(name) for name in package.namelist()}
    assert [name for name in content if second in name] == []
    described = json.loads(content["datapackage.json"])
    sidecar = collection.sidecar(first)
    assert (described["mainPageUrl"], described["mainPageDate"]) == (sidecar.final_url, sidecar.captured_at)
    assert validate_file(tmp_path / "a.wacz") == []
    with pytest.raises(UnknownCapture):
        wacz(collection, tmp_path / "b.wacz", "20261122T140112Z-k3v7q2m5xa")
    assert not (tmp_path / "b.wacz").exists()


def test_a_bag_holds_the_collection_as_it_lies(collection, tmp_path):
    made = export(collection, tmp_path / "bag", "bagit", organization="Museum\nof News", at=AT)
    assert bagit.Bag(str(tmp_path / "bag")).validate()
    assert validate_file(tmp_path / "bag") == []
    data = listing(tmp_path / "bag/data")
    assert {name: body for name, body in data.items() if not name.startswith("ledger/")} == {
        path: collection.local(path).read_bytes() for path in collection.files()
    }
    info = (tmp_path / "bag/bag-info.txt").read_text()
    assert info.splitlines() == [
        "Source-Organization: Museum of News",
        "External-Identifier: news",
        "External-Description: News",
        "Bagging-Date: 2026-11-30",
        "Bag-Software-Agent: archiver/0.1.0",
        "BagIt-Profile-Identifier: urn:archiver:bagit-profile:1.0.0",
        f"Payload-Oxum: {made.bytes}.{made.files}",
    ]


def test_a_bag_is_as_its_own_profile_demands(collection, tmp_path):
    export(collection, tmp_path / "bag", "bagit", organization="X")
    bag = bagit.Bag(str(tmp_path / "bag"))
    profile = json.loads((tmp_path / "bag/bagit-profile.json").read_text())
    assert bag.info["BagIt-Profile-Identifier"] == profile["BagIt-Profile-Info"]["BagIt-Profile-Identifier"]
    assert {tag for tag, rule in profile["Bag-Info"].items() if rule["required"]} <= bag.info.keys()
    assert set(bag.info) <= profile["Bag-Info"].keys() | {"BagIt-Profile-Identifier"}
    names = {path.name for path in (tmp_path / "bag").iterdir()}
    manifests = {f"manifest-{one}.txt" for one in profile["Manifests-Required"]}
    tags = {f"tagmanifest-{one}.txt" for one in profile["Tag-Manifests-Required"]}
    assert names == {"bagit.txt", "bag-info.txt", "data", *manifests, *tags, *profile["Tag-Files-Required"]}


def test_nothing_is_replaced_and_nothing_half_is_left(collection, tmp_path, monkeypatch):
    (tmp_path / "a.wacz").write_bytes(b"mine")
    (tmp_path / "bag").mkdir()
    (tmp_path / "link.wacz").symlink_to(tmp_path / "nowhere")
    for name, form in (("a.wacz", "wacz"), ("bag", "bagit"), ("link.wacz", "wacz")):
        with pytest.raises(ConflictError, match="exists already"):
            export(collection, tmp_path / name, form)
    assert (tmp_path / "a.wacz").read_bytes() == b"mine"
    with pytest.raises(UsageError, match="WACZ"):
        export(collection, tmp_path / "a.zip", "wacz")
    [warc] = [path for path in collection.files() if collection.captures()[1] in path and path[0] == "a"]
    place = collection.local(warc)
    whole, before = place.read_bytes(), sorted(tmp_path.iterdir())
    for damage in (whole[:-1], whole[:-1] + b"x", None):
        place.unlink(missing_ok=True)
        if damage is not None:
            place.write_bytes(damage)
        for name, form in (("c.wacz", "wacz"), ("c", "bagit")):
            with pytest.raises(ConflictError, match=warc):
                export(collection, tmp_path / name, form)
    place.write_bytes(whole)
    assert sorted(tmp_path.iterdir()) == before

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("archiver.disk.sync_file", full)
    for name, form in (("c.wacz", "wacz"), ("c", "bagit")):
        with pytest.raises(StorageError, match="no space"):
            export(collection, tmp_path / name, form)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("form", ["wacz", "bagit"])
def test_what_is_not_open_is_left_out_and_said(tmp_path, form):
    collection, made = collection_with(tmp_path / "root", 2)
    hidden, shown = (one.capture_id for one in made)
    restrict(collection, Wish.of("reading-room", "M. K.", note="Ask again"), targets([hidden]))
    done = export(collection, tmp_path / "open.wacz", form)
    assert done.captures == (shown,)
    assert [(one.level, one.code) for one in done.findings] == [("warning", "export-restricted")]
    files = [file.path for file in contents_of(collection, open_only=True).files]
    assert not any(hidden in path or path.startswith("access/") for path in files)
    assert any(shown in path for path in files)
    with pytest.raises(UsageError, match="None of these"):
        export(collection, tmp_path / "none.wacz", form, [hidden])
    whole = export(collection, tmp_path / "all.wacz", form, with_restricted=True)
    assert set(whole.captures) == {hidden, shown}
    assert [one.code for one in whole.findings] == ["access-restricted"]
    assert any(file.path.startswith("access/") for file in contents_of(collection, [shown]).files)


def test_a_warc_with_an_address_that_is_hidden_is_not_handed_out(tmp_path):
    collection = Root(tmp_path / "root").create("news", "News", agent=AGENT)
    for number, parts in enumerate(((answer(PICTURE),), ())):
        capture_url(f"https://a.example/{number}", collection, Site(*parts, days=number), Terms())
    restrict(collection, Wish.of("dark", "M. K."), targets(urls=["https://cdn.example/*"]))
    assert len(export(collection, tmp_path / "a.wacz", "wacz").captures) == 1
