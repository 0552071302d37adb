import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.errors import UsageError
from archiver.stores.keys import KEY_BYTES, NAME_BYTES, KeySet, UnsafeKey, safe_key

GOOD = [
    "README.txt",
    "archive/2026/11/22/20261122T140112Z-abcdefghij.warc.gz",
    "archive/imported/0123456789ab-Свята вечеря (1).warc.gz",
    "ledger/abcdefghij/000001-0123456789abcdef.jsonl",
    "a~b/c#d?e%2F",
    "console/communism",
]

BAD = {
    "": "empty",
    "/etc/passwd": "absolute",
    "C:/Windows": "absolute",
    "c:evil": "absolute",
    "..": "dot",
    "archive/../../x": "dot",
    "archive/./x": "dot",
    "archive//x": "empty",
    "archive/": "empty",
    "archive\\x": "backslash",
    "archive/x\0.warc": "control",
    "archive/x\n": "control",
    "archive/\x7f": "control",
    "archive/\u202egz.craw": "invisible",
    "archive/\ud800": "invisible",
    "archive/e\u0301": "NFC",
    ".archiver/writer": "dot",
    "archive/.tmp-1-x": "dot",
    "archive/x.": "ends",
    "archive/x ": "ends",
    "archive/NUL": "device",
    "archive/com1.txt": "device",
    "archive/" + "x" * (NAME_BYTES + 1): "longer",
    "ж/" * (KEY_BYTES // 3) + "x": "longer",
}


@pytest.mark.parametrize("key", GOOD)
def test_plain_keys_pass_unchanged(key):
    assert safe_key(key) == key


@pytest.mark.parametrize(("key", "why"), BAD.items(), ids=[ascii(key)[:40] for key in BAD])
def test_unsafe_keys_are_refused_with_the_reason(key, why):
    with pytest.raises(UnsafeKey, match=why) as caught:
        safe_key(key)
    assert isinstance(caught.value, UsageError)
    assert caught.value.hint


@given(st.text(st.one_of(st.sampled_from("./\\:aA \0\u0301\u202e"), st.characters()), max_size=60))
@example("..\\x")
def test_what_passes_stays_inside_every_folder(key):
    try:
        safe_key(key)
    except UnsafeKey:
        return
    windows = PureWindowsPath(key)
    assert not PurePosixPath(key).is_absolute()
    assert not windows.drive
    assert not windows.root
    assert (Path("/root") / key).relative_to("/root").as_posix() == key
    assert not {"..", ".", ""} & set(key.split("/"))
    assert unicodedata.normalize("NFC", key) == key


def test_keys_that_differ_in_case_only_exclude_each_other():
    keys = KeySet()
    assert keys.add("archive/Straße.warc.gz") is None
    assert keys.add("archive/Straße.warc.gz") is None
    assert keys.add("ARCHIVE/STRASSE.warc.gz") == "archive/Straße.warc.gz"
    assert keys.add("archive/Strasze.warc.gz") is None


def test_a_file_and_a_folder_of_one_name_exclude_each_other():
    keys = KeySet()
    assert keys.add("archive/a/b") is None
    assert keys.add("archive/A") == "archive/a/b"
    assert keys.add("archive/a/B/c") == "archive/a/b"
    assert keys.add("archive/a/c") is None


@given(st.lists(st.text("aAbB/", min_size=1, max_size=5), max_size=8))
def test_what_a_key_set_takes_in_fits_a_case_blind_disk(keys):
    keys = [key for key in keys if not key.startswith("/") and not key.endswith("/") and "//" not in key]
    taken, disk = KeySet(), {}
    for key in keys:
        if taken.add(key) is None:
            disk[key.lower()] = key
    files = set(disk)
    assert len(files) == len(set(disk.values()))
    for file in files:
        assert not any(other.startswith(f"{file}/") for other in files)
