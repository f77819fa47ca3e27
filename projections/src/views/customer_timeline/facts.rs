//! The facts that a timeline line shows of an event; never personal values.

use crate::view::code_of;
use domain::call::event::CallEvent;
use domain::conversation::ConversationEvent;
use domain::customer::event::CustomerEvent;
use domain::message::MessageEvent;
use domain::time::Timestamp;
use domain::voiceprint::VoiceprintEvent;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Returns the facts of a voiceprint event; nothing of the voice itself.
pub(super) fn of_voiceprint(fact: &VoiceprintEvent) -> serde_json::Value {
    without_nulls(match fact {
        VoiceprintEvent::Consented(consented) => {
            json!({ "source": consented.source, "until": consented.until })
        }
        VoiceprintEvent::Enrolled(enrolled) => json!({ "takes": enrolled.takes, "form": enrolled.form }),
        VoiceprintEvent::Compared(compared) => json!({ "likeness": compared.likeness,
            "distance_milli": compared.distance_milli, "threshold_milli": compared.threshold_milli }),
        VoiceprintEvent::Withdrawn { source, .. } => json!({ "source": source }),
        VoiceprintEvent::Deleted {
            deleted_for, reason, ..
        } => json!({ "deleted_for": deleted_for, "reason": reason }),
    })
}

/// Returns the facts of an event of a text conversation: its channel, and how it ended; no texts.
pub(super) fn of_conversation(conversation: &str, fact: &ConversationEvent) -> serde_json::Value {
    let own = match fact {
        ConversationEvent::Opened(opened) => {
            json!({ "conversation": conversation, "channel": opened.channel, "begun_by": opened.begun_by })
        }
        ConversationEvent::Closed(closed) => json!({ "conversation": conversation, "reason": closed.reason,
            "outcome": closed.outcome, "messages_count": closed.messages_count }),
        ConversationEvent::TranscriptDisposed { preset, days, .. } => {
            json!({ "conversation": conversation, "preset": preset, "days": days })
        }
        ConversationEvent::Heard(_)
        | ConversationEvent::Understood(_)
        | ConversationEvent::SensitiveWordMatched(_)
        | ConversationEvent::Decided(_)
        | ConversationEvent::Said(_) => json!({ "conversation": conversation }),
    };
    without_nulls(own)
}

/// Returns the facts of a message event: its channel, and its result.
pub(super) fn of_message(fact: &MessageEvent) -> serde_json::Value {
    without_nulls(match fact {
        MessageEvent::Ordered(ordered) => json!({ "message": ordered.message, "way": ordered.way }),
        MessageEvent::Sent { message, status, .. } => json!({ "message": message, "status": status }),
        MessageEvent::Failed {
            message,
            class,
            may_have_left,
            ..
        } => json!({ "message": message, "class": class, "may_have_left": may_have_left }),
        MessageEvent::Replied(replied) => json!({ "message": replied.message, "opt_out": replied.opt_out }),
    })
}

