//! Proof that a full disk loses nothing: it fills under a running campaign, at random moments, and is emptied
//! again. Nothing acknowledged is lost, no call without a recording is dialed, and the server reports the
//! reason.
//!
//! The disk is a tmpfs in a mount namespace of its own (and a user namespace, without root), so that nothing
//! else is filled. Standard error of the server is on it, or elsewhere, alternately.

use super::crash::quick_campaign;
use super::reconcile::not_zero;
use super::{Form, Proof, short_call_customers, skipped};
use crate::carrier::CarrierProcess;
use crate::file_changes::FileChanges;
use crate::history::{History, member};
use crate::passing_time::{HUNG_AFTER, at_each_beat};
use crate::program::{command, deadline, fail, instant, ledgerline};
use crate::server::Server;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// The longest time from room on the disk to a new dial, or to the end of the process. Judged in the long
/// form.
const BACK_WITHIN: Duration = Duration::from_secs(30);

/// The shortest time that the disk stays full. It stays full until the server has refused a write: a
/// write-ahead file that has just been restarted has room for some.
const FULL_FOR: Duration = Duration::from_millis(1_500);

/// The carrier's seed.
const SEED: u64 = 7;

/// The exit code of a process that cannot continue.
const UNAVAILABLE: i32 = 4;

/// The block with which the disk is filled.
static BLOCK: [u8; 65_536] = [0; 65_536];

/// The size of one run; there are two.
struct RunSize {
    fills: u32,
    customers: u32,
    legs_max: u32,
    disk_mb: u32,
}

const fn plan(form: Form) -> RunSize {
    match form {
        Form::Short => RunSize {
            fills: 1,
            customers: 60,
            legs_max: 4,
            disk_mb: 80,
        },
        Form::Long => RunSize {
            fills: 5,
            customers: 250,
            legs_max: 8,
            disk_mb: 240,
        },
    }
}

/// Runs this proof again in a namespace in which a disk can be mounted.
pub(crate) fn prove(form: Form) -> Proof {
    let mut namespace = vec!["--mount"];
    if std::fs::metadata("/proc/self").map_or(0, |own| own.uid()) != 0 {
        namespace.extend(["--user", "--map-root-user"]);
    }
    let can = command("unshare")
        .args(&namespace)
        .args(["sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"])
        .stderr(Stdio::null())
        .status();
    if !can.is_ok_and(|status| status.success()) {
        return skipped("full-disk", "no tmpfs can be mounted in a namespace of its own");
    }
    let own = std::env::current_exe().expect("a running program has a path");
    let mut inside = command("unshare");
    inside.args(&namespace).arg(own).arg("full-disk-inside");
    if form == Form::Short {
        inside.arg("--short");
    }
    let output = inside.stderr(Stdio::inherit()).output();
    let output = output.unwrap_or_else(|error| fail(&format!("unshare: {error}")));
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next_back().unwrap_or("");
    Proof {
        line: serde_json::from_str(line).unwrap_or_else(|_| json!({"proof": "full-disk", "said": line})),
        holds: output.status.success(),
    }
}

/// What was found so far.
#[derive(Default)]
struct DiskResults {
    acknowledged: Vec<u64>,
    suppressed: u32,
    suppressed_acknowledged: usize,
    fills: u32,
    refused_while_full: usize,
    lies: usize,
    not_back: usize,
    back_ms_max: u128,
    exits: usize,
    other_exits: usize,
}

struct DiskScenario<'a> {
    disk: &'a Path,
    data: PathBuf,
    trunk: String,
    carrier: &'a CarrierProcess,
    is_stderr_inside: bool,
    form: Form,
}

impl DiskScenario<'_> {
    /// Starts a server with its messages on the disk that fills, or on another one.
    fn start(&self) -> Server {
        let elsewhere = self.disk.with_extension("stderr");
        let messages = if self.is_stderr_inside {
            self.disk.join("stderr")
        } else {
            elsewhere
        };
        let mut shell = command("sh");
        shell.args(["-c", "file=$0; exec \"$@\" 2>>\"$file\""]);
        shell.arg(messages).arg(ledgerline());
        let mut server = Server::of(Server::wrapped(shell, &self.data, &self.trunk), &self.data);
        if !server.wait_ready() {
            fail("the server does not become ready");
        }
        server
    }

    /// Writes until nothing more fits. Files that are open on the disk may take the last bytes.
    fn fill(&self) {
        let mut file = File::create(self.disk.join("fill")).expect("the disk has room for a name");
        while file.write(&BLOCK).is_ok_and(|count| count > 0) {}
    }

    fn empty(&self) {
        std::fs::remove_file(self.disk.join("fill")).expect("the file that fills the disk is there");
    }

    fn dialed_count(&self) -> usize {
        self.carrier.lines().len()
    }
}

