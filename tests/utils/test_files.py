"""Downloads, from a folder in place of the web."""

import contextlib
import io
import tarfile
import urllib.request
import zipfile
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest

from convlayers.saving import limits
from convlayers.utils import get_file
from convlayers.utils.files import hash_file

SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # of b"test"
MD5 = "098f6bcd4621d373cade4e832627b4f6"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setenv("KERAS_HOME", str(cache))
    return cache


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.txt"
    path.write_bytes(b"test")
    return path


@pytest.mark.parametrize("hashes", [{}, {"file_hash": SHA256}, {"file_hash": MD5}, {"md5_hash": MD5.upper()}])
def test_a_file_is_put_into_the_cache(cache, source, hashes):
    path = get_file(origin=source.as_uri(), **hashes)
    assert path == str(cache / "datasets" / "source.txt")
    assert Path(path).read_bytes() == b"test"
    assert [entry.name for entry in (cache / "datasets").iterdir()] == ["source.txt"]


def test_name_and_folders(cache, source, tmp_path):
    path = get_file("name.bin", source.as_uri(), cache_subdir="models", cache_dir=tmp_path / "other")
    assert path == str(tmp_path / "other" / "models" / "name.bin")


def test_what_is_there_is_not_downloaded_again(cache, source):
    get_file(origin=source.as_uri())
    source.write_bytes(b"new")
    assert Path(get_file(origin=source.as_uri())).read_bytes() == b"test"
    assert Path(get_file(origin=source.as_uri(), force_download=True)).read_bytes() == b"new"


def test_what_is_there_with_another_hash_is_downloaded_again(cache, source, capsys):
    (cache / "datasets").mkdir()
    (cache / "datasets" / "source.txt").write_bytes(b"half a fi")
    path = get_file(origin=source.as_uri(), file_hash=SHA256)
    assert Path(path).read_bytes() == b"test"
    assert "A local file was found, but it seems to be incomplete or outdated" in capsys.readouterr().out


def test_a_download_with_the_wrong_hash_changes_nothing(cache, source):
    (cache / "datasets").mkdir()
    kept = cache / "datasets" / "source.txt"
    kept.write_bytes(b"old")
    with pytest.raises(ValueError, match=r"Incomplete or corrupted file detected\. The auto file hash does not match"):
        get_file(origin=source.as_uri(), file_hash="0" * 64)
    assert kept.read_bytes() == b"old"
    assert list((cache / "datasets").iterdir()) == [kept]


class Interrupted(io.BytesIO):
    def read(self, size=-1):
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("failure", "error", "message"),
    [
        (HTTPError("u", 404, "Not Found", {}, None), OSError, "URL fetch failure on http://x/a.txt: 404 -- Not Found"),
        (URLError("no network"), OSError, "URL fetch failure on http://x/a.txt: None -- no network"),
        (TimeoutError("slow"), OSError, "slow"),
        (Interrupted(), KeyboardInterrupt, None),
    ],
)
def test_a_failed_download_leaves_nothing(cache, monkeypatch, failure, error, message):
    def urlopen(url, timeout):
        if isinstance(failure, Exception):
            raise failure
        return failure

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(error, match=message):
        get_file(origin="http://x/a.txt")
    assert list((cache / "datasets").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, 'Please specify the "origin" argument'),
        ({"origin": "http://x/"}, "Can't parse the file name from the origin provided: 'http://x/'."),
        ({"fname": "a/b", "origin": "http://x/a"}, "Paths are no longer accepted as the `fname` argument"),
    ],
)
def test_arguments_are_checked_as_in_keras(cache, keras, arguments, message):
    for function in (get_file, keras.utils.get_file):
        with pytest.raises(ValueError, match=message):
            function(**arguments)
    assert list(cache.glob("*/*")) == []


def test_a_folder_that_cannot_be_written_is_replaced(source, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "tmp"))
    path = get_file(origin=source.as_uri(), cache_dir=source / "not_a_folder")
    assert path == str(tmp_path / "tmp" / ".keras" / "datasets" / "source.txt")


# Archives -------------------------------------------------------------------------------------------------------------


def make_tar(path, names):
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 4
            archive.addfile(entry, io.BytesIO(b"test"))


def make_zip(path, names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"test")


@pytest.mark.parametrize(("make", "name"), [(make_tar, "a.tar.gz"), (make_zip, "a.zip")])
def test_archives_are_unpacked(cache, tmp_path, make, name):
    make(tmp_path / name, ["folder/file.txt"])
    folder = get_file(origin=(tmp_path / name).as_uri(), extract=True)
    assert folder == str(cache / "datasets" / "a_extracted")
    assert Path(f"{folder}/folder/file.txt").read_bytes() == b"test"
    folder = get_file("mine", (tmp_path / name).as_uri(), extract=True)
    assert folder == str(cache / "datasets" / "mine")


@pytest.mark.parametrize(("make", "name"), [(make_tar, "a.tar.gz"), (make_zip, "a.zip")])
def test_archives_do_not_escape(cache, tmp_path, make, name):
    make(tmp_path / name, ["../../escaped.txt"])
    with contextlib.suppress(ValueError):
        get_file(origin=(tmp_path / name).as_uri(), extract=True)
    outside = [path for path in tmp_path.rglob("escaped.txt") if "a_extracted" not in path.parts]
    assert outside == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_tar_archives_lead_nowhere(cache, tmp_path, kind):
    """A link out of the folder, and a file that is written through it: CVE-2025-12060 and CVE-2025-12638."""
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, target in (("out", "../../.."), ("up", "x" * 200 + "/../" * 40), ("up/out", str(tmp_path))):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            archive.addfile(link)
        entry = tarfile.TarInfo("out/escaped.txt")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"test"))
    with pytest.warns(UserWarning, match="Links in .* were not unpacked, as 'out'"):
        folder = Path(get_file(origin=path.as_uri(), extract=True))
    assert [found.relative_to(folder).as_posix() for found in tmp_path.rglob("escaped.txt")] == ["out/escaped.txt"]
    assert not any(found.is_symlink() for found in folder.rglob("*"))


@pytest.mark.parametrize(("name", "mode"), [("a.tar.gz", "w:gz"), ("a.zip", None)])
def test_archives_that_unpack_to_far_more(cache, tmp_path, monkeypatch, name, mode):
    monkeypatch.setattr(limits, "LARGE", 1 << 20)
    if mode is None:
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros", bytes(1 << 21))
    else:
        with tarfile.open(tmp_path / name, mode) as archive:
            entry = tarfile.TarInfo("zeros")
            entry.size = 1 << 21
            archive.addfile(entry, io.BytesIO(bytes(1 << 21)))
    with pytest.raises(ValueError, match="Not allowed: .* declares 2097152 bytes"):
        get_file(origin=(tmp_path / name).as_uri(), extract=True)
    assert not list(cache.rglob("zeros"))


def test_what_is_no_archive_is_warned_of(cache, source):
    with pytest.warns(UserWarning, match="Could not extract archive"):
        get_file(origin=source.as_uri(), extract=True)


@pytest.mark.parametrize(("algorithm", "expected"), [("sha256", SHA256), ("md5", MD5)])
def test_hashes(source, algorithm, expected):
    assert hash_file(source, algorithm, chunk_size=3) == expected
