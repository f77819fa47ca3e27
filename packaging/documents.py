"""The documents of a release: a bill of materials (CycloneDX 1.5) and the texts of all licences.

    documents.py bill               prints the bill of materials
    documents.py write DIR          writes LICENSE, ledgerline.cdx.json and THIRD-PARTY-LICENSES.txt to DIR

Parts are the Rust packages of Cargo.lock, the npm packages of web/package-lock.json, the Rust standard library
and the Debian packages of the image. `scope` is `required` for what the program or the image contains, and
`excluded` for what only builds and tests use. A part without a licence, or without its text, is an error.

Sources of the texts: the folders of the Rust packages that cargo has downloaded, npm packages installed from
the lock file into target/packaging/npm, and the copyright files of the Debian packages.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

import debian_base
from release_version import ROOT, version
from source_date import rfc3339, source_date_epoch

sys.path.insert(0, str(ROOT / "tests"))
from advisories import locked  # noqa: E402

TARGET = "x86_64-unknown-linux-gnu"
NPM = ROOT / "target/packaging/npm"
BILL = "ledgerline.cdx.json"
TEXTS = "THIRD-PARTY-LICENSES.txt"
# Names of files with a licence, a notice or its authors, and how deep they are looked for: packages with C code have
# it in folders of their own.
LICENSE_FILE = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicense|ofl)([-._].*)?$", re.I)
LICENSE_DEPTH_MAX = 4
# A text is larger than this only by mistake.
LICENSE_BYTES_MAX = 400_000
# Packages that declare a licence and contain no text of it get the standard text of packaging/licenses.
STANDARD = ROOT / "packaging/licenses"
# Old spellings of the manifests: a slash between licences, and no operator.
SPELLINGS = {"MIT/Apache-2.0": "MIT OR Apache-2.0", "Apache-2.0/MIT": "Apache-2.0 OR MIT",
             "Unlicense/MIT": "Unlicense OR MIT", "Apache-2.0 / MIT": "Apache-2.0 OR MIT"}
# Titles of texts, for packages that name a file in place of a licence.
TITLES = {"MIT License": "MIT", "The MIT License (MIT)": "MIT"}


def run(*arguments, folder=ROOT):
    asked = subprocess.run(arguments, cwd=folder, capture_output=True, text=True)
    if asked.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))}: {asked.stderr.strip()}")
    return asked.stdout


def cargo():
    return os.environ.get("CARGO", "cargo")


def rust_parts():
    """Returns the Rust packages of registries: each with its folder, licence, checksum and whether it is linked."""
    metadata = json.loads(run(cargo(), "metadata", "--locked", "--format-version", "1", "--all-features"))
    tree = run(cargo(), "tree", "--locked", "--package", "ledgerline-cli", "--all-features", "--edges", "normal",
               "--target", TARGET, "--prefix", "none", "--no-dedupe", "--format", "{p}")
    # A line is `name vVERSION`, and for packages that run in the compiler also `(proc-macro)`.
    linked = {tuple(line.split(" v")[:2]) for line in tree.splitlines() if line and "(proc-macro)" not in line}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text("utf-8"))["package"]
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in lock}
    parts = []
    for package in metadata["packages"]:
        name, number = package["name"], package["version"]
        if package["source"] is None:
            continue
        folder = Path(package["manifest_path"]).parent
        declared = package["license"] or license_of_file(folder / (package["license_file"] or ""))
        parts.append({
            "kind": "cargo", "name": name, "version": number,
            "license": SPELLINGS.get(declared, declared),
            "folder": folder,
            "sha256": checksums.get((name, number)),
            "linked": (name, number) in linked,
        })
    return parts


def license_of_file(file):
    """Returns the licence of a package that names a file in place of a licence, by the title of the text."""
    title = file.read_text("utf-8", "replace").lstrip().splitlines()[0].strip() if file.is_file() else ""
    return TITLES.get(title, "")


def standard_library():
    """Returns the Rust standard library, which is linked into the program."""
    root = Path(run("rustc", "--print", "sysroot").strip())
    number = re.search(r"^release: (\S+)$", run("rustc", "--verbose", "--version"), re.M)[1]
    return {"kind": "generic", "name": "rust-std", "version": number, "license": "MIT OR Apache-2.0",
            "folder": root / "share/doc/rust", "linked": True,
            "files": ["licenses/MIT.txt", "licenses/Apache-2.0.txt"]}


def npm_parts():
    """Returns the npm packages of the console; those that the program contains are installed, without their scripts."""
    lock_file = ROOT / "web/package-lock.json"
    installed = NPM / "package-lock.json"
    if not installed.exists() or installed.read_bytes() != lock_file.read_bytes():
        NPM.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "web/package.json", NPM)
        aside = NPM / "package-lock.json"
        shutil.copy(lock_file, aside)
        try:
            run("npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", folder=NPM)
        except BaseException:
            aside.unlink()
            raise
    parts = []
    for path, package in json.loads(lock_file.read_text("utf-8"))["packages"].items():
        if not path or package.get("link"):
            continue
        parts.append({
            "kind": "npm", "name": package.get("name") or path.rsplit("node_modules/", 1)[-1],
            "version": package["version"], "license": package.get("license", ""), "folder": NPM / path,
            "linked": not package.get("dev", False) and not package.get("devOptional", False),
        })
    return parts


def debian_parts():
    """Returns the Debian packages of the image, each with the text of its copyright file."""
    packages = debian_base.fetch()
    texts = debian_base.copyright_texts(packages)
    parts = []
    for package in packages:
        text = texts[package["name"]]
        # A machine-readable file names each licence; others refer to Debian's copies of the common ones.
        names = re.findall(r"^License:[ \t]*(\S.*)$", text, re.M)
        names = sorted({name.strip() for name in names or re.findall(r"common-licenses/([\w.-]*\w)", text)})
        parts.append({
            "kind": "deb", "name": package["name"], "version": package["version"],
            "license": names or ["see its copyright file"], "text": text, "sha256": package["sha256"],
            "linked": True, "architecture": package["architecture"],
        })
    return parts


def purl(part, release):
    name = part["name"].replace("@", "%40", 1)
    if part["kind"] == "deb":
        number = part["version"].replace("+", "%2B").replace(":", "%3A")
        return f"pkg:deb/debian/{name}@{number}?arch={part['architecture']}&distro={release}"
    return f"pkg:{part['kind']}/{name}@{part['version']}"


def component(part, release):
    """Returns a part as CycloneDX has it."""
    licence = part["license"]
    if isinstance(licence, list):
        licences = [{"license": {"name": name}} for name in licence]
    else:
        licences = [{"expression": licence}]
    described = {
        "type": "library", "bom-ref": purl(part, release), "name": part["name"], "version": part["version"],
        "scope": "required" if part["linked"] else "excluded", "licenses": licences, "purl": purl(part, release),
    }
    if part.get("sha256"):
        described["hashes"] = [{"alg": "SHA-256", "content": part["sha256"]}]
    return described


def bill(parts):
    """Returns the bill of materials. Equal parts give an equal bill."""
    release = debian_base.locked()[1]
    components = {purl(part, release): component(part, release) for part in sorted(parts, key=part_order, reverse=True)}
    components = [components[key] for key in sorted(components)]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True) + version())
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": f"urn:uuid:{serial}", "version": 1,
        "metadata": {
            "timestamp": rfc3339(source_date_epoch()),
            "component": {"type": "application", "bom-ref": "ledgerline", "name": "ledgerline", "version": version(),
                          "licenses": [{"license": {"id": "Apache-2.0"}}]},
        },
        "components": components,
    }


def part_order(part):
    """Order of parts; of two copies of one package, the linked one is kept."""
    return part["kind"], part["name"], part["version"], part["linked"]


def license_texts(part):
    """Returns the texts of a part's licences, by the name of the file."""
    if "text" in part:
        return {"copyright": part["text"]}
    if "files" in part:
        return {name: (part["folder"] / name).read_text("utf-8") for name in part["files"]}
    texts = {}
    for file in sorted(part["folder"].rglob("*")):
        inside = file.relative_to(part["folder"])
        is_named = LICENSE_FILE.match(file.name) and not file.name.endswith((".rs", ".ts", ".js", ".html", ".py"))
        if not is_named or len(inside.parts) > LICENSE_DEPTH_MAX or not file.is_file():
            continue
        if "node_modules" in inside.parts or file.stat().st_size > LICENSE_BYTES_MAX:
            continue
        texts[str(inside)] = file.read_text("utf-8", "replace")
    if not texts:
        texts = standard_texts(part)
    return texts


