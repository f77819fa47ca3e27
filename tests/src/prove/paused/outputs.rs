//! The table of reasons by output: asks each output for a code, and keeps what it said.

use crate::history::member;
use crate::passing_time::{HUNG_AFTER, ask_on};
use crate::program::run_json;
use crate::prove::Proof;
use crate::server::{Reply, Server};
use domain::dialing_pause::{PauseCode, PauseScope};
use serde_json::{Map, Value, json};

/// Why readiness does not list reasons of trunks, presets and campaigns.
const OF_INSTALLATION_ONLY: &str = "readiness lists only what pauses every call: it needs no session";

/// One way to learn why dialing is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    Readyz,
    Dialing,
    Doctor,
    Metric,
}

impl Output {
    const ALL: [Self; 4] = [Self::Readyz, Self::Dialing, Self::Doctor, Self::Metric];

    const fn name(self) -> &'static str {
        match self {
            Self::Readyz => "readyz",
            Self::Dialing => "dialing",
            Self::Doctor => "doctor",
            Self::Metric => "metric",
        }
    }

    /// Returns true if this output gives the code now.
    fn gives(self, server: &Server, code: PauseCode) -> bool {
        match self {
            Self::Readyz => get(server, "/readyz").is_some_and(|reply| lists(&reply.body, code)),
            Self::Dialing => items(server).iter().any(|item| is_of(item, code)),
            Self::Doctor => doctor_gives(server, code),
            Self::Metric => metric(server, code) > 0,
        }
    }
}

/// An output that cannot give a code, and why.
pub(super) type Unreachable = (Output, &'static str);

/// What each output said of each reason.
#[derive(Debug, Default)]
pub(super) struct PauseTable {
    rows: Map<String, Value>,
    wrong: Vec<String>,
}

impl PauseTable {
    /// Waits until every output gives the code, except those that cannot.
    pub(super) fn check(&mut self, server: &Server, code: PauseCode, unreachable: &[Unreachable]) {
        let mut cells = Map::new();
        for output in Output::ALL {
            let why = unreachable
                .iter()
                .find(|(of, _)| *of == output)
                .map(|(_, why)| *why);
            let cell = match why {
                Some(why) => format!("not reachable: {why}"),
                None => self.ask(server, output, code),
            };
            cells.insert(output.name().to_owned(), json!(cell));
        }
        self.rows.insert(code.name().to_owned(), Value::Object(cells));
    }

    fn ask(&mut self, server: &Server, output: Output, code: PauseCode) -> String {
        if output == Output::Readyz && code.scope() != PauseScope::Installation {
            self.hold(!output.gives(server, code), || {
                format!("readyz lists {}", code.name())
            });
            return format!("not reachable: {OF_INSTALLATION_ONLY}");
        }
        let is_given = ask_on(HUNG_AFTER, || output.gives(server, code).then_some(()));
        self.hold(is_given.is_some(), || {
            let said = items(server);
            format!(
                "{} does not give {}; the API says {said:?}",
                output.name(),
                code.name()
            )
        });
        code.name().to_owned()
    }

    /// Records what is wrong unless `holds` is true.
    pub(super) fn hold(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.wrong.push(what());
        }
    }

    /// Records that `/readyz` has this status: a pause of dialing alone does not change it.
    pub(super) fn hold_status(&mut self, server: &Server, status: u16) {
        let found = get(server, "/readyz").map(|reply| reply.status);
        self.hold(found == Some(status), || {
            format!("readyz is {found:?}, not {status}")
        });
    }

    /// Adds a row that the case filled.
    pub(super) fn put(&mut self, code: PauseCode, cells: Map<String, Value>) {
        self.rows.insert(code.name().to_owned(), Value::Object(cells));
    }

    /// Records that a reason cannot be produced on this machine.
    pub(super) fn skip(&mut self, code: PauseCode, why: &str) {
        self.rows
            .insert(code.name().to_owned(), json!({ "skipped": why }));
    }

    /// Records as wrong if no case produced the code.
    pub(super) fn require(&mut self, code: PauseCode) {
        let is_there = self.rows.contains_key(code.name());
        self.hold(is_there, || format!("no case produces {}", code.name()));
    }

    /// Adds the rows of a table that another process filled.
    pub(super) fn join(&mut self, line: &Value) {
        let rows = line.get("reasons").and_then(Value::as_object).cloned();
        self.rows.extend(rows.unwrap_or_default());
        let wrong = line.get("wrong").and_then(Value::as_array).cloned();
        self.wrong
            .extend(wrong.into_iter().flatten().map(|one| one.to_string()));
    }

    pub(super) fn proof(self) -> Proof {
        Proof {
            holds: self.wrong.is_empty() && !self.rows.is_empty(),
            line: json!({ "proof": "paused", "codes": self.rows.len(), "reasons": self.rows, "wrong": self.wrong }),
        }
    }
}

fn get(server: &Server, path: &str) -> Option<Reply> {
    server.get(path).ok()
}

/// Returns the reasons of `GET /api/v1/dialing`.
pub(super) fn items(server: &Server) -> Vec<Value> {
    let reply = get(server, "/api/v1/dialing").filter(|reply| reply.status == 200);
    let items = reply.and_then(|reply| reply.body.get("items").and_then(Value::as_array).cloned());
    items.unwrap_or_default()
}

/// Returns true if the item is of this code and says in both languages what it is and what to do.
fn is_of(item: &Value, code: PauseCode) -> bool {
    let says = |name: &str| member(item, name).as_str().is_some_and(|text| !text.is_empty());
    member(item, "/code") == code.name() && ["/zh", "/en", "/action_zh", "/action_en"].into_iter().all(says)
}

/// Returns true if the body of `/readyz` lists the code, in a reply of either status.
fn lists(body: &Value, code: PauseCode) -> bool {
    let codes = body.get("dialing_pauses").and_then(Value::as_array);
    codes.into_iter().flatten().any(|one| one == code.name())
}

/// Returns the value of the metric for this code; 0 if there is none.
fn metric(server: &Server, code: PauseCode) -> u64 {
    let text = get(server, "/metrics").map(|reply| reply.body);
    let sample = format!("ledgerline_dialing_paused{{reason=\"{}\"}} ", code.name());
    let lines = text.as_ref().and_then(Value::as_str).unwrap_or_default().lines();
    let mut values = lines.filter_map(|line| line.strip_prefix(&sample)?.parse().ok());
    values.next().unwrap_or(0)
}

/// Returns true if `doctor --server` lists the code, and fails if a reason pauses every call.
fn doctor_gives(server: &Server, code: PauseCode) -> bool {
    let named = server.named();
    let named = named.each_ref().map(String::as_str);
    let Ok((status, said)) = run_json(&[&["doctor", "--json"][..], &named].concat()) else {
        return false;
    };
    let pauses = said.get("dialing_pauses").and_then(Value::as_array);
    let mut pauses = pauses.into_iter().flatten();
    let is_wide = pauses.clone().any(|one| member(one, "/scope") == "installation");
    pauses.any(|one| member(one, "/code") == code.name()) && status.code() == Some(i32::from(is_wide))
}
