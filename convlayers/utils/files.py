"""Downloads: files from the web, kept in Keras's folder."""

import os

from convlayers import config
from convlayers.utils.messages import print_message
from convlayers.utils.unpacking import unpack


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """Downloads a file, unless it was downloaded before, and returns its path.

    A download takes its place only when it is complete and its hash is right.

    Args:
        fname: the name of the file in the cache; by default that at the end of `origin`.
        origin: the URL.
        untar: as `extract`, for tar archives.
        md5_hash: as `file_hash`, in md5.
        file_hash: what the hash of the file has to be.
        cache_subdir: folder inside `cache_dir`.
        hash_algorithm: "sha256", "md5", or "auto" to tell by the length of the hash.
        extract: whether to unpack the file.
        archive_format: "tar", "zip", or "auto" for either.
        cache_dir: by default `$KERAS_HOME` or `~/.keras`.
        force_download: whether to download it again.

    Returns:
        The path of the file, or of the folder that it was unpacked into.

    Raises:
        ValueError: if there is no `origin`, if `fname` is a path, or if the hash is not right.
        OSError: if it cannot be downloaded.
    """
    if origin is None:
        raise ValueError('Please specify the "origin" argument (URL of the file to download).')
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    fname = _file_name(fname, origin)
    folder = _cache_folder(cache_dir, cache_subdir)
    unpacked = None
    if extract or untar:
        stem = fname.split(".")[0]
        unpacked = os.path.join(folder, f"{stem}_extracted" if "." in fname else stem)
        fname = fname if "." in fname else f"{fname}_archive"
    path = os.path.join(folder, fname)
    if force_download or not _is_there(path, file_hash, hash_algorithm):
        _download(origin, path, file_hash, hash_algorithm)
    if unpacked is None:
        return path
    unpack(path, unpacked, "tar" if untar else archive_format)
    return unpacked


def hash_file(path, algorithm="sha256", chunk_size=1 << 20):
    """Returns the hash of a file as a string of hexadecimal digits.

    Args:
        path: of the file.
        algorithm: "sha256" or "md5".
        chunk_size: how many bytes to read at once.
    """
    import hashlib

    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as file:
        while chunk := file.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()


def _file_name(fname, origin):
    from urllib.parse import urlsplit

    fname = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not fname:
        raise ValueError(f"Can't parse the file name from the origin provided: '{origin}'.Please specify the `fname` argument.")
    if os.sep in fname:
        raise ValueError(
            "Paths are no longer accepted as the `fname` argument. To specify the file's parent directory, use "
            f"the `cache_dir` argument. Received: fname={fname}"
        )
    return fname


def _cache_folder(cache_dir, cache_subdir):
    base = os.path.expanduser(cache_dir or config.keras_home())
    folder = os.path.join(base, cache_subdir)
    try:
        os.makedirs(folder, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    import tempfile

    folder = os.path.join(tempfile.gettempdir(), ".keras", cache_subdir)
    os.makedirs(folder, exist_ok=True)
    return folder


def _is_there(path, file_hash, algorithm):
    if not os.path.exists(path):
        return False
    if file_hash is None or _has_hash(path, file_hash, algorithm):
        return True
    print_message(
        f"A local file was found, but it seems to be incomplete or outdated because the {algorithm} file hash does not "
        f"match the original value of {file_hash} so we will re-download the data."
    )
    return False


def _has_hash(path, file_hash, algorithm):
    if algorithm == "auto":
        algorithm = "sha256" if len(file_hash) == 64 else "md5"
    return hash_file(path, algorithm) == file_hash.lower()


def _download(origin, path, file_hash, algorithm):
    import shutil
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    print_message(f"Downloading data from {origin}")
    partial = f"{path}.{os.getpid()}.part"
    try:
        with open(partial, "wb") as file, urlopen(origin, timeout=60) as response:
            shutil.copyfileobj(response, file)
        if file_hash is not None and not _has_hash(partial, file_hash, algorithm):
            raise ValueError(
                f"Incomplete or corrupted file detected. The {algorithm} file hash does not match the provided value "
                f"of {file_hash}.\nNothing was kept of the download from {origin}."
            )
        os.replace(partial, path)
    except HTTPError as error:
        raise OSError(f"URL fetch failure on {origin}: {error.code} -- {error.msg}") from error
    except URLError as error:
        raise OSError(f"URL fetch failure on {origin}: {error.errno} -- {error.reason}") from error
    finally:
        if os.path.exists(partial):
            os.remove(partial)
