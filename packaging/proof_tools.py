"""What the proofs of image and release share: programs, violations, network namespaces, the one printed line."""

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

# Waits longer than this mean that a program hangs.
HUNG_SECONDS = 120


class Findings:
    """The violations of a proof, and what it counted."""

    def __init__(self, proof):
        self.line = {"proof": proof}
        self.violations = []

    def hold(self, holds, what):
        """Notes a violation unless `holds`. Returns `holds`."""
        if not holds:
            self.violations.append(what)
        return holds

    def end(self):
        """Prints the line and ends the proof."""
        print(json.dumps(self.line | {"violations": self.violations, "holds": not self.violations}, ensure_ascii=False))
        sys.exit(1 if self.violations else 0)


def install(*packages):
    """Installs Debian packages that are missing, if this user may."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(
            ["apt-get", "install", "--yes", "--quiet", "--quiet", "--no-install-recommends", *packages],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )


def require(proof, programs):
    """Ends the proof as skipped if programs are missing here. `programs`: name and Debian package."""
    missing = [package for program, package in programs.items() if shutil.which(program) is None]
    if missing:
        install(*missing)
    missing = [package for program, package in programs.items() if shutil.which(program) is None]
    why = f"not installed: {' '.join(missing)}" if missing else None
    if os.geteuid() != 0:
        why = "needs root, for users and network namespaces"
    if why:
        print(f"SKIPPED {proof}: {why}")
        print(json.dumps({"proof": proof, "skipped": why}))
        sys.exit(0)


def run(*arguments, **more):
    """Runs a program to its end. Fails the proof's script if it fails."""
    ended = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, **more)
    if ended.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: exit {ended.returncode}: {ended.stdout}{ended.stderr}")
    return ended.stdout


class Process:
    """A running program with its output; killed at the end."""

    def __init__(self, arguments, **more):
        self.child = subprocess.Popen(
            [str(a) for a in arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more
        )
        self.lines, self.is_closed, self.changed = [], False, threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        """Collects the output until the program closes it, and wakes each waiter for a line."""
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.decode("utf-8", "replace"))
                self.changed.notify_all()
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()

    def text(self):
        with self.changed:
            return "".join(self.lines)

    def wait_for(self, wanted, seconds=HUNG_SECONDS):
        """Waits until the output has the text that `wanted` finds. Returns what it found; None at the end or the limit."""
        with self.changed:
            self.changed.wait_for(lambda: self.is_closed or wanted("".join(self.lines)), seconds)
            return wanted("".join(self.lines))

    def program(self):
        """Returns the process id of the program itself, below the programs that started it."""
        pid = self.child.pid
        while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            pid = int(children[0])
        return pid

    def end(self, signal, seconds=HUNG_SECONDS):
        """Sends the program a signal. Returns the exit code; None if it hangs."""
        if self.child.poll() is None:
            os.kill(self.program(), signal)
        try:
            code = self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self.reader.join(seconds)
        return code

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


@contextmanager
def namespaces(*names):
    """Network namespaces that are removed at the end."""
    try:
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def connect(one, address, other, other_address, number):
    """Connects two namespaces by a pair of interfaces with these addresses."""
    ends = [f"lp{number}a{os.getpid() % 10000}", f"lp{number}b{os.getpid() % 10000}"]
    run("ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
    for end, name, own in zip(ends, (one, other), (address, other_address)):
        run("ip", "link", "set", end, "netns", name)
        run("ip", "-n", name, "address", "add", own, "dev", end)
        run("ip", "-n", name, "link", "set", end, "up")
