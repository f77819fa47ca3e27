//! What was said on the phone and in writing: whoever is shown words, slots or a summary of a spoken call is
//! on record with that call and that field; of a conversation in text, with its person.

use super::questions::{Question, Reader};
use crate::history::member;
use crate::program::fail;
use crate::prove::replay::{Made, prepare};
use crate::server::Server;
use crate::texting::{TextCampaign, Writing};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Spoken calls; the record of the last one is another's business.
const CALLS: u64 = 4;

/// A trunk that nobody is behind: nobody is called here.
const NO_TRUNK: &str = "sip:127.0.0.1:9";

/// What an answer shows, and the fields of a record that say so.
const SHOWN: &[(&str, &[&str])] = &[
    ("replay", &["heard", "slots", "keys"]),
    ("summary", &["summary", "slots"]),
];

/// The same of a conversation in text: each path behind its id.
const SHOWN_OF_TEXT: &[(&str, &[&str])] = &[("", &["heard", "slots"]), ("/summary", &["summary", "slots"])];

/// Conversations in text.
const TEXTS: u64 = 3;
const TEXT_CAMPAIGN: &str = "WRITTEN";
/// What they write: understood, and kept.
const WRITTEN: &str = "是的，我要分三期";
/// Longest wait for the summaries (CAL-3).
const SUMMED: Duration = Duration::from_secs(10);

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
    let texts = texts(&server);
    let calls = made.calls.iter().flat_map(|call| {
        let of = SHOWN.iter();
        of.map(move |(what, fields)| About {
            path: format!("/api/v1/calls/{call}/{what}"),
            id: call.clone(),
            record: ("/data/calls", call.clone()),
            fields,
        })
    });
    let texts = texts.iter().flat_map(|writing| {
        let of = SHOWN_OF_TEXT.iter();
        of.map(move |(what, fields)| About {
            path: format!("{}{what}", writing.path()),
            id: writing.conversation.clone(),
            record: ("/data/customer", writing.person.clone()),
            fields,
        })
    });
    let mut asked: Vec<(String, About)> = Vec::new();
    for about in calls.chain(texts) {
        for clear in ["", "?clear=true&reason=complaint"] {
            let reader = Reader::new(&server, format!("listener-{}", found.asked));
            let path = format!("{}{clear}", about.path);
            let answer = Question::new("GET".to_owned(), path, None).ask(&server, &reader, &approver);
            found.asked += 1;
            if answer.status == 200 && answer.text.contains(&about.id) {
                found.shown += 1;
                asked.push((answer.reader, about.clone()));
            } else if answer.status != 200 && !(answer.status == 404 && about.is_call()) {
                found
                    .wrong
                    .push(format!("{}: {} {}", answer.what, answer.status, answer.text));
            }
        }
    }
    let inquiries = server.events("kind=inquiry.");
    for (reader, about) in asked {
        if is_on_record(&inquiries, &reader, &about) {
            found.recorded += 1;
        } else {
            found.wrong.push(format!(
                "{reader} was told what {} says, and is not on record",
                about.path
            ));
        }
    }
    found
}

/// What is asked for, and how a record says who saw what.
#[derive(Clone)]
struct About {
    path: String,
    /// Part of whatever shows it.
    id: String,
    /// A member of the record, and what it is or holds.
    record: (&'static str, String),
    fields: &'static [&'static str],
}

impl About {
    /// Whose summary may not be written yet.
    fn is_call(&self) -> bool {
        self.record.0 == "/data/calls"
    }
}

/// People who write and are answered until their conversation is closed and summed up.
fn texts(server: &Server) -> Vec<Writing> {
    let campaign = TextCampaign::made(server, TEXT_CAMPAIGN, TEXTS);
    let written = |index| {
        let writing = campaign.open(index);
        campaign.write(&writing, "m-1", WRITTEN);
        campaign.close(&writing);
        writing
    };
    let all = (0..TEXTS).map(written).collect();
    until_summed(server);
    all
}

/// All of them, by the events that say so.
fn until_summed(server: &Server) {
    let mut count = 0;
    let all = server.follow_events("kind=summary.text_recorded", SUMMED, |_| {
        count += 1;
        (count >= TEXTS).then_some(())
    });
    if all.is_none() {
        fail(&format!("{count} of {TEXTS} texts were summed up in time"));
    }
}

/// Whether a read of this by this reader is on record, with all of these fields.
fn is_on_record(inquiries: &[Value], reader: &str, about: &About) -> bool {
    let mut reads = inquiries
        .iter()
        .filter(|event| member(event, "/data/by") == reader);
    reads.any(|event| {
        let has = |pointer: &str, wanted: &str| match member(event, pointer) {
            Value::Array(all) => all.contains(&json!(wanted)),
            one => *one == wanted,
        };
        let (pointer, wanted) = &about.record;
        has(pointer, wanted) && about.fields.iter().all(|field| has("/data/fields", field))
    })
}
