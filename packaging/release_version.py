"""The version of the release, as the workspace's manifest has it."""

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def version():
    """Returns the version, such as 0.1.0."""
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text("utf-8"))
    return manifest["workspace"]["package"]["version"]


def revision():
    """Returns the commit that is checked out; an empty text without a git repository."""
    asked = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True)
    return asked.stdout.strip() if asked.returncode == 0 else ""


if __name__ == "__main__":
    print(version())
