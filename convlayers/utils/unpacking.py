"""Archives from the web, unpacked: only files and folders, only inside of the folder, and not too much of them."""

import os
import shutil
import warnings


def unpack(path, folder, archive_format):
    """Unpacks an archive, and warns if it is none.

    Links in it are left out: over chains of them, archives get out of the folder even in spite of Python's own filter
    (CVE-2025-12060, CVE-2025-12638).

    Args:
        path: of the archive.
        folder: where to.
        archive_format: "tar", "zip", or "auto" for either.

    Raises:
        ValueError: if something in it would lie outside of the folder, or if it unpacks to far more than it is.
    """
    import tarfile
    import zipfile

    formats = ("tar", "zip") if archive_format == "auto" else (archive_format,)
    if "tar" in formats and tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            _unpack_tar(archive, path, folder)
    elif "zip" in formats and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            _check_size(path, sum(info.file_size for info in archive.infolist()))
            archive.extractall(folder)  # It leaves out what leads outside.
    else:
        warnings.warn("Could not extract archive.", stacklevel=4)


def _unpack_tar(archive, path, folder):
    # Not by `extractall`: before 3.11.4, Python has no filter for it.
    os.makedirs(folder, exist_ok=True)
    size, links = 0, []
    for member in archive:
        size += member.size
        _check_size(path, size)
        if member.issym() or member.islnk():
            links.append(member.name)
        elif member.isdir():
            os.makedirs(_inside(folder, member.name, path), exist_ok=True)
        elif member.isfile():
            target = _inside(folder, member.name, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with archive.extractfile(member) as source, open(target, "wb") as file:
                shutil.copyfileobj(source, file)
    if links:
        warnings.warn(f"Links in {path} were not unpacked, as '{links[0]}'.", stacklevel=5)


def _inside(folder, name, path):
    root = os.path.realpath(folder)
    target = os.path.realpath(os.path.join(root, name.lstrip("/" + os.sep)))
    if os.path.commonpath([root, target]) != root:
        raise ValueError(f"{path} is not unpacked: '{name}' would lie outside of the folder {folder}.")
    return target


def _check_size(path, size):
    from convlayers.saving.limits import check_expansion

    check_expansion(path, size, os.path.getsize(path))
