"""Checks of the Helm chart: lint, refused values, and every object that accepted values give.

    chart.py CHART PROGRAM [--short]

PROGRAM is the built `ledgerline`, which has the schema of its configuration and checks each rendered file. Prints one
JSON object; `violations` is empty if everything holds.
"""
import argparse
import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import helm_python as helm
import yaml

import config_keys
import objects
import planted
import program

HERE = pathlib.Path(__file__).parent
# Pages with blocks of values, which must be accepted.
PAGES = HERE.parents[2] / "docs/how-to"
# The oldest version that Chart.yaml allows, and the newest that the validator knows.
KUBERNETES = ["1.29", "1.37"]
RELEASE, NAMESPACE = "dial", "calls"
# Objects of operators; Kubernetes itself has no schema for them.
WITHOUT_SCHEMA = {"ServiceMonitor"}


def merge(values, base):
    """Returns the values with those of `base` where they have none."""
    merged = copy.deepcopy(base)
    for key, value in values.items():
        inner = merged.get(key)
        merged[key] = merge(value, inner) if isinstance(value, dict) and isinstance(inner, dict) else value
    return merged


def rendered(chart, values, release=RELEASE):
    """Returns the objects of a release, without its notes."""
    texts = chart.render(values, name=release, namespace=NAMESPACE)
    loaded = (yaml.load_all(text, Loader=yaml.CSafeLoader) for path, text in texts.items() if not path.endswith("NOTES.txt"))
    return [one for documents in loaded for one in documents if one]


def on_pages():
    """Returns the blocks marked `yaml values` of the pages as cases."""
    cases = []
    for page in sorted(PAGES.glob("*.md")):
        blocks = re.findall(r"^```yaml values\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
        cases += [{"name": f"{page.name}, block {number}", "values": yaml.safe_load(block)} for number, block in enumerate(blocks, 1)]
    return cases


def lint(path, values):
    report = helm.lint(path, values, strict=True)
    # An icon would have to be loaded from another host.
    said = [one for one in report["messages"] if one["error"] != "icon is recommended"]
    return [f"lint: {one['path']}: {one['error']}" for one in said] + [f"lint: {one}" for one in report["errors"]]


def validate(documents):
    """Runs `kubernetes-validate --strict` for both versions. Returns the number of validated objects and the faults."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        known = [one for one in documents if one["kind"] not in WITHOUT_SCHEMA]
        yaml.dump_all(known, file, Dumper=yaml.CSafeDumper)
        file.flush()
        versions = [part for version in KUBERNETES for part in ("--kubernetes-version", version)]
        command = [sys.executable, "-m", "kubernetes_validate", "--strict", *versions, file.name]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = run.stdout.splitlines() + run.stderr.splitlines()
    passed = sum(line.startswith("INFO ") and " passed " in line for line in lines)
    faults = [line for line in lines if not line.startswith("INFO ")]
    if passed != len(known) * len(KUBERNETES) and not faults:
        faults.append(f"{passed} of {len(known) * len(KUBERNETES)} validations passed")
    return passed, faults


def check_refused(chart, cases):
    """Returns a fault for each case that the chart accepts, or refuses for another reason."""
    base = {"keys": {"masterKeySecret": "k"}}
    faults = []
    for case in cases:
        values = merge(case["values"], base)
        try:
            chart.render(values, name=RELEASE, namespace=NAMESPACE)
            faults.append(f"accepted: {case['name']}")
        except helm.HelmError as error:
            if case["message"] not in str(error):
                faults.append(f"{case['name']}: {case['message']!r} is not in {str(error)!r}")
    try:
        chart.render(base, name=RELEASE, namespace=NAMESPACE)
    except helm.HelmError as error:
        faults.append(f"values without a fault are refused: {error}")
    return faults


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("chart")
    arguments.add_argument("program")
    arguments.add_argument("--short", action="store_true")
    options = arguments.parse_args()
    schema = program.schema(options.program)
    accepted = yaml.safe_load((HERE / "accepted.yaml").read_text())
    refused = yaml.safe_load((HERE / "refused.yaml").read_text())
    violations, checked, validated = [], 0, 0
    with helm.Chart.load(options.chart) as chart:
        violations += config_keys.compare(chart.schema, schema)
        violations += check_refused(chart, refused)
        pages = on_pages()
        if not pages:
            violations.append("no page has a block of values")
        for case in accepted + pages:
            documents = rendered(chart, case["values"])
            values = chart.merge_values(case["values"])
            faults = objects.check(documents, values, schema)
            checked += len(documents)
            if case.get("short") or not options.short:
                passed, invalid = validate(documents)
                validated += passed
                faults += invalid + lint(options.chart, case["values"])
                faults += program.check(options.program, documents, values)
                if rendered(chart, case["values"]) != documents:
                    faults.append("two renderings differ")
                # The longest name of a release that Helm allows.
                faults += objects.check_names(rendered(chart, case["values"], release="r" * 53))
            violations += [f"{case['name']}: {fault}" for fault in faults]
        found, missed = planted.search(chart, accepted, schema, rendered)
        violations += [f"planted fault not found: {name}" for name in missed]
    print(json.dumps({
        "helm": helm.helm_sdk_version(), "kubernetes": KUBERNETES, "values_on_pages": len(pages), "objects": checked, "validations": validated,
        "refused": len(refused), "planted_faults_found": found, "violations": violations,
    }))


if __name__ == "__main__":
    main()