/// Returns the facts of a customer event.
pub(super) fn of_customer(fact: &CustomerEvent) -> serde_json::Value {
    without_nulls(match fact {
        CustomerEvent::Registered { time_zone, .. } => json!({ "time_zone": time_zone }),
        CustomerEvent::NumberAdded { number, .. } | CustomerEvent::NumberConfirmed { number, .. } => {
            json!({ "number": number })
        }
        CustomerEvent::ConsentRecorded {
            scope,
            source,
            given_at,
            until,
            ..
        } => json!({ "scope": scope, "source": source, "given_at": given_at, "until": until }),
        CustomerEvent::ConsentWithdrawn { scope, source, .. } => json!({ "scope": scope, "source": source }),
        CustomerEvent::Enrolled {
            list, number, due_at, ..
        } => json!({ "list": list, "number": number, "due_at": due_at }),
        CustomerEvent::DialGranted { attempt, grant } => {
            json!({ "attempt": attempt, "number": grant.number })
        }
        CustomerEvent::DialRefused {
            verdict, not_before, ..
        } => json!({ "rule": verdict.rule, "decision": verdict.decision, "facts": verdict.facts,
            "not_before": not_before }),
        CustomerEvent::DialReleased {
            reason, not_before, ..
        } => json!({ "reason": reason, "not_before": not_before }),
        CustomerEvent::CallClosed {
            disposition,
            outcome,
            charged,
            next_due_at,
            ..
        } => json!({ "disposition": disposition, "outcome": outcome, "charged": charged,
            "next_due_at": next_due_at }),
        CustomerEvent::CallAsked { due_at, deadline, .. } => of_asked_call(*due_at, *deadline),
        CustomerEvent::PreviewSkipped { .. }
        | CustomerEvent::CallbackRequested { .. }
        | CustomerEvent::CallbackEnded { .. } => of_callback(fact),
        CustomerEvent::LateAnswered(late) => json!({ "next_due_at": late.due_at }),
        CustomerEvent::CallBackOrdered { due_at, by, .. } => json!({ "next_due_at": due_at, "by": by }),
        CustomerEvent::EnrolmentSettled {
            disposition,
            outcome,
            calls_count,
            rule,
            facts,
            ..
        } => json!({ "disposition": disposition, "outcome": outcome, "calls": calls_count,
            "rule": rule, "facts": facts }),
        CustomerEvent::EnrolmentWithdrawn { list, reason, by, .. } => {
            json!({ "list": list, "reason": reason, "by": by })
        }
        CustomerEvent::Held { reason, by } => json!({ "reason": reason, "by": by }),
        CustomerEvent::HoldReleased { reason, by, .. } => json!({ "reason": reason, "by": by }),
        CustomerEvent::Assigned { to, before, reason } => {
            json!({ "to": to, "before": before, "reason": reason })
        }
        CustomerEvent::Unassigned { before, reason } => json!({ "before": before, "reason": reason }),
        CustomerEvent::Corrected { .. }
        | CustomerEvent::AttributesSet { .. }
        | CustomerEvent::Tagged { .. }
        | CustomerEvent::CapsSet { .. }
        | CustomerEvent::PreferredTimesSet { .. } => of_profile(fact),
        CustomerEvent::DealReported { .. } | CustomerEvent::HistoryImported { .. } => of_records(fact),
        CustomerEvent::Merged { .. } | CustomerEvent::Unmerged { .. } => of_ids(fact),
        CustomerEvent::ErasureRequested { .. }
        | CustomerEvent::Erased { .. }
        | CustomerEvent::ErasureCertified { .. } => of_erasure(fact),
    })
}

/// Returns the facts of a call that a user requested.
fn of_asked_call(due_at: Timestamp, deadline: Option<Timestamp>) -> serde_json::Value {
    json!({ "next_due_at": due_at, "deadline": deadline })
}

/// Returns the facts of what other systems reported: deals, and calls that they made.
fn of_records(fact: &CustomerEvent) -> serde_json::Value {
    if let CustomerEvent::DealReported {
        deal, change_minor, ..
    } = fact
    {
        return json!({ "deal": deal, "change_minor": change_minor });
    }
    if let CustomerEvent::HistoryImported {
        source,
        number,
        calls,
    } = fact
    {
        return json!({ "source": source, "number": number, "calls": calls });
    }
    json!({})
}

/// Returns the facts of merging two customer ids, or of undoing it.
fn of_ids(fact: &CustomerEvent) -> serde_json::Value {
    match fact {
        CustomerEvent::Merged {
            with,
            side,
            reason,
            by,
        } => json!({ "with": with, "side": side, "reason": reason, "by": by }),
        CustomerEvent::Unmerged { with, reason, by } => {
            json!({ "with": with, "reason": reason, "by": by })
        }
        _ => json!({}),
    }
}

