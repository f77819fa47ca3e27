"""The Debian packages under the image: their lock file, their download, and the layer made of them.

    debian_base.py lock              writes packaging/image/base.lock from apt's present lists
    debian_base.py fetch [FOLDER]    puts the locked packages into FOLDER (default: target/packaging/debian)

A lock line is: name, version, architecture, SHA-256, bytes. `fetch` calls `apt-get download`, which verifies
the archive's signatures, and then compares size and SHA-256 with the lock. An archive keeps only its newest
versions: BASE=DIR names a folder with the .deb files of an older lock.

The image runs no maintainer script and has no shell. Packages that only those scripts need are left out
(`SCRIPT_ONLY`), and the one result that the program needs, the bundle of certificates, is made here.
"""

import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

from layer import Layer, sha256

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "packaging/image/base.lock"
DOWNLOADS = ROOT / "target/packaging/debian"
# What the program uses, and base-files for /etc/os-release, which scanners read.
WANTED = ["base-files", "ca-certificates", "espeak-ng", "libc6", "libgcc-s1", "tzdata"]
# Dependencies of maintainer scripts only: questions to an administrator, awk, the hashing of certificates.
SCRIPT_ONLY = {"debconf", "mawk", "openssl", "libssl3", "libssl3t64", "openssl-provider-legacy", "perl-base"}
# Parts of packages that no program reads. The copyright files stay.
UNREAD = re.compile(
    r"^usr/share/(man|info|locale|lintian|bug|doc-base|menu|applications|icons|pixmaps)(/|$)"
    r"|^usr/share/doc/[^/]+/(?!copyright$)"
    r"|^var/(backups|cache|lib/(?!dpkg)|local|lock|mail|opt|spool)"
)
CERTIFICATES = "usr/share/ca-certificates/"


def release():
    """Returns the code name of the Debian release of this machine."""
    text = Path("/etc/os-release").read_text("utf-8")
    found = re.search(r"^VERSION_CODENAME=(\S+)$", text, re.M)
    if not re.search(r"^ID=debian$", text, re.M) or not found:
        raise SystemExit("the image is built on Debian: its C library must not be older than the one of the build")
    return found[1]


