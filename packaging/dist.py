"""Makes the files of a release: tarball, Debian package, bill of materials, licences, checksums.

    dist.py [--binary FILE] [--out DIR]

Without --binary it builds the program first (packaging/build.sh). Written to DIR (default: target/dist):
ledgerline-VERSION-amd64.tar.gz, ledgerline_VERSION_amd64.deb, ledgerline-VERSION.cdx.json,
ledgerline-VERSION-THIRD-PARTY-LICENSES.txt and SHA256SUMS; also the archive of target/image, if that image has the
same program.
Equal programs give equal files. Prints one JSON line.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import documents
from layer import Layer, compress, sha256
from release_version import ROOT, version
from source_date import source_date_epoch

PACKAGING = ROOT / "packaging"
SCRIPTS = ("postinst", "prerm", "postrm")
CONFIGURATION = "etc/ledgerline/ledgerline.toml"


def required_glibc(binary):
    """Returns the newest version of the C library that the program uses a symbol of."""
    listed = subprocess.run(["readelf", "--version-info", "--wide", binary], capture_output=True, text=True, check=True)
    found = re.findall(r"Name: GLIBC_(\d+)\.(\d+)", listed.stdout)
    if not found:
        raise SystemExit(f"{binary} uses no symbol of the C library; it is not the program of a release")
    return "{}.{}".format(*max((int(major), int(minor)) for major, minor in found))


def generated(binary):
    """Returns the manual pages and shell completions by their path, as the program writes them."""
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([binary, "man", folder], check=True, stdout=subprocess.DEVNULL)
        for page in sorted(Path(folder).iterdir()):
            files[f"usr/share/man/man1/{page.name}.gz"] = compress(page.read_bytes())
    places = {
        "bash": "usr/share/bash-completion/completions/ledgerline",
        "zsh": "usr/share/zsh/vendor-completions/_ledgerline",
        "fish": "usr/share/fish/vendor_completions.d/ledgerline.fish",
    }
    for shell, place in places.items():
        asked = subprocess.run([binary, "completions", shell], check=True, capture_output=True)
        files[place] = asked.stdout
    return files


def release_files(binary, texts):
    """Returns every file of the packages by its path, with its content and mode."""
    files = {path: (content, 0o644) for path, content in generated(binary).items()}
    files["usr/bin/ledgerline"] = (binary.read_bytes(), 0o755)
    files[CONFIGURATION] = ((PACKAGING / "ledgerline.toml").read_bytes(), 0o640)
    files["usr/lib/systemd/system/ledgerline.service"] = (
        (PACKAGING / "systemd/ledgerline.service").read_bytes(), 0o644,
    )
    for name, content in texts.items():
        files[f"usr/share/doc/ledgerline/{name}"] = (content, 0o644)
    # Debian's name for the licence of a package.
    files["usr/share/doc/ledgerline/copyright"] = (texts["LICENSE"], 0o644)
    files["usr/share/doc/ledgerline/changelog.gz"] = (compress((ROOT / "CHANGELOG.md").read_bytes()), 0o644)
    return files


def write_tarball(path, files, epoch):
    """Writes the tarball: the files of the package below one folder."""
    layer = Layer()
    for name, (content, mode) in files.items():
        layer.file(f"ledgerline-{version()}/{name}", content, epoch, mode=mode)
    path.write_bytes(compress(layer.tar()))


def write_deb(path, files, glibc, epoch):
    """Writes the Debian package with dpkg-deb, which takes all times from SOURCE_DATE_EPOCH."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "package"
        for name, (content, mode) in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            file.chmod(mode)
        (root / "DEBIAN").mkdir()
        size = sum((len(content) + 1023) // 1024 for content, _ in files.values())
        control = (PACKAGING / "deb/control.in").read_text("utf-8")
        # A tilde sorts a pre-release before its release.
        filled = {"VERSION": version().replace("-", "~"), "SIZE": str(size), "GLIBC": glibc}
        for key, value in filled.items():
            control = control.replace(f"@{key}@", value)
        (root / "DEBIAN/control").write_text(control, "utf-8")
        (root / "DEBIAN/conffiles").write_text(f"/{CONFIGURATION}\n", "utf-8")
        for script in SCRIPTS:
            shutil.copy(PACKAGING / "deb" / script, root / "DEBIAN")
            (root / "DEBIAN" / script).chmod(0o755)
        write_md5sums(root, files)
        for entry in [root, *root.rglob("*")]:
            if entry.is_dir():
                entry.chmod(0o755)
        subprocess.run(
            # One thread: the blocks of several depend on their number.
            ["dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zxz", "-z3", "--build", root, path],
            check=True, stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        )


def write_md5sums(root, files):
    """Writes the checksums that `dpkg --verify` and debsums compare; dpkg has no other kind."""
    listed = subprocess.run(
        ["md5sum", "--", *sorted(name for name in files if name != CONFIGURATION)],
        cwd=root, capture_output=True, check=True,
    )
    (root / "DEBIAN/md5sums").write_bytes(listed.stdout)


def make(binary, out, texts, images):
    """Makes the files in `out`. Returns the line that describes them."""
    epoch = source_date_epoch()
    number = version()
    files = release_files(binary, texts)
    glibc = required_glibc(binary)
    out.parent.mkdir(parents=True, exist_ok=True)
    # Written aside and renamed: an interrupted build leaves the old release.
    with tempfile.TemporaryDirectory(dir=out.parent) as aside:
        fresh = Path(aside) / "dist"
        fresh.mkdir()
        write_tarball(fresh / f"ledgerline-{number}-amd64.tar.gz", files, epoch)
        write_deb(fresh / f"ledgerline_{number}_amd64.deb", files, glibc, epoch)
        (fresh / f"ledgerline-{number}.cdx.json").write_bytes(texts[documents.BILL])
        (fresh / f"ledgerline-{number}-{documents.TEXTS}").write_bytes(texts[documents.TEXTS])
        for image in images:
            shutil.copy(image, fresh)
        sums = {file.name: sha256(file.read_bytes()) for file in sorted(fresh.iterdir())}
        lines = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
        (fresh / "SHA256SUMS").write_text(lines, "utf-8")
        shutil.rmtree(out, ignore_errors=True)
        fresh.rename(out)
    return {"release": number, "glibc": glibc, "program_bytes": len(files["usr/bin/ledgerline"][0]), "files": sums}


def images_of(binary):
    """Returns the archive of target/image if it has this program; an older one is left out."""
    folder = ROOT / "target/image"
    described = folder / "image.json"
    if not described.exists() or json.loads(described.read_text())["program_sha256"] != sha256(binary.read_bytes()):
        return []
    return [folder / f"ledgerline-{version()}-image.tar"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--binary", type=Path, help="the program; default: built by packaging/build.sh")
    arguments.add_argument("--out", type=Path, default=ROOT / "target/dist")
    arguments.add_argument("--documents", type=Path, help="folder of documents.py; default: made now")
    given = arguments.parse_args()
    binary = given.binary
    if binary is None:
        subprocess.run(["bash", PACKAGING / "build.sh"], check=True)
        binary = ROOT / "target/packaging/ledgerline"
    texts = documents.of_folder(given.documents) if given.documents else documents.all_documents()
    print(json.dumps(make(binary.resolve(), given.out, texts, images_of(binary))))


if __name__ == "__main__":
    main()
