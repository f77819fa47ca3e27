"""Proof of the container image, with the checks of other people's tools.

    prove_image.py        BINARY=FILE takes a program that is built; otherwise profile `shipped` is built first

Holds: two builds have equal digests and at most 80 MB compressed; skopeo and umoci read both forms; the image
starts as user 10001 on a read-only root where only /data can be written, and is ready within 30 s; it refuses
a volume of another user with the remedy; `ready` and `doctor` work in it; behind address translation a browser
in another network namespace signs in over the self-signed certificate and is refused over plain HTTP; 20 calls
have audio both ways by the advertised address; SIGTERM ends it with 0.

The engine is named in the line: docker or podman if one runs here, else bwrap alone. Prints one JSON line.
"""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

from image import COMPRESSED_BYTES_MAX, USER
from proof_tools import Findings, HUNG_SECONDS, Process, connect, install, namespaces, require, run
from release_version import ROOT, version

READY_SECONDS_MAX = 30
CALLS = 20
# The public address of the router, which carrier and browser use, and the private one of the server behind it.
PUBLIC, PRIVATE, OUTSIDE = "203.0.113.10", "10.77.0.2", "203.0.113.50"
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
ENGINES = ("docker", "podman")
NAME = f"ledgerline:{version()}"
PROGRAMS = {
    "umoci": "umoci", "skopeo": "skopeo", "bwrap": "bubblewrap", "ip": "iproute2", "nft": "nftables",
    "setpriv": "util-linux", "faketime": "faketime", "chromium": "chromium", "node": "nodejs", "npm": "npm",
    "strip": "binutils",
}


def build_twice(findings, folder):
    """Builds the image twice, in different surroundings. Returns the folder of the first."""
    subprocess.run(["bash", ROOT / "packaging/build.sh"], check=True)
    texts = folder / "documents"
    run(sys.executable, ROOT / "packaging/documents.py", "write", texts)
    surroundings = [({}, 0o022, ROOT), ({"TZ": "Pacific/Auckland", "LC_ALL": "C", "HOME": str(folder)}, 0o077, folder)]
    lines = []
    for number, (more, umask, place) in enumerate(surroundings):
        command = [
            sys.executable, ROOT / "packaging/image.py", "--binary", ROOT / "target/packaging/ledgerline",
            "--documents", texts, "--out", folder / f"image{number}",
        ]
        lines.append(json.loads(run(*command, env={**os.environ, **more}, umask=umask, cwd=place)))
    findings.line |= {"built": not os.environ.get("BINARY"), "digest": lines[0]["digest"],
                      "compressed_bytes": lines[0]["compressed_bytes"]}
    findings.hold(lines[0] == lines[1], f"two builds differ: {lines}")
    findings.hold(lines[0]["compressed_bytes"] <= COMPRESSED_BYTES_MAX, "the image is larger than 80 MB compressed")
    return folder / "image0"


def read_with_other_tools(findings, image, folder):
    """Reads both forms with skopeo, and unpacks the layout with umoci. Returns the root file system."""
    layout, archive = f"oci:{image}/oci:{version()}", f"docker-archive:{image}/ledgerline-{version()}-image.tar"
    configurations = [json.loads(run("skopeo", "inspect", "--config", form)) for form in (layout, archive)]
    findings.hold(configurations[0] == configurations[1], "the two forms have different configurations")
    config = configurations[0]["config"]
    findings.hold(config["User"] == f"{USER}:{USER}" and config["Volumes"] == {"/data": {}}, f"configuration: {config}")
    # Other tools recompute every digest on their way.
    run("skopeo", "copy", layout, f"dir:{folder}/copied")
    run("skopeo", "copy", archive, f"dir:{folder}/copied-archive")
    run("umoci", "unpack", "--image", f"{image}/oci:{version()}", folder / "bundle")
    # The user of the image must reach its own root.
    (folder / "bundle").chmod(0o755)
    return folder / "bundle/rootfs", config


def find_engine(image):
    """Returns the command line of a container engine that runs programs of the image here; None without one."""
    if not any(shutil.which(name) for name in ENGINES):
        install("podman", "runc")
    for engine in (["docker"], ["podman"], ["podman", "--runtime", "runc"]):
        archive = image / f"ledgerline-{version()}-image.tar"
        tried = [
            [*engine, "load", "--input", archive],
            [*engine, "run", "--rm", *limits(), "--entrypoint", "/usr/bin/espeak-ng", NAME, "--version"],
        ]
        if shutil.which(engine[0]) and all(
            subprocess.run([str(part) for part in command], capture_output=True).returncode == 0 for command in tried
        ):
            return engine
    return None


