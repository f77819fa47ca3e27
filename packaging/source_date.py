"""The time that a build writes into files: the commit's, so that two builds of one commit are equal.

SOURCE_DATE_EPOCH (seconds since 1970) overrides it, and is required where there is no git repository.
"""

import os
import subprocess
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def source_date_epoch():
    """Returns the time in seconds since 1970."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given:
        return int(given)
    asked = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%ct"], capture_output=True, text=True)
    if asked.returncode != 0 or not asked.stdout.strip():
        raise SystemExit("the time of the commit is unknown here: set SOURCE_DATE_EPOCH (seconds since 1970)")
    return int(asked.stdout)


def rfc3339(epoch):
    """Returns the time as text, in UTC."""
    return datetime.fromtimestamp(epoch, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    print(source_date_epoch())
