//! Converts the collected events to the parts of an inspection, one function for each.

use super::call_transcript::CallFormatter;
use super::context::InspectionContext;
use super::gather::{InspectionEvents, ParsedEvent};
use super::response::{
    EventReference, InspectionBasisResponse, InspectionCallResponse, InspectionConsentResponse,
    InspectionObjectionResponse, InspectionOperationResponse, InspectionRecordingResponse,
    InspectionRefusalResponse, InspectionVerdictResponse, RecordingState,
};
use domain::call::Finding;
use domain::call::event::CallEvent;
use domain::compliance::{Decision, RuleSide, Verdict, describe_allowed, describe_refusal, zone_of};
use domain::customer::event::CustomerEvent;
use domain::disposition::{Disposition, Outcome};
use domain::ids::{CallId, CustomerId, NumberId};
use domain::number::event::{NumberEvent, OptOutSource};
use domain::stored_event::{Envelope, Position};
use domain::time::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn place(envelope: &Envelope, position: Position) -> EventReference {
    EventReference {
        position: position.to_string(),
        event: envelope.id,
    }
}

fn of<E>(parsed: &ParsedEvent<E>) -> EventReference {
    place(&parsed.envelope, parsed.position)
}

/// Returns for each enrolment of the customers its basis, with purpose and preset of the campaign.
pub(super) fn bases(
    found: &InspectionEvents,
    opened: &InspectionContext<'_>,
) -> Vec<InspectionBasisResponse> {
    let responses = found.customers.iter().filter_map(|parsed| {
        let CustomerEvent::Enrolled {
            campaign,
            list,
            basis,
            ..
        } = &parsed.event
        else {
            return None;
        };
        let plan = opened.plan(campaign);
        Some(InspectionBasisResponse {
            customer: parsed.envelope.customer.clone()?,
            campaign: campaign.clone(),
            list: *list,
            basis: *basis,
            purpose: plan.map(|plan| plan.purpose.clone()),
            preset: plan.map(|plan| plan.preset.code().to_owned()),
            enrolled_at: parsed.envelope.at,
            event: of(parsed),
        })
    });
    responses.collect()
}

/// Returns the consents that the customers gave or withdrew.
pub(super) fn consents(found: &InspectionEvents) -> Vec<InspectionConsentResponse> {
    let responses = found.customers.iter().filter_map(|parsed| {
        let customer = parsed.envelope.customer.clone()?;
        let event = of(parsed);
        match &parsed.event {
            CustomerEvent::ConsentRecorded {
                scope,
                source,
                given_at,
                until,
                evidence,
            } => Some(InspectionConsentResponse {
                customer,
                given: true,
                scope: scope.clone(),
                source: source.clone(),
                at: *given_at,
                until: *until,
                has_evidence: evidence.is_some(),
                event,
            }),
            CustomerEvent::ConsentWithdrawn { scope, source, .. } => Some(InspectionConsentResponse {
                customer,
                given: false,
                scope: scope.clone(),
                source: source.clone(),
                at: parsed.envelope.at,
                until: None,
                has_evidence: false,
                event,
            }),
            _ => None,
        }
    });
    responses.collect()
}

/// Returns the opt-outs and suppressions of the numbers.
pub(super) fn objections(found: &InspectionEvents) -> Vec<InspectionObjectionResponse> {
    let responses = found.numbers.iter().filter_map(|parsed| {
        let number: NumberId = parsed.envelope.stream.id().parse().ok()?;
        let (what, source, reason, until, call) = match &parsed.event {
            NumberEvent::OptedOut {
                reason, source, call, ..
            } => ("opted_out", Some(source_word(*source)), reason, None, *call),
            NumberEvent::Suppressed { reason, until, .. } => ("suppressed", None, reason, *until, None),
            _ => return None,
        };
        Some(InspectionObjectionResponse {
            at: parsed.envelope.at,
            number,
            what,
            source,
            reason: reason.clone(),
            until,
            call,
            event: of(parsed),
        })
    });
    responses.collect()
}

/// Returns the source of an opt-out as the event's JSON has it.
fn source_word(source: OptOutSource) -> String {
    let word = application::reply_value::value(&source);
    word.as_str().unwrap_or_default().to_owned()
}

