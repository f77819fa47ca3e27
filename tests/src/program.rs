//! The process starter: runs the built binary and other people's tools, and never leaves one behind.

use crate::file_changes::FileChanges;
use crate::passing_time::left;
use crate::watched::Watched;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Lines kept of a program's output while nobody reads them; more than any story prints.
const LINES_MAX: usize = 100_000;

/// Longest wait for somebody who reads them; behind it they are kept all the same.
const READ_WITHIN: Duration = Duration::from_secs(3_600);

/// Longest wait for the end of a program that was killed: the kernel's own work.
const KILLED_WITHIN: Duration = Duration::from_secs(10);

/// Where the built `ledgerline` stands: beside the running test or proof binary.
pub fn ledgerline() -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    let folder = own.parent().expect("a program stands in a folder");
    let beside = folder.join("ledgerline");
    if beside.exists() {
        beside
    } else {
        folder.join("../ledgerline")
    }
}

/// True of a release build: what is measured is held to a figure in such a one only. By the folder that cargo
/// puts its programs into, whatever folders stand above it.
pub fn is_optimised() -> bool {
    let program = ledgerline().canonicalize();
    program.is_ok_and(|program| program.parent().is_some_and(|folder| folder.ends_with("release")))
}

/// True when a program of this name is on the path.
pub fn is_installed(name: &str) -> bool {
    command(name)
        .arg("-h")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status()
        .is_ok()
}

/// The one place that makes a `Command`.
#[expect(clippy::disallowed_methods, reason = "the tests' process starter")]
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// Runs the binary to its end and answers its output.
pub fn run(args: &[&str]) -> Output {
    command(ledgerline())
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the built binary starts")
}

/// Runs the binary with an output that nobody reads any more, as `| head` leaves it; answers its end and what
/// it said beside.
pub fn run_unread(args: &[&str]) -> (ExitStatus, String) {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    let output = command(ledgerline())
        .args(args)
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .expect("the built binary starts");
    (
        output.status,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Runs the binary to its end and parses the last line of its standard output as JSON.
pub fn run_json(args: &[&str]) -> Result<(ExitStatus, serde_json::Value), String> {
    let output = run(args);
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().next_back().unwrap_or("");
    match serde_json::from_str(last) {
        Ok(value) => Ok((output.status, value)),
        Err(error) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!(
                "{args:?} ended with {}; last line {last:?} is not JSON ({error}); stderr: {said}",
                output.status
            ))
        }
    }
}

/// What a program has said and done so far.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    /// Lines that somebody has read.
    read: usize,
    /// It says nothing more.
    is_silent: bool,
    status: Option<ExitStatus>,
    /// Rung whenever it says a line, and when it ends.
    bells: Vec<Arc<Watched<u64>>>,
}

impl Told {
    fn ring(&self) {
        for bell in &self.bells {
            bell.change(|count| *count += 1);
        }
    }
}

/// A running program; killed when dropped.
pub struct Program {
    id: u32,
    input: Option<ChildStdin>,
    told: Arc<Watched<Told>>,
}

impl Program {
    /// Starts `command` with its standard output (and error) read line by line.
    pub fn start(command: Command) -> Self {
        Self::started(command, Stdio::null())
    }

