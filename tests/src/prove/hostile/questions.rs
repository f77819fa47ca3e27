//! Attack: SQL queries that grow without end, in values, rows and temporary files, on both databases. Other
//! queries, opt-outs and pauses must succeed meanwhile.

use super::{ANSWER_MS, AttackContext, RSS_PEAK_MB_MAX, Verdict, ask_each, rss_peak_mb};
use crate::passing_time::{HUNG_AFTER, at_each_beat};
use crate::postgres::PostgresServer;
use crate::program::{fail, instant};
use crate::prove::Form;
use crate::server::{Server, request};
use crate::watched_value;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest measurement of a round of queries: far longer than it takes.
const LOOKED_WITHIN: Duration = Duration::from_secs(600);

/// The statuses of a refusal: too large (413), or not allowed there or timed out (422).
const REFUSED: [u16; 2] = [413, 422];

/// The longest time of a query.
const TIMEOUT_MS: u64 = 12_000;

/// The longest time of a query that grows on SQLite neither in memory nor on disk and ends by its timeout: a
/// longer time shows nothing more, so that a short form gives it less.
const BRIEF_TIMEOUT_MS: u64 = 4_000;
const ENDS_BY_TIME: &str = "joined";

/// The timeout of each query that is sent with many others: those that wait for two slots get responses
/// before their clients give up.
const CROWDED_TIMEOUT_MS: u64 = 2_500;

/// The longest time until a response: somewhat longer, for the transfer. Judged in the long form.
const OVER_MS: u128 = 18_000;

/// The most memory of one process of the database, in MiB: 64 of it are shared with the others.
const DATABASE_RSS_MB_MAX: u64 = 512;

/// The most temporary bytes at a time: the quota, what is written between two measurements, and the merge of
/// sorted runs, which writes each once more.
const TEMPORARY_BYTES_MAX: u64 = 600 * 1024 * 1024;

/// The number of concurrent queries that sort: more than can run and wait together.
const AT_ONCE: usize = 30;

/// How to measure what a server uses.
struct ResourceProbe<'a> {
    name: &'static str,
    url: &'a str,
    /// Returns the temporary bytes; the next member the peak memory of a process of its database, if there is
    /// one.
    temporary: &'a (dyn Fn() -> u64 + Sync),
    database_rss_mb: &'a (dyn Fn() -> Option<u64> + Sync),
    /// Sends the requests that must succeed meanwhile. Takes the round. Returns those that did not, and the
    /// slowest response.
    passes: &'a (dyn Fn(u32) -> (Vec<String>, u128) + Sync),
}

/// The highest values that were measured.
#[derive(Default)]
struct Peaks {
    temporary_bytes: u64,
    database_rss_mb: Option<u64>,
    /// The slowest of the requests that must succeed, in milliseconds.
    slowest_ms: u128,
    rounds: u32,
}

/// Returns the queries that grow, by name.
fn growing() -> Vec<(&'static str, String)> {
    let doubled = |times: u32| {
        format!(
            "with recursive t as (select 'xxxxxxxxxxxxxxxx' as t, 0 as i union all
             select t || t, i + 1 from t where i < {times}), h as (select t from t where i = {times}),
             n as (select 1 as i union all select i + 1 from n where i < 500)"
        )
    };
    let pad = "x".repeat(200);
    vec![
        ("value", format!("{} select length(t) from h", doubled(30))),
        (
            "rows",
            format!("{} select t, t, t, t, t, t, t, t from h, n", doubled(15)),
        ),
        (
            "replaced",
            format!("{} select length(replace(t, 'x', '{pad}')) from h", doubled(15)),
        ),
        (
            "joined",
            format!(
                "{} select length(string_agg(h.t, ',')) from h, n, n m",
                doubled(14)
            ),
        ),
        ("sort", sorting()),
        (
            "groups",
            format!(
                "{} select i, count(*) from n group by i, t order by 2",
                many_rows()
            ),
        ),
        (
            "function",
            "select cast(calls.row_to_json as text) from calls".to_owned(),
        ),
    ]
}

fn many_rows() -> String {
    let pad = "x".repeat(200);
    format!(
        "with recursive n as (select 1 as i, '{pad}' as t union all
         select i + 1, t from n where i < 100000000)"
    )
}

fn sorting() -> String {
    format!("{} select i, t from n order by t, i desc", many_rows())
}

/// Runs the attack on both databases in parallel: each has a server of its own.
pub(super) fn grow(stage: &AttackContext<'_>) -> Verdict {
    let (url, form) = (stage.server.url.as_str(), stage.form);
    let temporary = open_files(stage.server);
    let trunk = stage.carrier.trunk();
    std::thread::scope(|scope| {
        let postgres = scope.spawn(|| match PostgresServer::start() {
            None => (
                json!({"skipped": "it is not installed (apt-get install postgresql)"}),
                Vec::new(),
            ),
            Some(database) => on_postgres(&trunk, form, &database),
        });
        let sqlite = ResourceProbe {
            name: "sqlite",
            url,
            temporary: &temporary,
            database_rss_mb: &|| None,
            passes: &|round| super::must_pass(form, url, 2_000 + round),
        };
        let mut broken = Vec::new();
        let sqlite = sqlite.tried(form, &mut broken);
        let (postgres, broken_there) = postgres.join().unwrap_or_else(|_| not_asked());
        broken.extend(broken_there);
        Verdict {
            broken,
            measured: json!({"sqlite": sqlite, "postgres": postgres}),
        }
    })
}

