"""What a call, a row of a list, a question about the past and a simulated day cost: every measurement of
`make bench-cost`, printed as one table, for one build or for two in turn.

    costs.py PROGRAM [--before PROGRAM] [--quick]

Each measurement runs by itself and prints one JSON object; with `--before` the other build runs the same ones
just before, on the same machine in the same minutes. `--quick` takes sizes that say whether it works, not what
it costs. Exits 1 when a measurement failed or could not be read; a figure beyond its target is shown as MISSED.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

# Longest measurement: ten million events, and twenty thousand calls at three hundred a second.
SECONDS_MAX = 7_200


def ratio(name):
    def pick(report):
        found = [one["value"] for one in report["ratios"] if one["name"] == name]
        return found[0] if found else None

    return pick


def per_second(section, engine):
    def pick(report):
        rows = report["rows"]
        found = [r["per_second"] for r in rows if r["section"].startswith(section) and r["engine"] == engine]
        return found[0] if found else None

    return pick


def days_a_minute_and_core(report):
    return report["days"] * 60 / max(report["seconds"], 1) / 2


def of_call(group, processor_ms, kilobytes):
    """The figures of `bench cost` that have a target."""
    return [
        (f"{group}: processor of the server, ms a call", ratio("processor, ms a call"), "<=", processor_ms),
        (
            f"{group}: written without the recording, KB a call",
            ratio("written without the recording, KB a call"),
            "<=",
            kilobytes,
        ),
        (f"{group}: an entity at rest, KB", ratio("an entity at rest, KB"), "<=", 2.0),
        (f"{group}: a finished call leaves, KB", ratio("a finished call leaves, KB"), "<=", 4.0),
        (f"{group}: server afterwards, MB", ratio("server after, MB resident"), "<=", 250.0),
    ]


def measurements(quick):
    calls, busy = ("60", "200") if quick else ("300", "20000")
    events, rows, days = ("20000", "2000", "2") if quick else ("1000000", "50000", "14")
    simulate = ["simulate", "--days", days, "--calls-per-day", "1000", "--seed", "7", "--json", "--views"]
    asked = "campaign, as of yesterday: p99 us"
    return [
        (
            ["cost", "--customers", calls, "--rate", "6", "--json"],
            of_call("6 calls/s", 4.0, 120.0)
            + [("closed window: events a minute", ratio("closed window: events a minute"), "<=", 0.0)],
        ),
        (
            ["cost", "--customers", busy, "--rate", "300", "--waiting", "0", "--json"],
            of_call("300 calls/s", 2.5, 60.0),
        ),
        (
            ["import", "--rows", rows, "--json"],
            [
                ("import, rows/s durable", ratio("import, rows a second"), ">=", 20_000.0),
                (
                    "import, rows/s until all views have them",
                    ratio("until all views have them, rows a second"),
                    None,
                    None,
                ),
                ("the store alone, rows/s", ratio("the store alone, rows a second"), None, None),
            ],
        ),
        (
            ["project", "--events", events, "--json"],
            [("all views catching up, events/s", per_second("all views", "catch-up"), ">=", 60_000.0)],
        ),
        (
            ["query", "--as-of", "--json"],
            [("a campaign as of yesterday, p99 us", ratio(asked), "<=", 500_000.0)],
        ),
        (
            [*simulate, "all"],
            [("simulate, all views: days/min/core of two", days_a_minute_and_core, ">=", 50.0)],
        ),
        (
            [*simulate, "worklist"],
            [("simulate, worklist: days/min/core of two", days_a_minute_and_core, ">=", 100.0)],
        ),
        (
            ["calls", "--concurrent", "100", "--seconds", "10" if quick else "30", "--json"],
            [
                (
                    "two-way G.711, % of a core a call",
                    lambda report: report["cpu_us_per_call_second"] / 10_000,
                    "<=",
                    0.072,
                ),
                ("RTP packets lost", lambda report: report["rtp_lost"], "<=", 0),
            ],
        ),
    ]


def command_of(program, arguments):
    """The command line of a measurement: `ledgerline-bench` beside PROGRAM; an older build had `ledgerline bench`."""
    if arguments[0] == "simulate":
        return [program, *arguments]
    bench = Path(program).with_name("ledgerline-bench")
    return [bench, *arguments] if bench.exists() else [program, "bench", *arguments]


def measured(program, arguments):
    """The report of one measurement; None, and what it said, when it failed."""
    with tempfile.TemporaryFile("w+") as said:
        ran = subprocess.run(
            command_of(program, arguments), stdout=subprocess.PIPE, stderr=said, text=True, timeout=SECONDS_MAX, check=False
        )
        if ran.returncode == 0:
            return json.loads(ran.stdout.strip().splitlines()[-1])
        said.seek(0)
        print(f"{' '.join(arguments)}: exit {ran.returncode}\n{said.read()[-2000:]}", file=sys.stderr)
        return None


def of_other(program, other, command):
    """What another build comes to; with this one's eyes, where they look at a server from outside."""
    if command[0] in ("cost", "import"):
        return measured(program, [*command, "--program", other])
    return measured(other, command)


def shown(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def verdict(value, relation, target):
    if relation is None:
        return ""
    if value is None:
        return "not measured"
    is_met = value >= target if relation == ">=" else value <= target
    return "ok" if is_met else "MISSED"


def main(arguments):
    before = arguments[arguments.index("--before") + 1] if "--before" in arguments else None
    program, quick = arguments[0], "--quick" in arguments
    print(f"load {Path('/proc/loadavg').read_text().split()[0]}")
    print(f"{'what':<52} {'before':>12} {'now':>12}  {'to reach':<12} verdict")
    failed, figures = False, []
    for command, wanted in measurements(quick):
        earlier = before and of_other(program, before, command)
        report = measured(program, command)
        failed |= report is None
        for name, pick, relation, target in wanted:
            old, new = (one and pick(one) for one in (earlier, report))
            to_reach = "" if relation is None else f"{relation} {shown(target)}"
            said = verdict(new, relation, target)
            print(f"{name:<52} {shown(old):>12} {shown(new):>12}  {to_reach:<12} {said}", flush=True)
            figures.append({"name": name, "before": old, "now": new, "target": to_reach, "verdict": said})
    print(json.dumps(figures))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
