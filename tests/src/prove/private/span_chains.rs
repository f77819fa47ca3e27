//! Which kinds of spans came, and whether they are linked from a request to a turn.

use super::collector::Collector;
use crate::history::member;
use crate::prove::Form;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The kinds of spans in the order in which they follow from one another.
const KINDS: [&str; 6] = ["request", "command", "append", "driver", "leg", "turn"];

/// The attributes that spans may have.
const ATTRIBUTES: [&str; 11] = [
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "ledgerline.aggregate",
    "ledgerline.call.id",
    "ledgerline.campaign.id",
    "ledgerline.command.id",
    "ledgerline.correlation.id",
    "ledgerline.events",
    "ledgerline.leg",
    "ledgerline.span",
];

/// The kinds of the spans that a collector received.
pub(super) struct SpanKinds {
    /// The number of spans, or of their kinds if only bytes are known.
    pub(super) count: usize,
    kinds: BTreeSet<&'static str>,
}

impl SpanKinds {
    /// Returns the kinds that are missing. Whether somebody answers two calls by a key is chance.
    pub(super) fn missing(&self, form: Form) -> impl Iterator<Item = &'static str> {
        let wanted = KINDS
            .into_iter()
            .filter(move |kind| form == Form::Long || *kind != "turn");
        wanted.filter(|kind| !self.kinds.contains(kind))
    }
}

/// Returns the kinds of the spans, by their attribute in the bytes.
pub(super) fn kinds(collector: &Collector) -> SpanKinds {
    let bytes = collector.bytes();
    // The key, then the tag and the length of the value, then the text.
    let holds = |kind: &str| {
        let length = u8::try_from(kind.len()).unwrap_or(0);
        let value = [&[0x0a, length], kind.as_bytes()].concat();
        let key = b"ledgerline.span";
        let mut keys = bytes
            .windows(key.len())
            .enumerate()
            .filter(|(_, window)| *window == key);
        keys.any(|(at, _)| {
            let after = bytes.get(at + key.len()..at + key.len() + 2 + value.len());
            after.is_some_and(|after| after.ends_with(&value))
        })
    };
    let kinds: BTreeSet<&'static str> = KINDS.into_iter().filter(|kind| holds(kind)).collect();
    let spans = collector.spans().len();
    SpanKinds {
        count: if spans == 0 { kinds.len() } else { spans },
        kinds,
    }
}

/// Checks the attributes of all spans. Returns how many turns follow from a request by way of all kinds.
pub(super) fn check(spans: &[Value], wrong: &mut Vec<String>) -> usize {
    let text = |span: &Value, path: &str| member(span, path).as_str().unwrap_or_default().to_owned();
    let by_id: BTreeMap<String, &Value> = spans.iter().map(|span| (text(span, "/span"), span)).collect();
    for span in spans {
        let attributes = member(span, "/attributes").as_object().into_iter().flatten();
        for (key, _) in attributes.filter(|(key, _)| !ATTRIBUTES.contains(&key.as_str())) {
            wrong.push(format!("a span has the attribute {key}"));
        }
    }
    let kind_of = |span: &Value| text(span, "/attributes/ledgerline.span");
    let turns = spans.iter().filter(|span| kind_of(span) == "turn");
    let is_whole = |turn: &&Value| {
        let above = std::iter::successors(Some(*turn), |span| by_id.get(&text(span, "/parent")).copied());
        let above: Vec<&Value> = above.take(spans.len()).collect();
        let kinds: BTreeSet<String> = above.iter().map(|span| kind_of(span)).collect();
        let traces: BTreeSet<String> = above.iter().map(|span| text(span, "/trace")).collect();
        KINDS.iter().all(|kind| kinds.contains(*kind)) && traces.len() == 1
    };
    turns.filter(is_whole).count()
}
