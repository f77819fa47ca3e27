//! Checks transcripts: each request that shows words, slots or a summary of a spoken call is recorded with
//! that call and those fields; of a text conversation, with its customer.

use super::requests::{PlannedRequest, RequestingUser};
use crate::history::member;
use crate::program::fail;
use crate::prove::Form;
use crate::prove::replay::{ReplayCalls, prepare};
use crate::server::Server;
use crate::text_campaign::{TextCampaign, TextConversation};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The number of spoken calls.
const CALLS: u64 = 4;

/// A trunk without a carrier: this part makes no calls.
const NO_TRUNK: &str = "sip:127.0.0.1:9";

/// For each path of a call, the fields that its record must contain.
const SHOWN: &[(&str, &[&str])] = &[
    ("replay", &["heard", "slots", "keys"]),
    ("summary", &["summary", "slots"]),
];

/// The same for a text conversation: paths after its id.
const SHOWN_OF_TEXT: &[(&str, &[&str])] = &[("", &["heard", "slots"]), ("/summary", &["summary", "slots"])];

/// The number of text conversations.
const TEXTS: u64 = 3;
const TEXT_CAMPAIGN: &str = "WRITTEN";
/// The text that customers write: it is understood, and stored.
const WRITTEN: &str = "是的，我要分三期";
/// The longest time until the summaries are written (CAL-3); judged in the long form.
const SUMMED: Duration = Duration::from_secs(10);

pub(super) struct TranscriptChecks {
    pub(super) asked: usize,
    pub(super) shown: usize,
    pub(super) recorded: usize,
    pub(super) wrong: Vec<String>,
}

pub(super) fn transcripts(form: Form, folder: &Path) -> TranscriptChecks {
    let data = folder.join("spoken");
    prepare(&data, CALLS);
    let made = ReplayCalls::record(&data, CALLS);
    let server = Server::start(&data, NO_TRUNK);
    let approver = RequestingUser::new(&server, "approver".to_owned());
    let mut found = TranscriptChecks {
        asked: 0,
        shown: 0,
        recorded: 0,
        wrong: Vec::new(),
    };
    let texts = texts(form, &server);
    let calls = made.calls.iter().flat_map(|call| {
        let of = SHOWN.iter();
        of.map(move |(what, fields)| TranscriptRequest {
            path: format!("/api/v1/calls/{call}/{what}"),
            id: call.clone(),
            record: ("/data/calls", call.clone()),
            fields,
        })
    });
    let texts = texts.iter().flat_map(|writing| {
        let of = SHOWN_OF_TEXT.iter();
        of.map(move |(what, fields)| TranscriptRequest {
            path: format!("{}{what}", writing.path()),
            id: writing.conversation.clone(),
            record: ("/data/customer", writing.person.clone()),
            fields,
        })
    });
    let mut asked: Vec<(String, TranscriptRequest)> = Vec::new();
    for about in calls.chain(texts) {
        for clear in ["", "?clear=true&reason=complaint"] {
            let reader = RequestingUser::new(&server, format!("listener-{}", found.asked));
            let path = format!("{}{clear}", about.path);
            let answer = PlannedRequest::new("GET".to_owned(), path, None).ask(&server, &reader, &approver);
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
            found
                .wrong
                .push(format!("{reader} was shown {}, and is not on record", about.path));
        }
    }
    found
}

/// A request, and how its record must look.
#[derive(Clone)]
struct TranscriptRequest {
    path: String,
    /// An id that is part of each response which shows the content.
    id: String,
    /// A member of the record, and the value that it must be or contain.
    record: (&'static str, String),
    fields: &'static [&'static str],
}

impl TranscriptRequest {
    /// Returns true for a spoken call; its summary may not be written yet.
    fn is_call(&self) -> bool {
        self.record.0 == "/data/calls"
    }
}

/// Opens text conversations, writes in them, closes them, and waits for their summaries.
fn texts(form: Form, server: &Server) -> Vec<TextConversation> {
    let campaign = TextCampaign::made(server, TEXT_CAMPAIGN, TEXTS);
    let written = |index| {
        let writing = campaign.open(index);
        campaign.write(&writing, "m-1", WRITTEN);
        campaign.close(&writing);
        writing
    };
    let all = (0..TEXTS).map(written).collect();
    until_summed(form, server);
    all
}

/// Waits until all summaries are recorded.
fn until_summed(form: Form, server: &Server) {
    let mut count = 0;
    let all = server.follow_events("kind=summary.text_recorded", form.waits(SUMMED), |_| {
        count += 1;
        (count >= TEXTS).then_some(())
    });
    if all.is_none() {
        fail(&format!("{count} of {TEXTS} texts were summed up in time"));
    }
}

/// Returns true if a read of this by this user is recorded with all of these fields.
fn is_on_record(inquiries: &[Value], reader: &str, about: &TranscriptRequest) -> bool {
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