def apt(*arguments):
    asked = subprocess.run(arguments, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    if asked.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: {asked.stderr.strip()}")
    return asked.stdout


def lock():
    """Writes the lock file: the wanted packages and their dependencies, as apt would install them on an empty disk."""
    planned = apt(
        "apt-get", "--simulate", "--quiet", "-o", "Dir::State::status=/dev/null",
        "-o", "APT::Install-Recommends=false", "install", *WANTED,
    )
    rows = []
    for name, version in re.findall(r"^Inst (\S+) \((\S+) ", planned, re.M):
        if name in SCRIPT_ONLY:
            continue
        stanza = apt("apt-cache", "show", f"{name}={version}")
        field = dict(re.findall(r"^(\S+): (.*)$", stanza.split("\n\n")[0], re.M))
        rows.append([name, version, field["Architecture"], field["SHA256"], field["Size"]])
    head = [
        "# Debian packages of the image; `make image-lock` writes this file. Release: " + release(),
        "# name\tversion\tarchitecture\tSHA-256\tbytes",
    ]
    LOCK.write_text("\n".join(head + ["\t".join(row) for row in sorted(rows)]) + "\n", "utf-8")
    print(f"{LOCK.relative_to(ROOT)}: {len(rows)} packages of {release()}")


def locked():
    """Returns the locked packages, and the release that they are of."""
    text = LOCK.read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [dict(zip(("name", "version", "architecture", "sha256", "bytes"), row)) for row in rows], \
        re.search(r"Release: (\S+)", text)[1]


def fetch(folder=DOWNLOADS):
    """Returns the locked packages, each with the path of its file: from BASE, from the folder, or downloaded."""
    packages, of_release = locked()
    if of_release != release():
        raise SystemExit(f"the lock is of {of_release} and this machine is {release()}: run make image-lock")
    folder.mkdir(parents=True, exist_ok=True)
    own = os.environ.get("BASE", "")
    for package in packages:
        # A colon of a version is written %3a in the name of the file.
        version = package["version"].replace(":", "%3a")
        name = f"{package['name']}_{version}_{package['architecture']}.deb"
        package["file"] = (Path(own).resolve() if own else folder) / name
        if not own and not package["file"].exists():
            download(package, folder)
        verify(package)
    return packages


def download(package, folder):
    wanted = f"{package['name']}={package['version']}"
    # As root, apt would hand the download to a user who may not write into the folder.
    asked = subprocess.run(
        ["apt-get", "download", "--quiet", "-o", "APT::Sandbox::User=root", wanted],
        cwd=folder, capture_output=True, text=True,
    )
    if asked.returncode != 0:
        raise SystemExit(
            f"{wanted} cannot be downloaded ({asked.stderr.strip()}): run `apt-get update`; if the archive no longer "
            "has this version, renew the lock (make image-lock) or name a folder with it (BASE=DIR)"
        )


def verify(package):
    file = package["file"]
    if not file.exists():
        raise SystemExit(f"{file} does not exist")
    content = file.read_bytes()
    if len(content) != int(package["bytes"]) or sha256(content) != package["sha256"]:
        raise SystemExit(f"{file} is not the file of the lock: its SHA-256 is {sha256(content)}")


def control(package):
    """Returns the package's control file as text."""
    return subprocess.run(["dpkg-deb", "--field", package["file"]], capture_output=True, text=True, check=True).stdout


def copyright_texts(packages):
    """Returns the copyright file of each package by its name. Some packages link to the folder of another one."""
    members = {}
    for package in packages:
        members |= {info.name: (info, content) for info, content in data_members(package)}
    texts = {}
    for package in packages:
        folder = f"usr/share/doc/{package['name']}"
        # A chain of links is at most as long as the list of packages.
        for _ in packages:
            info, _ = members.get(folder, (None, b""))
            if info is None or not info.issym():
                break
            folder = os.path.normpath(os.path.join(os.path.dirname(folder), info.linkname))
        if f"{folder}/copyright" not in members:
            raise SystemExit(f"{package['name']} has no copyright file")
        texts[package["name"]] = members[f"{folder}/copyright"][1].decode("utf-8", "replace")
    return texts


def data_members(package):
    """Returns the files of a package with their content, with paths without a leading `./`."""
    packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", package["file"]], capture_output=True, check=True).stdout
    members = []
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for info in archive:
            content = archive.extractfile(info).read() if info.isreg() else b""
            info.name = info.name.removeprefix("./").rstrip("/")
            if info.name not in ("", "."):
                members.append((info, content))
    return members


def base_layer(packages):
    """Returns the layer of the packages, without files that no program in the image reads."""
    layer = Layer()
    for package in packages:
        for info, content in data_members(package):
            if UNREAD.search(info.name) and not is_kept_folder(info):
                continue
            if info.isdir() and info.name in layer.entries:
                continue
            if info.islnk():
                info.linkname = info.linkname.removeprefix("./")
            layer.add(info, content)
    epoch = layer.newest()
    for package in packages:
        layer.file(f"var/lib/dpkg/status.d/{package['name']}", control(package).encode(), epoch)
    bundle = certificates(layer)
    layer.file("etc/ssl/certs/ca-certificates.crt", bundle, epoch)
    return layer


def is_kept_folder(info):
    """Returns true for folders that programs expect."""
    return info.isdir() and info.name in ("var/cache", "var/lib")


def certificates(layer):
    """Returns the bundle that `update-ca-certificates` would make: every certificate of the package."""
    paths = sorted(path for path in layer.entries if path.startswith(CERTIFICATES) and path.endswith(".crt"))
    if not paths:
        raise SystemExit("the package ca-certificates holds no certificate")
    return b"".join(layer.entries[path][1].rstrip(b"\n") + b"\n" for path in paths)


def main():
    if sys.argv[1:2] == ["lock"]:
        lock()
    elif sys.argv[1:2] == ["fetch"]:
        packages = fetch(Path(sys.argv[2]) if len(sys.argv) > 2 else DOWNLOADS)
        print(f"{len(packages)} packages are as locked")
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