    /// The same for one that is told lines.
    pub fn start_hearing(command: Command) -> Self {
        Self::started(command, Stdio::piped())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "reads a child's output, and waits for its end, without blocking the story"
    )]
    fn started(mut command: Command, input: Stdio) -> Self {
        let mut child = command
            // A group of its own: what it has started dies with it (a killed strace lets its program run on).
            .process_group(0)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| fail(&format!("{command:?} does not start: {error}")));
        let output = child.stdout.take().expect("standard output is piped");
        let told = Arc::new(Watched::<Told>::default());
        let said = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                said.until(READ_WITHIN, |told| {
                    (told.lines.len() - told.read < LINES_MAX).then_some(())
                });
                said.change(|told| {
                    told.lines.push(line);
                    told.ring();
                });
            }
            said.change(|told| told.is_silent = true);
        });
        let (id, input) = (child.id(), child.stdin.take());
        let ended = Arc::clone(&told);
        std::thread::spawn(move || {
            let status = child.wait().expect("our own child can be waited for");
            ended.change(|told| {
                told.status = Some(status);
                told.ring();
            });
        });
        Self { id, input, told }
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    /// The first line, from now on, that `wanted` accepts; `None` after `within` or at the end of output.
    pub fn line(&mut self, within: Duration, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let found = self.told.until(within, |told| {
            let fresh = told.lines.get(told.read..).unwrap_or_default();
            match fresh.iter().position(|line| wanted(line)) {
                Some(index) => {
                    told.read += index + 1;
                    Some(told.lines.get(told.read - 1).cloned())
                }
                None => {
                    told.read = told.lines.len();
                    told.is_silent.then_some(None)
                }
            }
        });
        // Whoever waits for room may go on.
        self.told.change(|_| ());
        found.flatten()
    }

    /// What the last of its lines that begin so says behind that, once `wanted` accepts it: how it stands,
    /// not what it said in between. `None` when that does not come `within`, or it says nothing more.
    pub fn says(&self, name: &str, within: Duration, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let found = self.told.until(within, |told| {
            let mut lines = told.lines.iter().rev();
            let last = lines.find_map(|line| line.strip_prefix(name).map(str::trim));
            match last {
                Some(line) if wanted(line) => Some(Some(line.to_owned())),
                Some(_) | None => told.is_silent.then_some(None),
            }
        });
        found.flatten()
    }

    /// Says a line to it on its standard input.
    pub fn tell(&mut self, line: &str) {
        let told = self
            .input
            .as_mut()
            .map(|input| writeln!(input, "{line}").and_then(|()| input.flush()));
        if told.is_none_or(|told| told.is_err()) {
            fail(&format!("nobody hears {line:?} any more"));
        }
    }

    /// Whoever waits for changes of a file looks again, too, when this one says a line or ends.
    pub fn rings(&self, changes: &FileChanges) {
        self.told.change(|told| told.bells.push(changes.bell()));
    }

    /// Every line so far.
    pub fn seen(&self) -> Vec<String> {
        self.told.look().lines.clone()
    }

    /// SIGKILL to the whole group, and waits until the process is gone.
    pub fn kill(&mut self) {
        if self.ended().is_none() {
            let group = format!("-{}", self.id());
            drop(
                command("kill")
                    .args(["-KILL", "--", &group])
                    .stderr(Stdio::null())
                    .status(),
            );
        }
        self.ends(KILLED_WITHIN);
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = command("kill")
            .arg(format!("-{name}"))
            .arg(self.id().to_string())
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "kill -{name} {} works",
            self.id()
        );
    }

    /// The exit status, if the program has ended.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.told.look().status
    }

    /// The same, once it has; `None` when it goes on for longer.
    pub fn ends(&self, within: Duration) -> Option<ExitStatus> {
        self.told.until(within, |told| told.status)
    }

    /// Waits for the end, and reads what is said until then.
    pub fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let until = deadline(within);
        drop(self.line(within, |_| false));
        self.ends(left(until))
    }

    /// Asks it to end; true when it does `within`, and says that all went well.
    pub fn drains(&mut self, within: Duration) -> bool {
        if self.ended().is_none() {
            self.signal("TERM");
        }
        self.wait(within).is_some_and(|status| status.success())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The present, for bounds on waiting only.
#[expect(
    clippy::disallowed_methods,
    reason = "bounds how long a story waits for another process"
)]
pub fn instant() -> Instant {
    Instant::now()
}

pub fn deadline(within: Duration) -> Instant {
    instant() + within
}

/// A loopback port that no connection is taken at now, for a program that cannot choose one itself.
#[expect(
    clippy::disallowed_methods,
    reason = "asks the system for a free port and gives it back"
)]
pub fn free_tcp_port() -> u16 {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    tcp.expect("loopback has a free port").port()
}

/// The same for datagrams.
#[expect(
    clippy::disallowed_methods,
    reason = "asks the system for a free port and gives it back"
)]
pub fn free_port() -> u16 {
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    udp.expect("loopback has a free port").port()
}

/// Sends one datagram from a port of its own, as a stranger on the network would.
#[expect(clippy::disallowed_methods, reason = "plays a stranger on the network")]
pub fn send_datagram(to: &str, bytes: &[u8]) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
    let sent = socket.send_to(bytes, to).expect("loopback takes a datagram");
    assert_eq!(sent, bytes.len());
}

/// Ends a story that cannot go on.
#[expect(clippy::panic, reason = "a story that cannot go on fails its test or proof")]
pub fn fail(why: &str) -> ! {
    panic!("{why}")
}

/// Reads a whole file; the story ends if it is not there.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())))
}
