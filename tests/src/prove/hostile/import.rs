//! Attack: a file of 200,000 customers is imported while a campaign dials, then a rebuild, exports and
//! backups run. Dialing must continue, and the server stay ready. How many dials per second continue, and how
//! far the views are behind, is judged in the long form.
//!
//! The dials are counted by the carrier, before and during the load. The file belongs to another campaign,
//! which is never started: its way into the log and the views is tested. The trunk is limited to fewer dials
//! per second than the campaign has customers and legs for, so that its rate is steady without load.

use super::{AttackContext, Verdict};
use crate::history::member;
use crate::passing_time::{HUNG_AFTER, at_each_beat, wait_one_beat};
use crate::program::{Program, command, instant, ledgerline};
use crate::prove::Form;
use crate::prove::crash::{quick_campaign, records};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The campaign that dials meanwhile, and the one that the file is imported into.
const DIALING: &str = "BUSY";
const IMPORTED: &str = "MANY";

/// The legs of that campaign: more than the trunk's dials per second need.
const LEGS: u32 = 120;

/// The least percentage of the dials before that must continue, apart from two (below).
const DIALS_KEPT_PERCENT_MIN: f64 = 90.0;

/// The customers in one request: few enough that its response comes within a client's timeout on a busy
/// machine.
const PEOPLE_A_LIST: usize = 1_000;

/// The dials that may fall on either side of the end of a stretch.
const DIALS_AT_ENDS: f64 = 2.0;

/// The most events that the views may be behind meanwhile: a few batches.
const LAG_EVENTS_MAX: u64 = 2_048;

/// The longest time until the whole file is imported.
const IMPORTED_WITHIN: Duration = Duration::from_secs(1_200);

/// How much is tried, and how long is measured: with less time, one dial more or less would decide.
struct Size {
    /// The customers that are dialed meanwhile: more than the trunk reaches before everything is measured.
    dialed_people: u32,
    rows: u64,
    warm_up: Duration,
    measured: Duration,
}

impl Size {
    const fn of(form: Form) -> Self {
        match form {
            Form::Short => Self {
                dialed_people: 1_200,
                rows: 6_000,
                warm_up: Duration::from_secs(3),
                measured: Duration::from_secs(10),
            },
            Form::Long => Self {
                dialed_people: 9_000,
                rows: 200_000,
                warm_up: Duration::from_secs(15),
                measured: Duration::from_secs(30),
            },
        }
    }
}

/// The dials in one stretch of time, and what the server reported in it.
#[derive(Default)]
struct DialingPeriod {
    dials: usize,
    ms: u64,
    asked: u32,
    not_ready: Vec<String>,
    lag_events_max: u64,
    /// The most rows of an import that its progress showed.
    rows_seen: u64,
}

impl DialingPeriod {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn per_second(&self) -> f64 {
        (self.dials as f64 * 10_000.0 / self.ms.max(1) as f64).round() / 10.0
    }

    fn look(&mut self, stage: &AttackContext<'_>) {
        self.asked += 1;
        match stage.server.get("/readyz") {
            Ok(reply) if reply.status == 200 => {
                let lag = member(&reply.body, "/views_lag_events").as_u64().unwrap_or(0);
                self.lag_events_max = self.lag_events_max.max(lag);
            }
            Ok(reply) => self.not_ready.push(format!("{}: {}", reply.status, reply.body)),
            Err(error) => self.not_ready.push(error),
        }
        if let Ok(reply) = stage.server.get("/api/v1/imports") {
            let rows = member(&reply.body, "/items/0/rows").as_u64().unwrap_or(0);
            self.rows_seen = self.rows_seen.max(rows);
        }
    }

