"""What the program itself says of the rendered files: `ledgerline config schema` and `ledgerline config check`."""
import json
import os
import pathlib
import subprocess
import tempfile

import objects

URL = "postgres://ledgerline@db.example.com/ledgerline"
CONTENTS = {"master-key": "0" * 64, "tls": "-", "trunks": "password"}


def schema(program):
    run = subprocess.run([program, "config", "schema"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"`config schema` ends with {run.returncode}: {run.stderr.strip()}")
    return json.loads(run.stdout)


def check(program, documents, values):
    """Runs `config check` on the file of each pod, with files and variables of Secrets as the pod has them."""
    faults = []
    release = objects.Release(documents, values, None)
    variables = {one["name"]: "token" for one in release.container["env"] if "secretKeyRef" in one.get("valueFrom", {})}
    environment = {"PATH": os.environ["PATH"], "LANG": "en_US.UTF-8", **variables}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for file in objects.secret_files(release):
            inside = root / "secrets" / pathlib.Path(file).relative_to(objects.SECRETS)
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.write_text(CONTENTS.get(inside.relative_to(root / "secrets").parts[0], URL))
            inside.chmod(0o440)
        for name, text in objects.of_kind(documents, "ConfigMap")[0]["data"].items():
            file = root / name
            file.write_text(text.replace(objects.SECRETS, str(root / "secrets")))
            command = [program, "config", "check", str(file)]
            run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
            if run.returncode != 0:
                said = (run.stderr or run.stdout).strip().replace(str(root), "")
                faults.append(f"`config check` of {name}: {said}")
    return faults
