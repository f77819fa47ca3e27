//! Proof with cards, identity numbers and phone numbers that customers write, in digits and in words: nothing
//! of them remains in what is stored, even when it is read in clear.

use crate::history::member;
use crate::program::fail;
use crate::server::Server;
use crate::text_campaign::{TextCampaign, TextConversation};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The most texts that are written; each is read back.
const TEXTS_MAX: usize = 240;
/// The texts of one conversation: fewer than its limit of messages.
const TEXTS_OF_ONE: usize = 60;
/// The number of customers that write; each opens another conversation after one has ended.
const PEOPLE: u64 = 8;
/// A trunk without a carrier: this proof makes no calls.
const NO_TRUNK: &str = "sip:127.0.0.1:9";

/// The results for the texts.
#[derive(Default)]
pub(super) struct MaskingResults {
    pub(super) written: usize,
    /// The texts that are stored as they were written.
    pub(super) left: Vec<Value>,
}

/// Writes the texts that contain a number, and reads back what was stored.
pub(super) fn check_masking(texts: &[Value]) -> MaskingResults {
    let folder = tempfile::tempdir().unwrap_or_else(|error| fail(&error.to_string()));
    let server = Server::start(&folder.path().join("data"), NO_TRUNK);
    let campaign = TextCampaign::made(&server, "STORED", PEOPLE);
    let hidden = texts.iter().filter(|text| hides(text)).take(TEXTS_MAX);
    let hidden: Vec<&Value> = hidden.collect();
    let mut stored = MaskingResults::default();
    for (index, some) in hidden.chunks(TEXTS_OF_ONE).enumerate() {
        let person = index as u64 % PEOPLE;
        let mut writing = campaign.open(person);
        let mut sent: BTreeMap<String, &Value> = BTreeMap::new();
        for (place, text) in some.iter().enumerate() {
            let message = format!("m-{index}-{place}");
            let said = text["text"].as_str().unwrap_or_default();
            let reply = campaign.write(&writing, &message, said);
            sent.insert(message, text);
            if !member(&reply.body, "/closed").is_null() {
                read_back(&server, &writing, &sent, &mut stored);
                sent.clear();
                writing = campaign.open(person);
            }
        }
        read_back(&server, &writing, &sent, &mut stored);
        campaign.close(&writing);
    }
    if stored.written != hidden.len() {
        let (written, all) = (stored.written, hidden.len());
        stored
            .left
            .push(json!(format!("{written} of {all} were read back")));
    }
    stored
}

pub(super) fn hides(text: &Value) -> bool {
    let kind = text["kind"].as_str().unwrap_or_default();
    matches!(kind, "bank_card" | "identity_number" | "phone")
}

/// Reads the conversation's lines in clear and compares each with what was sent.
fn read_back(
    server: &Server,
    writing: &TextConversation,
    sent: &BTreeMap<String, &Value>,
    stored: &mut MaskingResults,
) {
    if sent.is_empty() {
        return;
    }
    let path = format!("{}?clear=true&reason=a%20proof", writing.path());
    let reply = server.get(&path).unwrap_or_else(|why| fail(&why));
    let lines = member(&reply.body, "/lines").as_array().into_iter().flatten();
    for line in lines.filter(|line| line["side"] == "customer") {
        let Some(text) = sent.get(line["message"].as_str().unwrap_or_default()) else {
            continue;
        };
        stored.written += 1;
        let kept = line["text"].as_str().unwrap_or_default();
        let value = text["value"].as_str().unwrap_or_default();
        let is_left = kept == text["text"] || (!value.is_empty() && digits(kept).contains(value));
        if is_left || kept.is_empty() {
            stored
                .left
                .push(json!({ "text": text["text"], "value": text["value"], "stored": kept }));
        }
    }
}

/// Removes characters that may be between digits.
fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}
