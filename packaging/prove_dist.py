"""Proof of the release files: equal from two checkouts, installable, with a valid unit.

    prove_dist.py        BINARY=FILE takes a program that is built; otherwise profile `shipped` is built twice

Holds: two checkouts in different folders give equal files (diffoscope shows a difference); SHA256SUMS is right;
every part of the bill of materials has a licence, and the licences have a text; in a debootstrap root the
Debian package installs, keeps a changed conffile over an upgrade, and a purge keeps /var/lib/ledgerline; the
unit passes `systemd-analyze verify` and has an exposure of at most 2.0; the program sends READY=1 when
/readyz answers 200, WATCHDOG=1, and STOPPING=1 on SIGTERM, and ends with 0. Prints one JSON line.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import debian_base
import documents
from proof_tools import Findings, HUNG_SECONDS, Process, install, require, run
from release_version import ROOT, version

# systemd's exposure times ten.
EXPOSURE_MAX = 20
PROGRAMS = {
    "debootstrap": "debootstrap", "dpkg-deb": "dpkg", "systemd-analyze": "systemd", "readelf": "binutils",
    "npm": "npm", "fakeroot": "fakeroot",
}
# What the package depends on, and what its unit names: systemd's own targets, and kill.
INCLUDED = "adduser,ca-certificates,libgcc-s1,procps,systemd,tzdata"


def two_checkouts(findings, folder):
    """Makes the release in two clones of the present commit. Returns the folder of the first."""
    binary = os.environ.get("BINARY", "")
    commit = run("git", "-C", ROOT, "rev-parse", "HEAD").strip()
    made, lines = [], []
    for name in ("one", "another/folder/with a blank"):
        clone = folder / name / "ledgerline"
        run("git", "clone", "--quiet", "--no-local", "--no-checkout", ROOT, clone)
        # A commit made meanwhile must not look like a difference of the build.
        run("git", "-C", clone, "checkout", "--quiet", "--detach", commit)
        surroundings = {**os.environ, "CARGO_TARGET_DIR": str(clone / "target"), "BASE": str(debian_base.DOWNLOADS)}
        more = []
        if binary:
            surroundings["BINARY"] = str(Path(binary).resolve())
            # The quick form: the bill of materials and the licences are made once.
            texts = folder / "documents"
            if not texts.exists():
                run(sys.executable, ROOT / "packaging/documents.py", "write", texts)
            more = ["--documents", texts]
        lines.append(json.loads(run(sys.executable, clone / "packaging/dist.py", *more, env=surroundings).splitlines()[-1]))
        made.append(clone / "target/dist")
    findings.line |= {"built": not binary, "files": lines[0]["files"], "program_bytes": lines[0]["program_bytes"]}
    if not findings.hold(lines[0] == lines[1], f"two checkouts differ: {lines}"):
        show_difference(made)
    return made[0]


def show_difference(made):
    """Prints where two releases differ, to standard error."""
    install("diffoscope-minimal")
    names = [file.name for file in sorted(made[0].iterdir()) if file.read_bytes() != (made[1] / file.name).read_bytes()]
    for name in names if shutil.which("diffoscope") else []:
        limits = ["--exclude-directory-metadata=yes", "--max-report-size=20000", "--max-page-size=20000"]
        subprocess.run(["diffoscope", *limits, made[0] / name, made[1] / name], stdout=sys.stderr)


def check_documents(findings, release):
    """Checks the checksums, the bill of materials and the licences."""
    run("sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS", cwd=release)
    bill = json.loads((release / f"ledgerline-{version()}.cdx.json").read_text("utf-8"))
    parts = bill["components"]
    lacking = [part["purl"] for part in parts if not part.get("licenses")]
    findings.hold(not lacking, f"without a licence: {lacking}")
    kinds = sorted({part["purl"].split(":")[1].split("/")[0] for part in parts})
    findings.hold(kinds == ["cargo", "deb", "generic", "npm"], f"the bill has parts of {kinds}")
    texts = (release / f"ledgerline-{version()}-{documents.TEXTS}").read_text("utf-8")
    required = [part for part in parts if part["scope"] == "required"]
    # A section names its packages as `NAME VERSION (KIND): FILE`.
    silent = [part["purl"] for part in required if f"\n{part['name']} {part['version']} (" not in texts]
    findings.hold(not silent, f"without a text: {silent[:5]}")
    findings.line |= {"parts": len(parts), "required_parts": len(required)}


def root_file_system(folder):
    """Makes a small Debian by debootstrap, or unpacks the one that an earlier run made."""
    kept = ROOT / f"target/packaging/debootstrap-{debian_base.release()}-systemd.tar"
    root = folder / "root"
    if kept.exists():
        root.mkdir()
        run("tar", "--extract", "--file", kept, "--directory", root)
        return root
    run("debootstrap", "--variant=minbase", f"--include={INCLUDED}", debian_base.release(), root)
    kept.parent.mkdir(parents=True, exist_ok=True)
    run("tar", "--create", "--file", kept, "--directory", root, ".")
    return root


def next_version(deb, folder):
    """Returns the package with a higher version, as an upgrade."""
    unpacked, upgraded = folder / "unpacked", folder / "upgrade.deb"
    run("dpkg-deb", "--raw-extract", deb, unpacked)
    control = unpacked / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", "Version: 99.0.0", control.read_text(), flags=re.M))
    run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", unpacked, upgraded)
    return upgraded


def package_lifecycle(findings, release, folder):
    """Installs, upgrades and purges the package in a root of its own."""
    root = root_file_system(folder)
    deb = next(release.glob("*.deb"))
    shutil.copy(deb, root / "first.deb")
    shutil.copy(next_version(deb, folder), root / "second.deb")

    def inside(*arguments):
        return run("chroot", root, *arguments, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                                                    "DEBIAN_FRONTEND": "noninteractive"})

    inside("dpkg", "--install", "/first.deb")
    findings.hold(f"ledgerline {version()}" in inside("ledgerline", "--version"), "the installed program does not run")
    findings.hold(not inside("dpkg", "--verify", "ledgerline"), "installed files differ from the package")
    expected = {
        "/var/lib/ledgerline": "700 ledgerline ledgerline", "/etc/ledgerline": "750 root ledgerline",
        "/etc/ledgerline/ledgerline.toml": "640 root ledgerline", "/usr/bin/ledgerline": "755 root root",
        "/usr/lib/systemd/system/ledgerline.service": "644 root root",
    }
    for path, owner in expected.items():
        found = inside("stat", "--format", "%a %U %G", path).strip()
        findings.hold(found == owner, f"{path} is {found}, not {owner}")
    check_unit(findings, root)
    configuration = root / "etc/ledgerline/ledgerline.toml"
    configuration.write_text(configuration.read_text() + "# changed by the operator\n")
    (root / "var/lib/ledgerline/kept").write_text("data")
    inside("dpkg", "--install", "/second.deb")
    findings.hold("changed by the operator" in configuration.read_text(), "an upgrade replaces the changed conffile")
    inside("dpkg", "--remove", "ledgerline")
    findings.hold(configuration.exists(), "a removal takes the configuration")
    inside("dpkg", "--purge", "ledgerline")
    left = [path for path in ("/usr/bin/ledgerline", "/etc/ledgerline") if (root / path[1:]).exists()]
    findings.hold(not left, f"a purge leaves {left}")
    findings.hold((root / "var/lib/ledgerline/kept").read_text() == "data", "a purge removes the data")


def check_unit(findings, root):
    """Checks the installed unit with systemd's own tools."""
    unit = root / "usr/lib/systemd/system/ledgerline.service"
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--root={root}", "ledgerline.service"], capture_output=True, text=True,
    )
    findings.hold(verified.returncode == 0 and not verified.stderr.strip(), f"systemd-analyze verify: {verified.stderr}")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", unit],
        capture_output=True, text=True,
    )
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)
    findings.line["exposure"] = float(exposure[1]) if exposure else None
    findings.hold(judged.returncode == 0, f"systemd-analyze security: {judged.stdout[-200:]}{judged.stderr}")
    pages = list((root / "usr/share/man/man1").glob("ledgerline*.1.gz"))
    findings.hold(len(pages) > 50, f"{len(pages)} manual pages")
    named = re.findall(r"man:(\S+)\(1\)", unit.read_text())
    missing = [name for name in named if not (root / f"usr/share/man/man1/{name}.1.gz").exists()]
    findings.hold(not missing, f"the unit names manual pages that are missing: {missing}")