def limits():
    """Returns the options of `run` for a machine that may not raise limits and has no systemd for health checks."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return ["--read-only", "--no-healthcheck", "--ulimit", f"nofile={files}:{files}", "--ulimit", "nproc=4096:4096"]


def try_engine(findings, engine):
    """Runs the image with a container engine, as INSTALL describes it: one port, nothing else."""
    name = f"ledgerline-proof-{os.getpid()}"
    try:
        run(*engine, "run", "--detach", *limits(), "--name", name, "--publish", "127.0.0.1:18080:8080", NAME)
        logs = Process([*engine, "logs", "--follow", name])
        ready = [*engine, "exec", name, "/usr/bin/ledgerline", "ready", "--data", "/data"]
        is_up = logs.wait_for(is_ready, READY_SECONDS_MAX) and subprocess.run(ready, capture_output=True).returncode == 0
        findings.hold(is_up, f"{engine}: not ready within {READY_SECONDS_MAX} s: {logs.text()}")
        logs.kill()
        with urllib.request.urlopen("http://127.0.0.1:18080/", timeout=HUNG_SECONDS) as page:
            findings.hold(page.status == 200, f"{engine}: / answers {page.status}")
        said = subprocess.run([*engine, "logs", name], capture_output=True, text=True)
        links = (said.stdout + said.stderr).count("/set-up#")
        findings.hold(links == 1, f"{engine}: {links} set-up links in the log")
        run(*engine, "stop", "--time", "60", name)
        code = run(*engine, "inspect", "--format", "{{.State.ExitCode}}", name).strip()
        findings.hold(code == "0", f"{engine}: exit code {code} after stop")
    finally:
        subprocess.run([*engine, "rm", "--force", "--volumes", name], capture_output=True)


class Container:
    """The image as bwrap runs it: its root read-only, its user, its variables, its volume."""

    def __init__(self, rootfs, config, data):
        self.rootfs, self.config, self.data = rootfs, config, data

    def command(self, namespace, arguments, more=()):
        """Returns the command line that runs the image's program in a network namespace."""
        variables = [part.split("=", 1) for part in self.config["Env"]]
        return [
            "ip", "netns", "exec", namespace,
            "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs",
            "bwrap", "--ro-bind", self.rootfs, "/", "--bind", self.data, "/data", "--dev", "/dev", "--proc", "/proc",
            "--die-with-parent", "--clearenv", "--chdir", self.config["WorkingDir"],
            *(part for name, value in variables for part in ("--setenv", name, value)), *more,
            *self.config["Entrypoint"], *arguments,
        ]

    def in_daytime(self):
        """Returns the options of bwrap for a clock at 10:00 in Beijing today, when calls are allowed."""
        morning = datetime.now(timezone.utc).strftime("%Y-%m-%d 02:00:00")
        return [
            "--ro-bind", FAKETIME, "/dev/libfaketimeMT.so.1", "--setenv", "LD_PRELOAD", "/dev/libfaketimeMT.so.1",
            "--setenv", "FAKETIME", f"@{morning}", "--setenv", "FAKETIME_DONT_FAKE_MONOTONIC", "1",
            "--setenv", "TZ", "UTC",
        ]


def refuse_foreign_volume(findings, container, namespace):
    """A volume that belongs to root is refused, with the remedy."""
    os.chown(container.data, 0, 0)
    refused = subprocess.run(
        [str(part) for part in container.command(namespace, container.config["Cmd"])], capture_output=True, text=True,
    )
    said = refused.stdout + refused.stderr
    findings.hold(refused.returncode == 3, f"a volume of another user: exit {refused.returncode}: {said}")
    findings.hold(f"chown -R {USER}:{USER} /data" in said, f"a volume of another user: no remedy in {said}")
    os.chown(container.data, USER, USER)