/// Returns the facts of changes to a customer's profile: names or numbers of changed values, never the
/// values.
fn of_profile(fact: &CustomerEvent) -> serde_json::Value {
    match fact {
        CustomerEvent::Corrected {
            request,
            name,
            variables,
        } => {
            let names: BTreeSet<&String> = variables.values().flat_map(BTreeMap::keys).collect();
            json!({ "request": request, "name": name.is_some(), "variables": names })
        }
        CustomerEvent::CapsSet { caps, reason, by } => json!({ "caps": caps, "reason": reason, "by": by }),
        // The preferred times are shown in the customer's profile and erased with it.
        CustomerEvent::PreferredTimesSet { times, origin } => {
            json!({ "times": times.len(), "origin": origin })
        }
        CustomerEvent::AttributesSet {
            attributes,
            cleared,
            origin,
        } => json!({ "attributes": attributes.keys().collect::<Vec<_>>(), "cleared": cleared,
            "origin": origin }),
        CustomerEvent::Tagged {
            level,
            added,
            removed,
            origin,
        } => json!({ "level": level, "added": added.len(), "removed": removed.len(), "origin": origin }),
        _ => json!({}),
    }
}

/// Returns the facts of a callback: the agreed time, and how it ended; or of a skipped preview.
fn of_callback(fact: &CustomerEvent) -> serde_json::Value {
    if let CustomerEvent::PreviewSkipped {
        agent,
        reason,
        due_at,
        ..
    } = fact
    {
        return json!({ "agent": agent, "reason": reason, "next_due_at": due_at });
    }
    match fact {
        CustomerEvent::CallbackRequested {
            callback_at,
            until,
            agent,
            reason,
            by,
            ..
        } => {
            json!({ "callback_at": callback_at, "until": until, "agent": agent, "reason": reason, "by": by })
        }
        CustomerEvent::CallbackEnded {
            callback_at,
            how,
            rule,
            facts,
            not_before,
            reason,
            by,
            ..
        } => {
            let facts = Some(facts).filter(|facts| !facts.is_empty());
            json!({ "callback_at": callback_at, "how": how, "rule": rule, "facts": facts,
                "not_before": not_before, "reason": reason, "by": by })
        }
        _ => json!({}),
    }
}

/// Returns the facts of an erasure.
fn of_erasure(fact: &CustomerEvent) -> serde_json::Value {
    match fact {
        CustomerEvent::ErasureRequested {
            reason,
            requested_by,
            approved_by,
            ..
        } => json!({ "reason": reason, "requested_by": requested_by, "approved_by": approved_by }),
        CustomerEvent::Erased {
            numbers_count,
            enrolments_count,
        } => json!({ "numbers": numbers_count, "enrolments": enrolments_count }),
        CustomerEvent::ErasureCertified {
            certificate,
            key_destroyed_at,
            recordings_count,
            ..
        } => json!({ "certificate": certificate, "key_destroyed_at": key_destroyed_at,
            "recordings": recordings_count }),
        _ => json!({}),
    }
}

/// Returns the facts of a call event.
pub(super) fn of_call(fact: &CallEvent) -> serde_json::Value {
    without_nulls(match fact {
        CallEvent::Permitted { attempt, flow, .. } => {
            json!({ "attempt": attempt, "flow": flow.flow, "flow_version": flow.version })
        }
        CallEvent::Dialing { leg, trunk, .. } => json!({ "leg": leg, "trunk": trunk }),
        CallEvent::TransferRequested { node, reason } => json!({ "node": node, "reason": reason }),
        CallEvent::Ended {
            disposition,
            outcome,
            talk_ms,
            reason,
            ..
        } => json!({ "disposition": disposition, "outcome": outcome, "talk_ms": talk_ms,
            "reason": code_of(reason) }),
        CallEvent::Corrected {
            before,
            after,
            reason,
            by,
            ..
        } => json!({ "before": before, "after": after, "reason": reason, "by": by }),
        _ => json!({}),
    })
}

fn without_nulls(mut facts: serde_json::Value) -> serde_json::Value {
    if let Some(members) = facts.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    facts
}