/// Runs the attack on a server of its own without a campaign: its views are in PostgreSQL.
fn on_postgres(trunk: &str, form: Form, database: &PostgresServer) -> (Value, Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let data = folder.path().join("data");
    let mut command = Server::command(&data, trunk);
    command.args(["--read-db", &database.url()]);
    let mut server = Server::of(command, &data);
    if !server.wait_ready() {
        fail("the server on PostgreSQL does not become ready");
    }
    let directory = database.files();
    let spilled = directory.join("base/pgsql_tmp");
    let url = server.url.as_str();
    let watched = ResourceProbe {
        name: "postgres",
        url,
        temporary: &|| folder_bytes(&spilled),
        database_rss_mb: &|| database_rss_mb(&directory),
        passes: &|round| must_pass(form, url, round),
    };
    let mut broken = Vec::new();
    let mut measured = watched.tried(form, &mut broken);
    let peak = rss_peak_mb(server.program.id());
    if peak.is_none_or(|peak| peak > RSS_PEAK_MB_MAX) {
        broken.push(format!("the server on PostgreSQL held {peak:?} MiB"));
    }
    if let Some(members) = measured.as_object_mut() {
        members.insert("rss_peak_mb".to_owned(), json!(peak));
    }
    server.program.signal("TERM");
    server.program.wait(HUNG_AFTER);
    (measured, broken)
}

/// Sends the requests that must succeed without a campaign.
fn must_pass(form: Form, url: &str, round: u32) -> (Vec<String>, u128) {
    let opt_out = format!("/api/v1/numbers/138{:08}/opt-out", 3_000 + round);
    let asked = [
        ("GET", "/livez".to_owned(), json!({})),
        ("POST", opt_out, json!({"reason": "asked under attack"})),
    ];
    ask_each(form, url, &asked)
}

impl ResourceProbe<'_> {
    /// Runs each query alone, with a small one beside it, then (in the long form) more queries than there are
    /// slots.
    fn tried(&self, form: Form, broken: &mut Vec<String>) -> Value {
        let (mut peaks, mut slowest, mut took) = (Peaks::default(), 0, BTreeMap::new());
        for (what, sql) in growing() {
            let timeout_ms = match form {
                Form::Short if what == ENDS_BY_TIME => BRIEF_TIMEOUT_MS,
                Form::Short | Form::Long => TIMEOUT_MS,
            };
            let (mut answers, beside) = self.asked(&[sql], timeout_ms, &mut peaks, broken);
            let (status, ms) = answers.pop().unwrap_or((Err("not asked".to_owned()), 0));
            slowest = slowest.max(ms);
            took.insert(what, u64::try_from(ms).unwrap_or(u64::MAX));
            let is_late = form.judges_time() && ms > OVER_MS;
            if !status.as_ref().is_ok_and(|status| REFUSED.contains(status)) || is_late {
                broken.push(format!("{} {what}: {status:?} after {ms} ms", self.name));
            }
            if beside != Ok(200) {
                broken.push(format!(
                    "{} {what}: another query beside it: {beside:?}",
                    self.name
                ));
            }
        }
        let at_once = match form {
            Form::Short => Value::Null,
            Form::Long => self.tried_at_once(&mut peaks, broken),
        };
        self.judge(form, &peaks, broken);
        json!({
            "questions": took.len(),
            "took_ms": took,
            "at_once": at_once,
            "temporary_bytes": peaks.temporary_bytes,
            "database_rss_mb": peaks.database_rss_mb,
            "passed_rounds": peaks.rounds,
            "slowest_pass_ms": u64::try_from(peaks.slowest_ms).unwrap_or(u64::MAX),
        })
    }

    /// Runs many queries at once: those without a slot are refused with 429, the others as if alone.
    fn tried_at_once(&self, peaks: &mut Peaks, broken: &mut Vec<String>) -> Value {
        let crowd = vec![sorting(); AT_ONCE];
        let (answers, _) = self.asked(&crowd, CROWDED_TIMEOUT_MS, peaks, broken);
        let mut by_status: BTreeMap<String, usize> = BTreeMap::new();
        for (status, _) in answers {
            let said = status.map_or_else(|error| error, |status| status.to_string());
            *by_status.entry(said).or_default() += 1;
        }
        let of = |status: u16| by_status.get(&status.to_string()).copied().unwrap_or(0);
        if of(429) == 0 || of(413) + of(422) == 0 || of(413) + of(422) + of(429) != AT_ONCE {
            broken.push(format!("{} at once: answered {by_status:?}", self.name));
        }
        json!(by_status)
    }

    fn judge(&self, form: Form, peaks: &Peaks, broken: &mut Vec<String>) {
        if peaks.temporary_bytes > TEMPORARY_BYTES_MAX {
            broken.push(format!(
                "{}: {} temporary bytes",
                self.name, peaks.temporary_bytes
            ));
        }
        if peaks.temporary_bytes == 0 {
            broken.push(format!("{}: no temporary bytes were measured", self.name));
        }
        if let Some(peak) = peaks.database_rss_mb.filter(|peak| *peak > DATABASE_RSS_MB_MAX) {
            broken.push(format!("a process of the database held {peak} MiB"));
        }
        if form.judges_time() && peaks.slowest_ms > ANSWER_MS {
            let slowest = peaks.slowest_ms;
            broken.push(format!("{}: an answer beside it took {slowest} ms", self.name));
        }
    }

    /// Sends these queries at once, a small one beside them, and the requests that must succeed until all are
    /// over.
    fn asked(
        &self,
        questions: &[String],
        timeout_ms: u64,
        peaks: &mut Peaks,
        broken: &mut Vec<String>,
    ) -> (TimedResponses, Status) {
        let ended = watched_value::WatchedValue::new(false);
        let (url, passes, round) = (self.url, self.passes, peaks.rounds);
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| self.look_until(&ended));
            let passing = scope.spawn(move || passes(round));
            let asking: Vec<_> = questions
                .iter()
                .map(|sql| scope.spawn(move || ask(url, sql, timeout_ms)))
                .collect();
            let (beside, ms) = ask(url, "select count(*) from calls", TIMEOUT_MS);
            let answers = asking
                .into_iter()
                .map(|one| one.join().unwrap_or_else(|_| not_asked()));
            let answers: TimedResponses = answers.collect();
            ended.change(|ended| *ended = true);
            let (not_passed, slowest) = passing.join().unwrap_or_else(|_| not_asked());
            let (bytes, rss) = looking.join().unwrap_or_else(|_| not_asked());
            broken.extend(
                not_passed
                    .into_iter()
                    .map(|what| format!("{}: {what}", self.name)),
            );
            peaks.rounds += 1;
            peaks.slowest_ms = peaks.slowest_ms.max(slowest).max(ms);
            peaks.temporary_bytes = peaks.temporary_bytes.max(bytes);
            peaks.database_rss_mb = peaks.database_rss_mb.max(rss);
            (answers, beside)
        })
    }

    fn look_until(&self, ended: &watched_value::WatchedValue<bool>) -> (u64, Option<u64>) {
        let (mut bytes, mut rss) = (0, None);
        let ends = |beat| ended.until(beat, |ended| ended.then_some(())).is_some();
        at_each_beat(LOOKED_WITHIN, ends, || {
            bytes = (self.temporary)().max(bytes);
            rss = (self.database_rss_mb)().max(rss);
            true
        });
        (bytes, rss)
    }
}

