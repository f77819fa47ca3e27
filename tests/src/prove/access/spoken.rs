//! What was said on the phone: whoever is shown words, slots or a summary of a spoken call is on record with
//! that call and that field.

use super::questions::{Question, Reader};
use super::recorded::events;
use crate::history::member;
use crate::prove::replay::{Made, prepare};
use crate::server::Server;
use serde_json::{Value, json};
use std::path::Path;

/// Spoken calls; the record of the last one is another's business.
const CALLS: u64 = 4;

/// A trunk that nobody is behind: nobody is called here.
const NO_TRUNK: &str = "sip:127.0.0.1:9";

/// What an answer shows, and the fields of a record that say so.
const SHOWN: &[(&str, &[&str])] = &[
    ("replay", &["heard", "slots", "keys"]),
    ("summary", &["summary", "slots"]),
];

pub(super) struct Found {
    pub(super) asked: usize,
    pub(super) shown: usize,
    pub(super) recorded: usize,
    pub(super) wrong: Vec<String>,
}

pub(super) fn transcripts(folder: &Path) -> Found {
    let data = folder.join("spoken");
    prepare(&data, CALLS);
    let made = Made::record(&data, CALLS);
    let server = Server::start(&data, NO_TRUNK);
    let approver = Reader::new(&server, "approver".to_owned());
    let mut found = Found {
        asked: 0,
        shown: 0,
        recorded: 0,
        wrong: Vec::new(),
    };
    let mut asked: Vec<(String, &str, &[&str])> = Vec::new();
    for (call, (what, fields)) in made
        .calls
        .iter()
        .flat_map(|call| SHOWN.iter().map(move |one| (call, one)))
    {
        for clear in ["", "?clear=true&reason=complaint"] {
            let reader = Reader::new(&server, format!("listener-{}", found.asked));
            let path = format!("/api/v1/calls/{call}/{what}{clear}");
            let answer = Question::new("GET".to_owned(), path, None).ask(&server, &reader, &approver);
            found.asked += 1;
            if answer.status == 200 && answer.text.contains(call.as_str()) {
                found.shown += 1;
                asked.push((answer.reader, call, fields));
            }
        }
    }
    let inquiries = events(&server, "inquiry.");
    for (reader, call, fields) in asked {
        if is_on_record(&inquiries, &reader, call, fields) {
            found.recorded += 1;
        } else {
            found.wrong.push(format!(
                "{reader} was told what was said in {call}, and is not on record"
            ));
        }
    }
    found
}

/// Whether a read of this call by this reader is on record, with all of these fields.
fn is_on_record(inquiries: &[Value], reader: &str, call: &str, fields: &[&str]) -> bool {
    let mut reads = inquiries
        .iter()
        .filter(|event| member(event, "/data/by") == reader);
    reads.any(|event| {
        let has = |pointer: &str, wanted: &str| {
            let all = member(event, pointer).as_array();
            all.is_some_and(|all| all.contains(&json!(wanted)))
        };
        has("/data/calls", call) && fields.iter().all(|field| has("/data/fields", field))
    })
}
