//! Starts processes: the built binary and external tools. Each is killed when its value is dropped.

use crate::file_changes::FileChanges;
use crate::passing_time::{HUNG_AFTER, time_left};
use crate::watched_value::WatchedValue;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The most output lines kept while they are not read; more than any test prints.
const LINES_MAX: usize = 100_000;

/// The longest wait for lines to be read; after it they are kept all the same.
const READ_WITHIN: Duration = Duration::from_secs(3_600);

/// Returns the path of the built `ledgerline`: beside the running test or proof binary.
pub fn ledgerline() -> PathBuf {
    let own = std::env::current_exe().expect("a running program has a path");
    let folder = own.parent().expect("a program is in a folder");
    let beside = folder.join("ledgerline");
    if beside.exists() {
        beside
    } else {
        folder.join("../ledgerline")
    }
}

/// Returns true for a release build: measurements have limits only there. Decided by the name of cargo's
/// output folder.
pub fn is_optimised() -> bool {
    let program = ledgerline().canonicalize();
    program.is_ok_and(|program| program.parent().is_some_and(|folder| folder.ends_with("release")))
}

/// Returns true if a program of this name is on the path.
pub fn is_installed(name: &str) -> bool {
    command(name)
        .arg("-h")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .status()
        .is_ok()
}

/// Makes a `Command`. The only place that does.
#[expect(clippy::disallowed_methods, reason = "the tests' process starter")]
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// Runs the binary to its end and returns its output.
pub fn run(args: &[&str]) -> Output {
    command(ledgerline())
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the built binary starts")
}

/// Runs the binary with an output pipe that is closed, as by `| head`. Returns its exit status and standard
/// error.
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

/// The output of a program so far, and its exit.
#[derive(Default)]
struct ProgramOutput {
    lines: Vec<String>,
    /// The number of lines that were read.
    read: usize,
    /// True if its output has ended.
    is_silent: bool,
    status: Option<ExitStatus>,
    /// Counters that are increased with each line and at the end.
    bells: Vec<Arc<WatchedValue<u64>>>,
}

impl ProgramOutput {
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
    output: Arc<WatchedValue<ProgramOutput>>,
}

impl Program {
    /// Starts `command` and reads its standard output line by line.
    pub fn start(command: Command) -> Self {
        Self::started(command, Stdio::null())
    }