def standard_texts(part):
    """Returns the standard texts of the licences that a part declares without containing one."""
    names = re.findall(r"[A-Za-z0-9.-]+", part["license"].replace(" OR ", " ").replace(" AND ", " "))
    found = {name: STANDARD / f"{name}.txt" for name in names}
    found["Apache-2.0"] = ROOT / "LICENSE" if "Apache-2.0" in names else found.get("Apache-2.0")
    return {f"{name} (standard text; the package contains none)": file.read_text("utf-8")
            for name, file in found.items() if file and file.exists()}


def third_party_texts(parts):
    """Returns one text with every licence of what the program and the image contain; equal texts are printed once."""
    contained = sorted((part for part in parts if part["linked"]), key=part_order)
    by_text, missing = {}, []
    for part in contained:
        label = f"{part['name']} {part['version']} ({part['kind']})"
        texts = license_texts(part)
        if not texts or not part["license"]:
            missing.append(f"{label}: {part['license'] or 'no licence'}")
        for name, text in texts.items():
            by_text.setdefault(text.replace("\r\n", "\n").strip(), []).append(f"{label}: {name}")
    if missing:
        raise SystemExit("no text of the licence of: " + "; ".join(missing))
    head = (
        "Third-party software in ledgerline and in its container image.\n\n"
        "Each section names the packages and their files, followed by the text. The source of a Debian package is\n"
        "available with `apt-get source NAME=VERSION` from the Debian archive and its snapshots.\n\n"
    )
    head += "".join(f"{part['kind']:8}{part['name']} {part['version']}: {shown(part['license'])}\n" for part in contained)
    rule = "\n" + "=" * 100 + "\n"
    sections = sorted((sorted(set(labels)), text) for text, labels in by_text.items())
    return head + "".join(f"{rule}{chr(10).join(labels)}\n{'-' * 100}\n{text}\n" for labels, text in sections)