impl DiskResults {
    /// Sends one command. Returns true if it was acknowledged.
    fn write(&mut self, server: &Server) -> bool {
        self.suppressed += 1;
        let number = format!("139{:08}", 10_000_000 + self.suppressed);
        let path = format!("/api/v1/numbers/{number}/suppress");
        let reply = server.post(&path, &json!({"reason": "full disk"}));
        let Ok(reply) = reply else { return false };
        let is_acknowledged = reply.status < 300;
        if is_acknowledged {
            self.acknowledged.extend(reply.position);
            self.suppressed_acknowledged += 1;
        }
        is_acknowledged
    }

    /// Checks readiness while the disk is full: ready and dialing between two failed writes is wrong.
    fn look(&mut self, server: &Server) {
        let before = self.write(server);
        let says_ready = says_dialing(server);
        let after = self.write(server);
        self.refused_while_full += usize::from(!after);
        self.lies += usize::from(says_ready && !before && !after);
    }

    /// Fills the disk once and empties it. Returns a running server.
    fn fill_once(&mut self, scene: &DiskScenario<'_>, mut server: Server) -> Server {
        let ends = |beat| server.program.ends(beat).is_some();
        at_each_beat(moment(self.fills), ends, || {
            self.write(&server);
            true
        });
        scene.fill();
        let (until, refused) = (deadline(FULL_FOR), self.refused_while_full);
        at_each_beat(HUNG_AFTER, ends, || {
            self.look(&server);
            self.refused_while_full == refused || instant() < until
        });
        self.fills += 1;
        let dialed = scene.dialed_count();
        scene.empty();
        let emptied = instant();
        let changes = FileChanges::of(&scene.carrier.cdr);
        server.program.rings(&changes);
        let ended = changes.until(scene.form.waits(BACK_WITHIN), || {
            if let Some(status) = server.program.ended() {
                return Some(Some(status));
            }
            let is_back = scene.dialed_count() > dialed && says_dialing(&server) && self.write(&server);
            is_back.then_some(None)
        });
        self.back_ms_max = self.back_ms_max.max(emptied.elapsed_ms());
        match ended {
            Some(None) => return server,
            Some(Some(status)) if status.code() == Some(UNAVAILABLE) => self.exits += 1,
            Some(Some(_)) => self.other_exits += 1,
            None => self.not_back += 1,
        }
        server.program.kill();
        scene.start()
    }
}

/// Milliseconds since an instant.
trait ElapsedMillis {
    fn elapsed_ms(&self) -> u128;
}

impl ElapsedMillis for std::time::Instant {
    fn elapsed_ms(&self) -> u128 {
        instant().saturating_duration_since(*self).as_millis()
    }
}

fn says_dialing(server: &Server) -> bool {
    let reply = server.get("/readyz");
    reply.is_ok_and(|reply| reply.status == 200 && member(&reply.body, "/dialing") == "dialing")
}

/// Returns a pseudo-random moment that differs between fillings but not between runs: a fixed linear
/// congruence.
fn moment(fill: u32) -> Duration {
    let drawn = u64::from(fill)
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
        >> 33;
    Duration::from_millis(300 + drawn % 1_200)
}

const ZERO: &[&str] = &[
    "lost",
    "lies",
    "not_back",
    "other_exits",
    "answered_without_recording",
    "invites_without_event",
    "legs_with_two_invites",
    "unfinished",
    "gaps",
    "dirty_exit",
];

/// Runs the proof inside a mount namespace of its own: once with standard error on the disk that fills, and
/// once with it elsewhere. Each run has a disk, a server and a carrier of its own and mostly waits for its
/// server to notice that the disk is empty again: the short form runs both in parallel.
pub(crate) fn prove_inside(form: Form) -> Proof {
    let [inside, outside] = match form {
        Form::Long => [true, false].map(|is_stderr_inside| one_run(form, is_stderr_inside)),
        Form::Short => std::thread::scope(|scope| {
            let begun = [true, false].map(|is_inside| scope.spawn(move || one_run(form, is_inside)));
            begun.map(|run| {
                run.join()
                    .unwrap_or_else(|_| fail("a run could not be played to its end"))
            })
        }),
    };
    Proof {
        holds: [&inside, &outside].into_iter().all(|run| run.holds),
        line: json!({"proof": "full-disk", "stderr_inside": inside.line, "stderr_outside": outside.line}),
    }
}