def address_translation(router):
    """Makes the router translate between the public address and the server, as a cloud or a home router does."""
    run("ip", "netns", "exec", router, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    rules = f"""
        table ip translate {{
            chain inbound {{
                type nat hook prerouting priority -100;
                ip daddr {PUBLIC} tcp dport 8080 dnat to {PRIVATE}
                ip daddr {PUBLIC} udp dport {{ 5060, 20000-20199 }} dnat to {PRIVATE}
            }}
            chain outbound {{
                type nat hook postrouting priority 100;
                ip saddr {PRIVATE} snat to {PUBLIC}
            }}
        }}"""
    run("ip", "netns", "exec", router, "nft", "-f", "-", input=rules)


def check_isolation(findings, server):
    """Checks the running process: its user, its rights, and what it can write."""
    pid = server.program()
    status = Path(f"/proc/{pid}/status").read_text()
    field = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.M))
    findings.hold(field["Uid"].split() == [str(USER)] * 4, f"the process runs as {field['Uid']}")
    findings.hold(int(field["CapEff"], 16) == 0 and field["NoNewPrivs"] == "1", f"rights: {field['CapEff']}")
    mounts = Path(f"/proc/{pid}/mounts").read_text().splitlines()
    options = {line.split()[1]: line.split()[3].split(",") for line in mounts}
    writable = {place for place, found in options.items() if "rw" in found}
    allowed = {place for place in writable if place == "/data" or place.startswith(("/dev", "/proc"))}
    findings.hold("ro" in options["/"] and writable == allowed, f"writable: {sorted(writable - allowed)}")


def browser_scripts():
    """Installs playwright-core where `prove console` has it. Returns its folder."""
    place = ROOT / "target/packaging/browser"
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "tests/browser" / name, place)
    if not (place / "node_modules/playwright-core").exists():
        run("npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", cwd=place)
    shutil.copy(ROOT / "packaging/sign_in.mjs", place)
    return place


def browse(outside, scripts, *arguments):
    """Runs the browser script in the namespace. Returns its JSON line."""
    command = ["ip", "netns", "exec", outside, "node", scripts / "sign_in.mjs", *arguments]
    return json.loads(run(*command, env={**os.environ, "CHROMIUM": shutil.which("chromium")}, timeout=HUNG_SECONDS))


def place_calls(findings, program, server_ns, carrier, data, folder):
    """Runs a campaign of 20 people who answer and press a key, and reads what the carrier measured."""
    (folder / "campaign.json").write_text(json.dumps({
        "task_id": "PROOF", "script_template": "您好,{{name}},这是一通测试电话。",
        "schedule": {"start_time": "09:00", "end_time": "20:00", "max_concurrent": CALLS},
    }))
    # Built here: no file of the tree names a number that could be a person's.
    rows = "".join(f"P{number:03},138{13_800_000 + number:08},name{number}\n" for number in range(CALLS))
    (folder / "people.csv").write_text("客户ID,手机号,name\n" + rows)

    def ask(*arguments):
        return run("ip", "netns", "exec", server_ns, program, *arguments, "--data", data)

    ask("campaign", "create", folder / "campaign.json")
    ask("import", folder / "people.csv", "--campaign", "PROOF")
    follow = ["events", "tail", "--after", "0", "--campaign", "PROOF", "--kind", "campaign.completed", "--json"]
    tail = Process(["ip", "netns", "exec", server_ns, program, *follow, "--data", data])
    ask("campaign", "start", "PROOF")
    completed = tail.wait_for(lambda text: "campaign.completed" in text)
    tail.kill()
    findings.hold(completed, f"the campaign does not complete: {tail.text()}")
    # The carrier ends when the last line of its file is written. The last line of a call counts.
    carrier.end(signal.SIGTERM)
    lines = [json.loads(line) for line in (folder / "cdr.jsonl").read_text().splitlines()]
    calls = {line["call_id"]: line for line in lines}
    both = [c for c in calls.values() if c["answered_at"] and c["rtp_received"] > 0 and c["rtp_sent"] > 0]
    findings.line |= {"calls": len(calls), "calls_with_audio": len(both)}
    findings.hold(len(both) >= CALLS, f"{len(both)} of {CALLS} calls have audio from the server: {list(calls.values())[:2]}")
    pressed = sum(1 for c in calls.values() if c["digits"])
    # Key 9 is an opt-out: the call ends with it only if the server has received the callee's audio.
    answer = ask("query", "select count(*) as heard from calls where outcome = 'opted_out'", "--json")
    heard = int(json.loads(answer.splitlines()[-1])["rows"][0][0])
    findings.line |= {"keys_pressed": pressed, "keys_heard": heard}
    findings.hold(0 < pressed <= heard, f"{pressed} callees pressed a key and the server heard {heard}: {answer}")


