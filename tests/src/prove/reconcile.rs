//! Compares the carrier's CDR with the log, independent of the product: it shares no code with it.

use crate::carrier::CdrLine;
use crate::history::{History, member};
use serde_json::Value;
use std::collections::BTreeMap;

/// The differences between both sides.
#[derive(Debug, Default)]
pub(crate) struct Disagreements {
    pub(crate) matched: usize,
    pub(crate) wrong: Vec<String>,
}

/// Compares every Call-ID of both sides: number of INVITEs, existence, answer.
pub(crate) fn compare(history: &History, lines: &BTreeMap<String, CdrLine>) -> Disagreements {
    let mut found = Disagreements::default();
    let legs = legs(history);
    for (call_id, line) in lines {
        if line.invites > 1 {
            found
                .wrong
                .push(format!("{call_id}: {} INVITE transactions", line.invites));
        } else if let Some(leg) = legs.get(call_id) {
            let one_sided = line.answered_at.is_some() != leg.answered;
            if one_sided && !leg.interrupted && !leg.late {
                found.wrong.push(format!("{call_id}: answered on one side only"));
            } else {
                found.matched += 1;
            }
        } else {
            found
                .wrong
                .push(format!("{call_id}: in the CDR without a call.dialing"));
        }
    }
    for (call_id, leg) in &legs {
        if !lines.contains_key(call_id) && !leg.interrupted && !leg.trunk_failed {
            found.wrong.push(format!("{call_id}: in the log only"));
        }
    }
    found
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent facts, read by name"
)]
#[derive(Default)]
struct LegSide {
    answered: bool,
    late: bool,
    interrupted: bool,
    trunk_failed: bool,
}

fn legs(history: &History) -> BTreeMap<String, LegSide> {
    let mut legs = BTreeMap::new();
    for events in history.calls().values() {
        let ended = events.iter().find(|event| member(event, "/type") == "call.ended");
        let disposition = ended.map_or("", |event| {
            member(event, "/data/disposition").as_str().unwrap_or("")
        });
        for dialing in events
            .iter()
            .filter(|event| member(event, "/type") == "call.dialing")
        {
            let leg = member(dialing, "/data/leg");
            let of_leg = |kind: &str| {
                events
                    .iter()
                    .any(|event| member(event, "/type") == kind && member(event, "/data/leg") == leg)
            };
            let side = LegSide {
                answered: of_leg("call.answered"),
                late: of_leg("call.late_answered"),
                interrupted: disposition == "interrupted",
                trunk_failed: matches!(disposition, "trunk_timeout" | "trunk_unreachable"),
            };
            let call_id = member(dialing, "/data/sip_call_id")
                .as_str()
                .unwrap_or("")
                .to_owned();
            legs.insert(call_id, side);
        }
    }
    legs
}

/// Returns true if one of these members of a JSON object is not zero or missing.
pub(crate) fn not_zero(line: &Value, members: &[&str]) -> bool {
    members
        .iter()
        .any(|member| line.get(*member).is_none_or(|count| count != 0))
}