def notifications(findings, release, folder):
    """Starts the program as systemd does, and listens on the socket of its notifications."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        run("dpkg-deb", "--extract", next(release.glob("*.deb")), place)
        path = str(folder / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
            heard.bind(path)
            heard.settimeout(HUNG_SECONDS)
            surroundings = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "1000000"}
            serve = [Path(place) / "usr/bin/ledgerline", "serve", "--data", folder / "data", "--http", "127.0.0.1:0",
                     "--drain", "5s"]
            server = Process(serve, env=surroundings)
            try:
                said = []
                for wanted in ("READY=1", "WATCHDOG=1", "STOPPING=1"):
                    if wanted == "STOPPING=1":
                        server.child.send_signal(signal.SIGTERM)
                    while wanted not in said:
                        said += heard.recv(8192).decode().split("\n")
                code = server.child.wait(HUNG_SECONDS)
                findings.hold(code == 0, f"SIGTERM: exit code {code}")
                findings.hold("STOPPING=1" not in said[:said.index("READY=1")], f"out of order: {said}")
            except (TimeoutError, subprocess.TimeoutExpired) as hung:
                findings.hold(False, f"notifications: {hung}; said {said}; {server.text()}")
            finally:
                server.kill()


def main():
    require("dist", PROGRAMS)
    findings = Findings("dist")
    debian_base.fetch()
    with tempfile.TemporaryDirectory(prefix="ledgerline-dist-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        release = two_checkouts(findings, folder)
        check_documents(findings, release)
        package_lifecycle(findings, release, folder)
        notifications(findings, release, folder)
    findings.end()


if __name__ == "__main__":
    main()