type Status = Result<u16, String>;
type TimedResponses = Vec<(Status, u128)>;

fn not_asked() -> ! {
    fail("a question could not be asked")
}

fn ask(url: &str, sql: &str, timeout_ms: u64) -> (Status, u128) {
    let began = instant();
    let body = json!({"sql": sql, "limit": 10, "timeout_ms": timeout_ms});
    let reply = request("POST", &format!("{url}/api/v1/query"), Some(&body));
    let ms = (instant() - began).as_millis();
    (reply.map(|reply| reply.status), ms)
}

/// Returns a function that sums the bytes of SQLite's temporary files, which are unlinked: found among the
/// open files of the process by SQLite's own name or (`O_TMPFILE`) by a number.
fn open_files(server: &Server) -> impl Fn() -> u64 + Sync + use<> {
    let folder = PathBuf::from(format!("/proc/{}/fd", server.program.id()));
    move || {
        let open = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let temporary = open.filter(|file| {
            let target = std::fs::read_link(file.path()).unwrap_or_default();
            let target = target.to_string_lossy();
            target.contains("/etilqs_") || target.contains("/#")
        });
        let bytes = temporary.filter_map(|file| Some(std::fs::metadata(file.path()).ok()?.len()));
        bytes.sum()
    }
}

/// Returns the bytes of all files in a folder, including the deeper one that parallel workers share.
fn folder_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = files.map(|file| match file.metadata() {
        Ok(of) if of.is_dir() => folder_bytes(&file.path()),
        Ok(of) => of.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

/// Returns the peak memory of the living processes of the database, in MiB.
fn database_rss_mb(directory: &Path) -> Option<u64> {
    let pid = std::fs::read_to_string(directory.join("postmaster.pid")).ok()?;
    let postmaster: u32 = pid.lines().next()?.trim().parse().ok()?;
    let processes = std::fs::read_dir("/proc").ok()?.flatten();
    let children = processes.filter_map(|process| {
        let id: u32 = process.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        let parent = stat
            .rsplit_once(") ")?
            .1
            .split_whitespace()
            .nth(1)?
            .parse::<u32>()
            .ok()?;
        (parent == postmaster).then_some(id)
    });
    children.filter_map(rss_peak_mb).max()
}
