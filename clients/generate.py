#!/usr/bin/env python3
"""Makes client libraries in Python, TypeScript and Java from the OpenAPI description: `make clients`.

The description is that of the built program, or of a file: `--openapi FILE`. The clients are written to
`target/clients/LANGUAGE`, compiled where the language is compiled, and compared with the golden list of
method names. The generator comes from a pinned package with hashes, in a virtual environment under `target/`.
The last line of output is one JSON object; the exit code is 1 if a client is not as it must be.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

CLIENTS = pathlib.Path(__file__).resolve().parent
ROOT = CLIENTS.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# Files of a language with the methods of its client, and how a method looks there.
METHODS = {
    "python": ("ledgerline_client/api/*.py", r"^    def (\w+)\($"),
    "typescript": ("src/apis/*.ts", r"^    async (\w+)\("),
    "java": ("src/main/java/ledgerline/client/api/*.java", r"^  public \S.* (\w+)\(.*throws ApiException \{$"),
}


def run(*command, cwd=None):
    """Runs a program; its output is shown only if it fails."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write((done.stdout + done.stderr)[-4000:])
        raise SystemExit(f"{pathlib.Path(str(command[0])).name} ended with {done.returncode}")
    return done.stdout


def environment(requirements, place):
    """Returns the Python of a virtual environment with the pinned packages; made once for each list."""
    python, mark = place / "bin/python", place / "installed"
    wanted = requirements.read_text()
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(place, ignore_errors=True)
        run(sys.executable, "-m", "venv", place)
        run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", requirements)
        mark.write_text(wanted)
    return python


def node_modules(place):
    """Installs the TypeScript compiler of the lock file, once for each lock file."""
    mark, lock = place / "installed", CLIENTS / "typescript/package-lock.json"
    if not mark.exists() or mark.read_text() != lock.read_text():
        place.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CLIENTS / "typescript" / name, place)
        run("npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", cwd=place)
        mark.write_text(lock.read_text())
    return place / "node_modules"


def served_description(program):
    """Returns the description that a program serves, started on an empty directory without a trunk."""
    with tempfile.TemporaryDirectory() as folder:
        serve = [program, "serve", "--data", folder, "--http", "127.0.0.1:0"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
            try:
                if not any(re.match(r"ready +yes", line) for line in server.stdout):
                    raise SystemExit(f"{program} does not become ready")
                url = json.loads(pathlib.Path(folder, "server.json").read_text())["url"].rstrip("/")
                with urllib.request.urlopen(f"{url}/api/v1/openapi.json") as reply:
                    return json.load(reply)
            finally:
                server.terminate()


def without_defaults(value):
    """Removes the defaults of members, but not members of that name.

    The server fills in what a request leaves out. A client with defaults of its own would send those of the
    day on which it was made; and defaults that are objects become code that does not compile.
    """
    if isinstance(value, dict):
        return {
            name: {key: without_defaults(member) for key, member in inner.items()}
            if name == "properties" and isinstance(inner, dict)
            else without_defaults(inner)
            for name, inner in value.items()
            if name != "default"
        }
    return [without_defaults(one) for one in value] if isinstance(value, list) else value


def generate(language, jar, description, out):
    """Writes the client of a language."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    options = (CLIENTS / language / "generator.yaml").read_text()
    chosen = out.with_suffix(".yaml")
    chosen.write_text(options.replace("TEMPLATES", str(CLIENTS / "java/templates")))
    run("java", "-jar", jar, "generate", "-i", description, "-c", chosen, "-o", out)


def compile_client(language, jar, out):
    """Compiles a client; returns the program and arguments with which a program finds it."""
    if language == "python":
        run(sys.executable, "-m", "compileall", "-q", out / "ledgerline_client")
    elif language == "typescript":
        compiler = node_modules(TARGET / "clients/node") / "typescript/bin/tsc"
        made = ("--outDir", out / "dist", "--module", "commonjs", "--target", "es2022", "--lib", "es2022,dom")
        run("node", compiler, *made, "--skipLibCheck", "--declaration", out / "src/index.ts")
    else:
        sources = sorted(str(path) for path in (out / "src/main/java").rglob("*.java"))
        listed = out / "sources"
        listed.write_text("".join(f'"{path}"\n' for path in sources))
        # The generator's own archive contains the Jackson that the client uses.
        run("javac", "-nowarn", "-encoding", "UTF-8", "-cp", jar, "-d", out / "classes", f"@{listed}")


def missing_methods(language, out):
    """Returns the golden names of methods that a client lacks."""
    files, pattern = METHODS[language]
    found = set()
    for path in out.glob(files):
        found.update(re.findall(pattern, path.read_text(), re.MULTILINE))
    rows = [line.split("\t") for line in (CLIENTS / "method_names.tsv").read_text().splitlines()]
    column = rows[0].index(language)
    return [row[column] for row in rows[1:] if row[column] not in found]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--openapi", metavar="FILE", help="a description; default: that of the built program")
    parser.add_argument("--program", default=str(TARGET / "debug/ledgerline"), help="the built program")
    parser.add_argument("--out", default=str(TARGET / "clients"), help="the folder of the clients")
    parser.add_argument("languages", nargs="*", default=list(METHODS), metavar="LANGUAGE")
    chosen = parser.parse_args()
    for program in ("java", "javac", "node", "npm"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is missing: apt-get install openjdk-17-jdk-headless nodejs npm")
    python = environment(CLIENTS / "requirements.txt", TARGET / "clients/generator")
    jar = next((python.parent.parent / "lib").rglob("openapi-generator.jar"))
    out = pathlib.Path(chosen.out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    if chosen.openapi:
        document = json.loads(pathlib.Path(chosen.openapi).read_text())
    else:
        document = served_description(chosen.program)
    description = out / "openapi.json"
    description.write_text(json.dumps(without_defaults(document), ensure_ascii=False))
    missing = {}
    for language in chosen.languages:
        place = out / language
        generate(language, jar, description, place)
        compile_client(language, jar, place)
        missing[language] = missing_methods(language, place)
    holds = not any(missing.values())
    print(json.dumps({"clients": chosen.languages, "out": str(out), "jar": str(jar), "missing": missing}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