fn one_run(form: Form, is_stderr_inside: bool) -> Proof {
    let plan = plan(form);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).expect("a folder can be made");
    let mounted = command("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={}m", plan.disk_mb), "tmpfs"])
        .arg(&disk)
        .status();
    assert!(mounted.is_ok_and(|status| status.success()), "a tmpfs is mounted");
    let carrier = short_call_customers::carrier(form, folder.path(), SEED);
    let scene = DiskScenario {
        disk: &disk,
        data: disk.join("data"),
        trunk: format!("{};legs-max={}", carrier.trunk(), plan.legs_max),
        carrier: &carrier,
        is_stderr_inside,
        form,
    };
    let mut found = DiskResults::default();
    let mut server = scene.start();
    server.must_post("/api/v1/campaigns", &quick_campaign("FULL"));
    let people = short_call_customers::records_for_form(form, SEED, plan.customers, 3);
    let list = json!({"task_id": "FULL", "records": people});
    server.must_post("/api/v1/tasks/data", &list);
    server.must_post("/api/v1/campaigns/FULL/start", &json!({}));
    for _ in 0..plan.fills {
        server = found.fill_once(&scene, server);
    }
    // Calls that a full disk interrupted do not stay open.
    server.must_post("/api/v1/campaigns/FULL/pause", &json!({}));
    let are_closed = server.is_on_board("FULL", form.waits(BACK_WITHIN), |board| {
        // The server is asked first: reading the log starts a process of its own.
        member(board, "/open") == 0 && History::read(&scene.data).unfinished().is_empty()
    });
    server.program.signal("TERM");
    let stopped = server.program.wait(HUNG_AFTER);
    let is_dirty = !are_closed || !stopped.is_some_and(|status| status.success());
    let line = judged(&scene, &found, is_dirty);
    drop(command("umount").arg("-l").arg(&disk).status());
    let is_filled = found.refused_while_full > 0 && found.fills == plan.fills;
    Proof {
        holds: !not_zero(&line, ZERO) && is_filled && !found.acknowledged.is_empty(),
        line,
    }
}

/// Compares the log with the CDR file.
fn judged(scene: &DiskScenario<'_>, found: &DiskResults, is_dirty: bool) -> Value {
    let history = History::read(&scene.data);
    let lines = scene.carrier.lines();
    let texts = |kind: &'static str, pointer: &'static str| -> BTreeSet<String> {
        let of = history
            .of(kind)
            .filter_map(move |event| member(event, pointer).as_str());
        of.map(str::to_owned).collect()
    };
    let dialed = texts("call.dialing", "/data/sip_call_id");
    let answered = texts("call.answered", "/subject");
    let is_unrecorded = |event: &&Value| {
        let call = member(event, "/subject").as_str().unwrap_or("");
        answered.contains(call)
            && member(event, "/data/disposition") != "interrupted"
            && member(event, "/data/recording_sha256").is_null()
    };
    let held: BTreeSet<String> = history
        .events
        .iter()
        .filter_map(|event| member(event, "/position").as_str().map(str::to_owned))
        .collect();
    let missing = found
        .acknowledged
        .iter()
        .filter(|position| !held.contains(&position.to_string()));
    let suppressions = history.of("number.suppressed").count();
    json!({
        "fills": found.fills,
        "acknowledged": found.acknowledged.len(),
        "refused_while_full": found.refused_while_full,
        "lost": missing.count() + found.suppressed_acknowledged.saturating_sub(suppressions),
        "lies": found.lies,
        "not_back": found.not_back,
        "back_ms_max": u64::try_from(found.back_ms_max).unwrap_or(u64::MAX),
        "exits": found.exits,
        "other_exits": found.other_exits,
        "calls": lines.len(),
        "answered": answered.len(),
        "answered_without_recording": history.of("call.ended").filter(is_unrecorded).count(),
        "invites_without_event": lines.keys().filter(|call_id| !dialed.contains(*call_id)).count(),
        "legs_with_two_invites": lines.values().filter(|line| line.invites > 1).count(),
        "unfinished": history.unfinished().len(),
        "gaps": history.gaps(),
        "dirty_exit": usize::from(is_dirty),
    })
}