def serve(container, server_ns, *more):
    """Starts the server of the image with a trunk to the carrier, behind the public address."""
    trunk = f"sip:{OUTSIDE}:5060;name=proof;from=+8613800138000;dials-per-second=10"
    arguments = [
        *container.config["Cmd"], "--trunk", trunk, "--sip", "0.0.0.0:5060", "--rtp-ports", "20000-20199",
        "--sip-advertised", PUBLIC, "--rtp-advertised", PUBLIC, "--drain", "5s", *more,
    ]
    return Process(container.command(server_ns, arguments, container.in_daytime()))


def is_ready(text):
    return re.search(r"^ready\s+yes$", text, re.M)


def run_image(findings, rootfs, config, folder):
    """Starts the image behind address translation and uses it from outside."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    folder.chmod(0o755)
    container = Container(rootfs, config, data)
    tag = os.getpid()
    server_ns, router, outside = f"lserver{tag}", f"lrouter{tag}", f"loutside{tag}"
    program = ROOT / "target/packaging/ledgerline"
    started = []
    with namespaces(server_ns, router, outside):
        connect(server_ns, f"{PRIVATE}/24", router, "10.77.0.1/24", 1)
        connect(outside, f"{OUTSIDE}/24", router, f"{PUBLIC}/24", 2)
        run("ip", "-n", server_ns, "route", "add", "default", "via", "10.77.0.1")
        address_translation(router)
        try:
            refuse_foreign_volume(findings, container, server_ns)
            (folder / "profile.json").write_text(json.dumps({"weights": {"presses_key": 1}, "keys": {"9": 1}}))
            carrier = Process(
                ["ip", "netns", "exec", outside, program, "carrier", "--listen", f"{OUTSIDE}:5060", "--seed", "7",
                 "--cdr", folder / "cdr.jsonl", "--profile", folder / "profile.json"],
            )
            started.append(carrier)
            scripts = browser_scripts()
            plain = serve(container, server_ns)
            started.append(plain)
            findings.hold(plain.wait_for(is_ready), f"over plain HTTP the server is not ready: {plain.text()}")
            findings.line["plain"] = browse(outside, scripts, "plain", f"http://{PUBLIC}:8080")
            findings.hold(findings.line["plain"].get("refused") is True, "a password is taken over plain HTTP")
            findings.hold(plain.end(signal.SIGTERM) == 0, f"SIGTERM does not end it with 0: {plain.text()}")
            began = time.monotonic()
            server = serve(
                container, server_ns, "--tls-self-signed", "--public-url", f"https://{PUBLIC}:8080",
            )
            started.append(server)
            if not findings.hold(server.wait_for(is_ready, READY_SECONDS_MAX), f"not ready in 30 s: {server.text()}"):
                return
            findings.line["ready_seconds"] = round(time.monotonic() - began, 1)
            check_isolation(findings, server)
            checked = subprocess.run(
                [str(p) for p in container.command(server_ns, ["ready", "--data", "/data"])], capture_output=True, text=True,
            )
            findings.hold(checked.returncode == 0, f"`ready` in the image: {checked.stdout}{checked.stderr}")
            links = re.findall(r"(https?://\S+?)/set-up#(\S+)", server.text())
            if findings.hold(len(links) == 1, f"{len(links)} set-up links in the log"):
                url, link = links[0]
                findings.hold(url == f"https://{PUBLIC}:8080", f"the set-up link names {url}")
                findings.line["secure"] = browse(outside, scripts, "secure", f"https://{PUBLIC}:8080", link)
                findings.hold(findings.line["secure"].get("signed_in") is True, f"no sign-in: {findings.line['secure']}")
            place_calls(findings, program, server_ns, carrier, data, folder)
            findings.hold(server.end(signal.SIGTERM) == 0, f"SIGTERM does not end it with 0: {server.text()}")
        finally:
            for process in started:
                process.kill()


def main():
    require("image", PROGRAMS)
    findings = Findings("image")
    with tempfile.TemporaryDirectory(prefix="ledgerline-image-") as place:
        folder = Path(place)
        image = build_twice(findings, folder)
        rootfs, config = read_with_other_tools(findings, image, folder)
        engine = find_engine(image)
        findings.line["engine"] = " ".join(engine) if engine else "none: bwrap"
        if engine:
            try_engine(findings, engine)
        run_image(findings, rootfs, config, folder)
    findings.end()


if __name__ == "__main__":
    main()