/// Returns the dials that the customer or the number refused in the requested period.
pub(super) fn refusals(
    found: &InspectionEvents,
    opened: &InspectionContext<'_>,
) -> Vec<InspectionRefusalResponse> {
    let mut responses = Vec::new();
    let mut asked: BTreeMap<CallId, CustomerId> = BTreeMap::new();
    for one in &found.customers {
        let (Some(customer), Some(call)) = (&one.envelope.customer, one.event.call()) else {
            continue;
        };
        asked.insert(call, customer.clone());
        if let CustomerEvent::DialRefused {
            campaign,
            verdict,
            not_before,
            ..
        } = &one.event
            && found.ask.holds(one.envelope.at)
        {
            responses.push(InspectionRefusalResponse {
                at: one.envelope.at,
                campaign: campaign.clone(),
                customer: Some(customer.clone()),
                number: None,
                call,
                verdict: verdict_response(RuleSide::Customer, verdict, *not_before, opened.zone(customer)),
                not_before: *not_before,
                event: of(one),
            });
        }
    }
    for one in &found.numbers {
        let NumberEvent::DialRefused {
            campaign,
            call,
            verdict,
            not_before,
        } = &one.event
        else {
            continue;
        };
        // A number may belong to several customers: for one customer, only dials requested for that customer
        // are shown.
        let customer = asked.get(call);
        let is_meant = found.ask.number.is_some() || customer.is_some();
        if !is_meant || !found.ask.holds(one.envelope.at) {
            continue;
        }
        let zone = customer.map_or("Asia/Shanghai", |customer| opened.zone(customer));
        responses.push(InspectionRefusalResponse {
            at: one.envelope.at,
            campaign: campaign.clone(),
            customer: customer.cloned(),
            number: one.envelope.stream.id().parse().ok(),
            call: *call,
            verdict: verdict_response(RuleSide::Number, verdict, *not_before, zone),
            not_before: *not_before,
            event: of(one),
        });
    }
    responses.sort_by_key(|one| one.at);
    responses
}

fn verdict_response(
    side: RuleSide,
    verdict: &Verdict,
    next: Option<Timestamp>,
    zone: &str,
) -> InspectionVerdictResponse {
    let words = if verdict.allows() {
        describe_allowed(side, &verdict.rule, &verdict.facts)
    } else {
        describe_refusal(&verdict.rule, &verdict.facts, next, zone_of(Some(zone), None))
    };
    InspectionVerdictResponse {
        side: match side {
            RuleSide::Customer => "customer",
            RuleSide::Number => "number",
            RuleSide::Line => "line",
        },
        rule: verdict.rule.clone(),
        version: verdict.version,
        effective_from: verdict.effective_from.clone(),
        decision: match verdict.decision {
            Decision::Allow => "allow",
            Decision::DeferUntil(_) => "defer",
            Decision::Forbid => "forbid",
        },
        zh: words.zh,
        en: words.en,
    }
}

/// Returns the operations on the customers, numbers and calls: every event with an actor, and each read and
/// query.
pub(super) fn operations(found: &InspectionEvents) -> Vec<InspectionOperationResponse> {
    let customers = found
        .customers
        .iter()
        .map(|parsed| (&parsed.envelope, parsed.position));
    let numbers = found
        .numbers
        .iter()
        .map(|parsed| (&parsed.envelope, parsed.position));
    let calls = found.calls.values().flatten();
    let calls = calls.map(|parsed| (&parsed.envelope, parsed.position));
    let asked = found
        .asked
        .iter()
        .map(|(envelope, position)| (envelope, *position));
    let known: BTreeSet<Position> = asked.clone().map(|(_, position)| position).collect();
    let done = customers.chain(numbers).chain(calls);
    let done = done.filter(|(envelope, position)| envelope.by.is_some() && !known.contains(position));
    let mut responses: Vec<(Position, InspectionOperationResponse)> = done
        .chain(asked)
        .map(|(envelope, position)| (position, operation(envelope, position)))
        .collect();
    responses.sort_by_key(|(position, _)| *position);
    responses.into_iter().map(|(_, response)| response).collect()
}

fn operation(envelope: &Envelope, position: Position) -> InspectionOperationResponse {
    let data: Value = serde_json::from_str(envelope.data.get()).unwrap_or_default();
    let text = |name: &str| data.get(name).and_then(Value::as_str).map(str::to_owned);
    let by = envelope.by.as_ref().map(|by| by.name().to_owned());
    let fields = data.get("fields").and_then(Value::as_array).into_iter().flatten();
    InspectionOperationResponse {
        at: envelope.at,
        kind: envelope.kind.clone(),
        by: by
            .filter(|name| !name.is_empty())
            .or_else(|| text("by"))
            .or_else(|| text("door")),
        reason: text("reason"),
        route: text("route"),
        fields: fields.filter_map(Value::as_str).map(str::to_owned).collect(),
        stream: envelope.stream.to_string(),
        event: place(envelope, position),
    }
}

