//! Checks the audio of calls: each request for a recording or waveform is recorded with that call.

use super::CALLED;
use super::requests::{PlannedRequest, RequestingUser};
use crate::history::member;
use crate::program::fail;
use crate::server::Server;
use serde_json::{Value, json};

/// The most calls with requested audio.
const CALLS_MAX: usize = 4;

pub(super) struct AudioChecks {
    pub(super) asked: usize,
    pub(super) given: usize,
    pub(super) wrong: Vec<String>,
}

/// Requests each recording and waveform with a reason and without one, which must be refused.
pub(super) fn recordings(server: &Server, approver: &RequestingUser) -> AudioChecks {
    let mut found = AudioChecks {
        asked: 0,
        given: 0,
        wrong: Vec::new(),
    };
    let mut given: Vec<(String, String)> = Vec::new();
    for call in calls(server) {
        for what in ["recording", "waveform"] {
            for reason in ["", "?reason=complaint"] {
                let reader = RequestingUser::new(server, format!("hearer-{}", found.asked));
                let path = format!("/api/v1/calls/{call}/{what}{reason}");
                let answer = PlannedRequest::new("GET".to_owned(), path, None).ask(server, &reader, approver);
                found.asked += 1;
                match (answer.status, reason.is_empty()) {
                    (200, false) => given.push((answer.reader, call.clone())),
                    (200, true) => found
                        .wrong
                        .push(format!("{} was given for no reason", answer.what)),
                    _ => {}
                }
            }
        }
    }
    found.given = given.len();
    let inquiries = server.events("kind=inquiry.");
    for (reader, call) in given {
        let is_on_record = inquiries.iter().any(|event| {
            let calls = member(event, "/data/calls").as_array();
            member(event, "/data/by") == &json!(reader) && calls.is_some_and(|all| all.contains(&json!(call)))
        });
        if !is_on_record {
            let what = format!("{reader} was given the sound of {call}, and is not on record");
            found.wrong.push(what);
        }
    }
    found
}

/// Returns some answered calls that have a recording.
fn calls(server: &Server) -> Vec<String> {
    let path = format!("/api/v1/calls?campaign={CALLED}&limit=100");
    let shown = server.get(&path).unwrap_or_else(|error| fail(&error));
    let rows = member(&shown.body, "/items").as_array();
    let ids = rows.into_iter().flatten().filter(|row| {
        let answered = row.get("answered_at").or_else(|| row.get("disposition"));
        answered.is_some_and(|value| !value.is_null())
    });
    ids.filter_map(|row| row.get("call").or_else(|| row.get("id")).and_then(Value::as_str))
        .map(str::to_owned)
        .take(CALLS_MAX)
        .collect()
}