    /// As [`Self::start`], for a program that is sent lines on its standard input.
    pub fn start_with_input(command: Command) -> Self {
        Self::started(command, Stdio::piped())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "reads a child's output, and waits for its end, without blocking the story"
    )]
    fn started(mut command: Command, input: Stdio) -> Self {
        let mut child = command
            // In a process group of its own: processes that it starts are killed with it (a killed strace
            // lets its program continue).
            .process_group(0)
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|error| fail(&format!("{command:?} does not start: {error}")));
        let output = child.stdout.take().expect("standard output is piped");
        let shared = Arc::new(WatchedValue::<ProgramOutput>::default());
        let said = Arc::clone(&shared);
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                said.until(READ_WITHIN, |output| {
                    (output.lines.len() - output.read < LINES_MAX).then_some(())
                });
                said.change(|output| {
                    output.lines.push(line);
                    output.ring();
                });
            }
            said.change(|output| output.is_silent = true);
        });
        let (id, input) = (child.id(), child.stdin.take());
        let ended = Arc::clone(&shared);
        std::thread::spawn(move || {
            let status = child.wait().expect("our own child can be waited for");
            ended.change(|output| {
                output.status = Some(status);
                output.ring();
            });
        });
        Self {
            id,
            input,
            output: shared,
        }
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    /// Returns the next line that `wanted` accepts; `None` after `within` or at the end of output.
    pub fn line(&mut self, within: Duration, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let found = self.output.until(within, |output| {
            let fresh = output.lines.get(output.read..).unwrap_or_default();
            match fresh.iter().position(|line| wanted(line)) {
                Some(index) => {
                    output.read += index + 1;
                    Some(output.lines.get(output.read - 1).cloned())
                }
                None => {
                    output.read = output.lines.len();
                    output.is_silent.then_some(None)
                }
            }
        });
        // Wakes a thread that waits for room for more lines.
        self.output.change(|_| ());
        found.flatten()
    }

    /// Waits until `wanted` accepts the rest of the last line that begins with `name`, and returns it: the
    /// present state, not earlier ones. `None` after `within` or at the end of output.
    pub fn says(&self, name: &str, within: Duration, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let found = self.output.until(within, |output| {
            let mut lines = output.lines.iter().rev();
            let last = lines.find_map(|line| line.strip_prefix(name).map(str::trim));
            match last {
                Some(line) if wanted(line) => Some(Some(line.to_owned())),
                Some(_) | None => output.is_silent.then_some(None),
            }
        });
        found.flatten()
    }

    /// Writes a line to its standard input.
    pub fn tell(&mut self, line: &str) {
        let written = self
            .input
            .as_mut()
            .map(|input| writeln!(input, "{line}").and_then(|()| input.flush()));
        if written.is_none_or(|written| written.is_err()) {
            fail(&format!("the program does not read {line:?} any more"));
        }
    }

    /// Makes a wait for changes of a file look again also when this program prints a line or ends.
    pub fn rings(&self, changes: &FileChanges) {
        self.output.change(|output| output.bells.push(changes.bell()));
    }

    /// Returns every line so far.
    pub fn seen(&self) -> Vec<String> {
        self.output.look().lines.clone()
    }

    /// Sends SIGKILL to the whole group, and waits until the process has ended.
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
        self.ends(HUNG_AFTER);
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

    /// Returns the exit status, if the program has ended.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.output.look().status
    }

    /// Waits for the exit status; `None` after `within`.
    pub fn ends(&self, within: Duration) -> Option<ExitStatus> {
        self.output.until(within, |output| output.status)
    }

    /// Waits for the end while reading the output; `None` after `within`.
    pub fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let until = deadline(within);
        drop(self.line(within, |_| false));
        self.ends(time_left(until))
    }

    /// Sends SIGTERM. Returns true if the program ends `within` with success.
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

/// Returns the present instant, only for limits of waits.
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

/// Returns a loopback TCP port that is free now, for a program that cannot choose one itself.
#[expect(
    clippy::disallowed_methods,
    reason = "asks the system for a free port and gives it back"
)]
pub fn free_tcp_port() -> u16 {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    tcp.expect("loopback has a free port").port()
}

/// Returns a loopback UDP port that is free now.
#[expect(
    clippy::disallowed_methods,
    reason = "asks the system for a free port and gives it back"
)]
pub fn free_port() -> u16 {
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    udp.expect("loopback has a free port").port()
}

/// Sends one datagram from a new port, as an unknown host on the network would.
#[expect(clippy::disallowed_methods, reason = "plays a stranger on the network")]
pub fn send_datagram(to: &str, bytes: &[u8]) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
    let sent = socket.send_to(bytes, to).expect("loopback takes a datagram");
    assert_eq!(sent, bytes.len());
}

/// Fails the test or proof.
#[expect(clippy::panic, reason = "a story that cannot go on fails its test or proof")]
pub fn fail(why: &str) -> ! {
    panic!("{why}")
}

/// Copies a folder with everything in it, and its metadata, and makes the folders above it. Fails the test if
/// that is not possible.
pub fn copy_folder(from: &Path, to: &Path) {
    if let Some(above) = to.parent() {
        std::fs::create_dir_all(above).expect("the folder can be written");
    }
    let copied = command("cp").arg("-a").args([from, to]).status();
    let is_copied = copied.is_ok_and(|status| status.success());
    assert!(is_copied, "{} cannot be copied", from.display());
}

/// Reads a whole file. Fails the test if it does not exist.
pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| fail(&format!("{}: {error}", path.display())))
}