def shown(licence):
    return ", ".join(licence) if isinstance(licence, list) else licence


def all_parts():
    return [*rust_parts(), standard_library(), *npm_parts(), *debian_parts()]


def check_complete(parts):
    """Fails if the bill lacks a locked package."""
    have = {({"cargo": "crates.io"}.get(part["kind"], part["kind"]), part["name"], part["version"]) for part in parts}
    lacking = locked(ROOT / "Cargo.lock", ROOT / "web/package-lock.json") - have
    if lacking:
        raise SystemExit(f"the bill of materials lacks {sorted(lacking)}")


def all_documents():
    """Returns the documents of a release by file name."""
    parts = all_parts()
    check_complete(parts)
    return {
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
        BILL: (json.dumps(bill(parts), indent=1, ensure_ascii=False) + "\n").encode(),
        TEXTS: third_party_texts(parts).encode(),
    }


def of_folder(folder):
    """Returns the documents that `write` wrote."""
    return {name: (folder / name).read_bytes() for name in ("LICENSE", BILL, TEXTS)}


def main():
    if sys.argv[1:] == ["bill"]:
        parts = all_parts()
        check_complete(parts)
        print(json.dumps(bill(parts), indent=1, ensure_ascii=False))
    elif sys.argv[1:2] == ["write"] and len(sys.argv) == 3:
        folder = Path(sys.argv[2])
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in all_documents().items():
            (folder / name).write_bytes(content)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
