"""Whether a part of ours is past its time to mend: the locked parts beside a list of known weaknesses.

    advisories.py [--list FILE|FOLDER] [--at DATE]

The list is what OSV publishes of an ecosystem (crates.io, npm): JSON records of the OSV format, one a file, or an
array of them, or one a line. Nothing is fetched: the caller brings the list, which must not be older than two
weeks. A weakness that reaches a locked version is past its time when it was published longer ago than
docs/reference/security-inventory.md grants: 7 days where it is critical, 30 where it is high or nothing is said, else
90; one that is in docs/reference/accepted-advisories.tsv is not counted until the day named there. The day on which
the inventory was looked through must not be longer ago than a quarter.

First the program is held to fixtures/advisories/ with its known answers. Prints one JSON line; exits 1 when something
is past its time, accepted no longer, or too old to say. Without a list it says SKIPPED and nothing of our parts.
"""

import argparse
import json
import re
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INVENTORY = ROOT / "docs/reference/security-inventory.md"
ACCEPTED = ROOT / "docs/reference/accepted-advisories.tsv"
FIXTURE = ROOT / "fixtures/advisories"
# Days to mend, by how bad it is; what a list does not say is taken for high.
MEND_DAYS = {"CRITICAL": 7, "HIGH": 30, "MODERATE": 90, "MEDIUM": 90, "LOW": 90}
UNSAID_DAYS = 30
# A list that is older knows nothing of the last weeks.
LIST_DAYS_MAX = 14
# Parts are brought up to date, and the inventory looked through, each quarter.
REVIEW_DAYS_MAX = 92


def version_key(text):
    """Order of semantic versions (SemVer 2.0.0, 11): a pre-release comes before its release; builds do not count."""
    core, _, pre = text.split("+")[0].partition("-")
    numbers = tuple(int(part) for part in re.findall(r"\d+", core)[:3])
    numbers += (0,) * (3 - len(numbers))
    parts = [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in pre.split(".")] if pre else []
    return numbers, not pre, parts


def locked(cargo, npm):
    """Every locked part that comes from a registry: ecosystem, name, version."""
    parts = set()
    if cargo.exists():
        for package in tomllib.loads(cargo.read_text("utf-8")).get("package", []):
            if "source" in package:
                parts.add(("crates.io", package["name"], package["version"]))
    if npm.exists():
        for path, package in json.loads(npm.read_text("utf-8")).get("packages", {}).items():
            if path and "version" in package and not package.get("link"):
                parts.add(("npm", package.get("name") or path.rsplit("node_modules/", 1)[-1], package["version"]))
    return parts


def reaches(affected, version):
    """Whether a version is among those that a record names."""
    if version in affected.get("versions", []):
        return True
    for span in affected.get("ranges", []):
        if span.get("type") not in ("SEMVER", "ECOSYSTEM"):
            continue
        inside = False
        for event in span.get("events", []):
            (what, at), = event.items()
            if what == "introduced":
                inside = inside or at == "0" or version_key(version) >= version_key(at)
            elif what == "fixed" and version_key(version) >= version_key(at):
                inside = False
            elif what == "last_affected" and version_key(version) > version_key(at):
                inside = False
        if inside:
            return True
    return False


def records(place):
    """The records of a list, whichever way it is laid out."""
    for file in sorted(place.rglob("*.json")) if place.is_dir() else [place]:
        text = file.read_text("utf-8")
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
        yield from found if isinstance(found, list) else [found]


def day(text):
    return date.fromisoformat(text[:10])


def severity(record):
    said = record.get("database_specific", {}).get("severity")
    for affected in record.get("affected", []):
        said = said or affected.get("database_specific", {}).get("severity")
    return str(said or "").upper()


def compare(parts, list_of, accepted, today):
    """What reaches us, what is past its time, and how old the list is."""
    by_name, reached, past, newest = {}, [], [], None
    for ecosystem, name, version in parts:
        by_name.setdefault((ecosystem, name), []).append(version)
    count = 0
    for record in list_of:
        count += 1
        newest = max(filter(None, [newest, day(record.get("modified", record.get("published", "0001-01-01")))]))
        if "withdrawn" in record:
            continue
        for affected in record.get("affected", []):
            package = affected.get("package", {})
            for version in by_name.get((package.get("ecosystem"), package.get("name")), []):
                if not reaches(affected, version):
                    continue
                one = f"{record['id']} {package['name']} {version}"
                reached.append(one)
                names = {record["id"], *record.get("aliases", [])}
                until = max((accepted[name] for name in names if name in accepted), default=None)
                mend = timedelta(days=MEND_DAYS.get(severity(record), UNSAID_DAYS))
                if (until and today > until) or (not until and today > day(record["published"]) + mend):
                    past.append(one)
    return {"advisories": count, "newest": newest, "reached": sorted(set(reached)), "past": sorted(set(past))}


def accepted_until(text):
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: date.fromisoformat(until) for name, until, why in rows if why.strip()}


def reviewed():
    found = re.search(r"^Looked through: (\d{4}-\d{2}-\d{2})\.", INVENTORY.read_text("utf-8"), re.M)
    return date.fromisoformat(found[1]) if found else date.min


def holds_to_its_fixture():
    """The fixture's answers are known: each case would be wrong by another mistake."""
    expected = json.loads((FIXTURE / "expected.json").read_text("utf-8"))
    parts = locked(FIXTURE / "Cargo.lock", FIXTURE / "package-lock.json")
    accepted = accepted_until((FIXTURE / "accepted.tsv").read_text("utf-8"))
    wrong = []
    for case in expected["at"]:
        found = compare(parts, records(FIXTURE / "osv.json"), accepted, date.fromisoformat(case["day"]))
        for member in ("reached", "past"):
            if found[member] != case[member]:
                wrong.append(f"{case['day']} {member}: {found[member]}, not {case[member]}")
    order = expected["order"]
    if sorted(reversed(order), key=version_key) != order:
        wrong.append(f"versions stand as {sorted(order, key=version_key)}")
    return wrong


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--list", type=Path)
    asked.add_argument("--at", type=date.fromisoformat, default=date.today())
    args = asked.parse_args()
    parts = locked(ROOT / "Cargo.lock", ROOT / "web/package-lock.json")
    faults = [f"the fixture: {one}" for one in holds_to_its_fixture()]
    since = (args.at - reviewed()).days
    if since > REVIEW_DAYS_MAX:
        faults.append(f"the inventory was looked through {since} days ago, more than {REVIEW_DAYS_MAX}")
    result = {"proof": "advisories", "parts": len(parts), "reviewed": str(reviewed())}
    if args.list is None:
        print("SKIPPED: no list of weaknesses was given (LIST=FILE); nothing is said of our parts", file=sys.stderr)
    else:
        found = compare(parts, records(args.list), accepted_until(ACCEPTED.read_text("utf-8")), args.at)
        newest = found["newest"]
        if newest is None or (args.at - newest).days > LIST_DAYS_MAX:
            faults.append(f"the list is of {newest}: older than {LIST_DAYS_MAX} days")
        faults += [f"past its time to mend: {one}" for one in found["past"]]
        result |= {"advisories": found["advisories"], "list_of": str(newest), "reached": found["reached"]}
    print(json.dumps(result | {"skipped": args.list is None, "violations": faults}, ensure_ascii=False))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