    /// Returns what was wrong in this stretch, compared with the one before.
    fn broken(&self, form: Form, name: &str, before: &Self) -> Vec<String> {
        let not_ready = self.not_ready.iter().take(3);
        let mut broken: Vec<String> = not_ready
            .map(|said| format!("{name}: not ready: {said}"))
            .collect();
        if !form.judges_time() {
            return broken;
        }
        if self.is_slower_than(before) {
            let kept = self.kept_percent(before);
            broken.push(format!("{name}: only {kept} % of the dials of before"));
        }
        if self.lag_events_max > LAG_EVENTS_MAX {
            broken.push(format!("{name}: rows {} events behind", self.lag_events_max));
        }
        broken
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn is_slower_than(&self, before: &Self) -> bool {
        let expected = before.dials as f64 * self.ms as f64 / before.ms.max(1) as f64;
        self.dials as f64 + DIALS_AT_ENDS < expected * DIALS_KEPT_PERCENT_MIN / 100.0
    }

    fn kept_percent(&self, before: &Self) -> f64 {
        (self.per_second() * 100.0 / before.per_second().max(0.1)).round()
    }

    fn shown(&self, before: &Self) -> Value {
        json!({
            "took_ms": self.ms,
            "dials": self.dials,
            "dials_per_second": self.per_second(),
            "dials_kept_percent": self.kept_percent(before),
            "lag_events_max": self.lag_events_max,
            "asked": self.asked,
            "not_ready": self.not_ready.len(),
        })
    }
}

pub(super) fn import_during_campaign(stage: &AttackContext<'_>) -> Verdict {
    let size = Size::of(stage.form);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("many.csv");
    std::fs::write(&file, customers(size.rows)).expect("a list can be written");
    begin(stage, size.dialed_people);
    let passes = |beat| !wait_one_beat(beat);
    measured(stage, size.warm_up, passes);
    let before = measured(stage, size.measured, passes);
    let (import, enrolled) = imported(stage, &file);
    let (others, rounds) = other_loads(stage, folder.path(), size.measured);
    stage
        .server
        .must_post(&format!("/api/v1/campaigns/{DIALING}/stop"), &json!({}));
    let mut broken = import.broken(stage.form, "import", &before);
    broken.extend(others.broken(stage.form, "rebuild, export, backup", &before));
    if enrolled != Some(size.rows) {
        broken.push(format!("enrolled {enrolled:?} of {}", size.rows));
    }
    if import.rows_seen == 0 {
        broken.push("the progress of the import was not shown".to_owned());
    }
    let stretches = [
        (&before, "before the load"),
        (&import, "beside the import"),
        (&others, "beside a rebuild, an export and a backup"),
    ];
    for (_, when) in stretches.iter().filter(|(stretch, _)| stretch.dials == 0) {
        broken.push(format!("no call was dialed {when}"));
    }
    if rounds == 0 {
        broken.push("no rebuild, export and backup was done".to_owned());
    }
    Verdict {
        broken,
        measured: json!({
            "rows": size.rows,
            "rows_per_second": size.rows * 1_000 / import.ms.max(1),
            "before": before.shown(&before),
            "import": import.shown(&before),
            "others": others.shown(&before),
            "other_rounds": rounds,
        }),
    }
}

fn begin(stage: &AttackContext<'_>, dialed_people: u32) {
    let mut dialing = quick_campaign(DIALING);
    if let Some(legs) = dialing.pointer_mut("/schedule/max_concurrent") {
        *legs = json!(LEGS);
    }
    stage
        .server
        .must_post("/api/v1/campaigns", &quick_campaign(IMPORTED));
    stage.server.must_post("/api/v1/campaigns", &dialing);
    for some in records(dialed_people, 4).chunks(PEOPLE_A_LIST) {
        let list = json!({"task_id": DIALING, "records": some});
        stage.server.must_post("/api/v1/tasks/data", &list);
    }
    stage
        .server
        .must_post(&format!("/api/v1/campaigns/{DIALING}/start"), &json!({}));
}

/// Measures for at least so long, and until `is_done`, which waits up to a beat, returns true.
fn measured(
    stage: &AttackContext<'_>,
    at_least: Duration,
    mut is_done: impl FnMut(Duration) -> bool,
) -> DialingPeriod {
    let (began, before) = (instant(), stage.carrier.lines().len());
    let mut stretch = DialingPeriod::default();
    let ends = |beat| is_done(beat) && instant() - began >= at_least;
    at_each_beat(at_least + IMPORTED_WITHIN, ends, || {
        stretch.look(stage);
        true
    });
    stretch.ms = u64::try_from((instant() - began).as_millis()).unwrap_or(u64::MAX);
    stretch.dials = stage.carrier.lines().len().saturating_sub(before);
    stretch
}

fn imported(stage: &AttackContext<'_>, file: &Path) -> (DialingPeriod, Option<u64>) {
    let mut import = command(ledgerline());
    import
        .arg("import")
        .arg(file)
        .args(["--campaign", IMPORTED, "--json"]);
    import.args(stage.server.named());
    let mut import = Program::start(import);
    let stretch = measured(stage, Duration::ZERO, |beat| import.ends(beat).is_some());
    import.kill();
    let said = import.line(HUNG_AFTER, |line| line.starts_with('{'));
    let report: Option<Value> = said.and_then(|said| serde_json::from_str(&said).ok());
    let enrolled = report.and_then(|report| member(&report, "/enrolled").as_u64());
    (stretch, enrolled)
}

/// Runs a rebuild of a view, an export and a backup, and starts them again when all are done.
fn other_loads(stage: &AttackContext<'_>, folder: &Path, at_least: Duration) -> (DialingPeriod, u32) {
    let (mut rounds, mut running) = (0, Vec::<Program>::new());
    let until = instant() + at_least;
    let stretch = measured(stage, at_least, |beat| {
        running.retain(|load| load.ended().is_none());
        if running.is_empty() && instant() < until {
            running = begin_loads(stage, folder, rounds);
            rounds += 1;
        }
        if let Some(load) = running.first() {
            load.ends(beat);
        }
        running.is_empty()
    });
    (stretch, rounds)
}

fn begin_loads(stage: &AttackContext<'_>, folder: &Path, round: u32) -> Vec<Program> {
    let data = stage.data.to_string_lossy();
    let path = "/api/v1/projections/call_history/rebuild";
    // A rebuild that is running continues.
    drop(stage.server.post(path, &json!({})));
    let place = |name: &str| folder.join(format!("{name}-{round}")).display().to_string();
    let (export, backup) = (place("events.csv"), place("backup"));
    let named = stage.server.named();
    let named = named.each_ref().map(String::as_str);
    let begun = [
        [
            &["export", "events", "--format", "csv", "--out", &export],
            &named[..],
        ]
        .concat(),
        vec!["backup", "create", "--data", &data, "--out", &backup],
    ];
    let started = begun.iter().map(|args| {
        let mut load = command(ledgerline());
        load.args(args);
        Program::start(load)
    });
    started.collect()
}

fn customers(rows: u64) -> String {
    let lines = (0..rows).map(|index| format!("M{index},137{index:08},测试,3\n"));
    std::iter::once("customer_id,phone,customer_name,days\n".to_owned())
        .chain(lines)
        .collect()
}
