"""A tree of files in memory that is written as a tar archive, always with the same bytes.

Entries are sorted; owners are numbers without names; the gzip header has no name and no time. What a build
adds has one time for all entries. What comes from a package keeps the time of the package.
"""

import gzip
import hashlib
import io
import tarfile

# gzip: 6 is a fifth of the time of 9 and one percent larger.
GZIP_LEVEL = 6


class Layer:
    """Files, folders and links by their path without a leading slash."""

    def __init__(self):
        self.entries = {}

    def add(self, info, content=b""):
        """Adds an entry; a later one of the same path replaces it."""
        info.uname = info.gname = ""
        info.pax_headers = {}
        self.entries[info.name] = (info, content)

    def folder(self, path, epoch, mode=0o755, owner=0):
        self.add(entry(path, tarfile.DIRTYPE, epoch, mode, owner))

    def file(self, path, content, epoch, mode=0o644, owner=0):
        """Adds a file, and the folders above it that are missing."""
        self.parents(path, epoch)
        info = entry(path, tarfile.REGTYPE, epoch, mode, owner)
        info.size = len(content)
        self.add(info, content)

    def parents(self, path, epoch):
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            above = "/".join(parts[:depth])
            if above not in self.entries:
                self.folder(above, epoch)

    def newest(self):
        """Returns the time of the newest entry."""
        return max(int(info.mtime) for info, _ in self.entries.values())

    def tar(self):
        """Returns the archive, not compressed."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for _, (info, content) in sorted(self.entries.items()):
                archive.addfile(info, io.BytesIO(content) if info.isreg() else None)
        return out.getvalue()


def entry(path, kind, epoch, mode, owner):
    info = tarfile.TarInfo(path)
    info.type, info.mtime, info.mode = kind, epoch, mode
    info.uid = info.gid = owner
    return info


def compress(content):
    """Returns the bytes in gzip's format, without a name or a time in the header."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=GZIP_LEVEL, fileobj=out, mtime=0) as packed:
        packed.write(content)
    return out.getvalue()


def sha256(content):
    return hashlib.sha256(content).hexdigest()