/// Returns the calls with everything known of each, from its permit on. A call without a permit is left
/// out.
pub(super) fn calls(found: &InspectionEvents, opened: &InspectionContext<'_>) -> Vec<InspectionCallResponse> {
    let calls = found.calls.values();
    calls.filter_map(|events| call(events, opened)).collect()
}

fn call(events: &[ParsedEvent<CallEvent>], opened: &InspectionContext<'_>) -> Option<InspectionCallResponse> {
    let (first, later) = events.split_first()?;
    let CallEvent::Permitted {
        attempt,
        customer_grant,
        number_grant,
        flow,
        ..
    } = &first.event
    else {
        return None;
    };
    let customer = &customer_grant.customer;
    let sides = [
        (RuleSide::Customer, &customer_grant.verdicts),
        (RuleSide::Number, &number_grant.verdicts),
    ];
    let verdicts = sides
        .into_iter()
        .flat_map(|(side, verdicts)| verdicts.iter().map(move |verdict| (side, verdict)));
    let zone = opened.zone(customer);
    let mut call_response = InspectionCallResponse {
        call: customer_grant.call,
        campaign: customer_grant.campaign.clone(),
        customer: customer.clone(),
        number: customer_grant.number.clone(),
        attempt: *attempt,
        callee: opened.callee(first),
        local_zone: zone,
        permitted_at: first.envelope.at,
        dialing_at: None,
        answered_at: None,
        ended_at: None,
        trunk: None,
        caller: None,
        disposition: None,
        disposition_zh: None,
        disposition_en: None,
        outcome: None,
        outcome_zh: None,
        outcome_en: None,
        talk_ms: None,
        flow: format!("{} v{}", flow.flow, flow.version),
        heard: Vec::new(),
        verdicts: verdicts
            .map(|(side, verdict)| verdict_response(side, verdict, None, zone))
            .collect(),
        recording: None,
        event: of(first),
    };
    let mut spoken = CallFormatter::of(opened, flow, customer, &customer_grant.campaign, later);
    for one in later {
        call_response.took(one);
        call_response.heard.extend(spoken.format_entry(one));
    }
    Some(call_response)
}

impl InspectionCallResponse {
    /// Adds to the call what its next event states.
    fn took(&mut self, parsed: &ParsedEvent<CallEvent>) {
        let at = parsed.envelope.at;
        match &parsed.event {
            CallEvent::Dialing { trunk, caller, .. } => {
                self.dialing_at = self.dialing_at.or(Some(at));
                self.trunk = Some(trunk.clone());
                self.caller.clone_from(caller);
            }
            CallEvent::Answered { .. } => self.answered_at = self.answered_at.or(Some(at)),
            CallEvent::Ended {
                disposition,
                outcome,
                talk_ms,
                recording_sha256,
                recording_bytes,
                recording_ms,
                ..
            } => {
                self.ended_at = Some(at);
                self.talk_ms = Some(*talk_ms);
                self.finds(*disposition, *outcome);
                self.recording = recording_sha256
                    .clone()
                    .map(|sha256| InspectionRecordingResponse {
                        sha256,
                        bytes: *recording_bytes,
                        duration_ms: *recording_ms,
                        // Until the file is looked for.
                        state: RecordingState::Gone,
                        disposed: None,
                    });
            }
            CallEvent::RecordingDisposed { disposal, days, .. } => {
                let recording = self.recording.iter_mut();
                recording.for_each(|recording| recording.dispose(at, *disposal, *days));
            }
            CallEvent::Corrected {
                after: Finding { disposition, outcome },
                ..
            } => self.finds(*disposition, *outcome),
            _ => {}
        }
    }

    fn finds(&mut self, disposition: Disposition, outcome: Option<Outcome>) {
        self.disposition = Some(disposition);
        self.disposition_zh = Some(disposition.label_zh());
        self.disposition_en = Some(disposition.label_en());
        self.outcome = outcome;
        self.outcome_zh = outcome.map(Outcome::label_zh);
        self.outcome_en = outcome.map(Outcome::label_en);
    }
}
