//! Converts sealed events to the masked content of a bundle. Every event is destructured by name: a new
//! member of an event does not compile here until it is decided how it is masked.

use crate::bundle::gather::{BundleInputs, TypedEvent};
use crate::bundle::mask_ends::{mask_call_end, mask_leg_failure};
use crate::bundle::mask_turns::{mask_heard_words, mask_meaning, mask_seller, mask_sensitive_word};
use crate::bundle::recorded_path::{collect_recorded_steps, key_rule, offer_of};
use crate::bundle::walk::infer;
use crate::bundle::{BundleEvent, Content};
use domain::call::LegIdentity;
use domain::call::event::CallEvent;
use domain::calling_plan::FlowRef;
use domain::compliance::{CustomerGrant, Decision, NumberGrant, Verdict};
use domain::customer::event::CustomerEvent;
use domain::decider::EventData;
use domain::flow::FlowDefinition;
use domain::ids::{CallId, CampaignId, CustomerId, EventId, FlowId, NumberId};
use domain::number::event::NumberEvent;
use domain::personal::Personal;
use domain::ports::line::AnsweredDialog;
use domain::problem::Problem;
use domain::time::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Start of every bundle: a Monday, ten o'clock in Beijing.
const BEGINS_AT: &str = "2026-01-05T10:00:00+08:00";

/// Phone number of the callee in every bundle, from a range reserved for fiction.
const CALLEE: &str = "+15550100";
const CALLER: &str = "+15550199";
const SENT_BY: &str = "127.0.0.1:5060";
const REMOTE: &str = "sip:callee@127.0.0.1:5070";

/// Id of the call in every bundle.
const CALL: CallId = CallId::new(Uuid::from_u128(1));

/// Returns the masked content of a bundle for what was gathered about one call. Fails for a kind of event
/// for which masking is not defined.
pub(super) fn mask(gathered: &BundleInputs) -> Result<Content, Problem> {
    let first = gathered
        .call
        .first()
        .map_or_else(Timestamp::default, |first| first.at);
    let grants = [
        gathered.customer_grant.as_ref().map(|grant| grant.at),
        gathered.number_grant.as_ref().map(|grant| grant.at),
    ];
    let begins = grants.into_iter().flatten().fold(first, Timestamp::min);
    let mut masker = Masker::new(begins)?;
    let definition = gathered
        .flow
        .as_ref()
        .and_then(|flow| FlowDefinition::from_value(flow).ok());
    let call_events = || gathered.call.iter().map(|one| &one.event);
    let inferred = match definition {
        Some(definition) => {
            let offer = offer_of(call_events()).map(|fact| fact.offer.as_str());
            infer(
                key_rule(call_events()),
                &Arc::new(definition),
                offer,
                &collect_recorded_steps(call_events()),
            )
        }
        None => crate::bundle::walk::InferredValues::default(),
    };
    let mut events = masker.grants(gathered)?;
    let before = u64::try_from(events.len()).unwrap_or(u64::MAX);
    for (n, typed) in (before + 1..).zip(&gathered.call) {
        masker.ids.insert(typed.id, n);
    }
    let mut digits = inferred.digits.into_iter();
    let mut slots = inferred.slots.into_iter();
    for (n, typed) in (before + 1..).zip(&gathered.call) {
        let mut masked = masker.call_event(n, typed)?;
        if matches!(typed.event, CallEvent::Keypressed { .. }) {
            let digit = digits.next().unwrap_or('0');
            masked.personal.insert("/digit".to_owned(), digit.to_string());
        }
        if let CallEvent::Understood(_) = &typed.event {
            let found = slots.next().unwrap_or_default().into_iter();
            masked
                .personal
                .extend(found.map(|(name, value)| (format!("/slots/{name}"), value)));
        }
        events.push(masked);
    }
    Ok(Content {
        events,
        plan: gathered.plan.clone(),
        flow: gathered.flow.clone().map(|flow| masker.definition(flow)),
        variables: inferred.variables,
    })
}

struct Masker {
    /// Microseconds added to every time.
    shift: i64,
    campaign: CampaignId,
    /// Replaces the flow's name: a flow made from a script has the name of its campaign.
    flow: FlowId,
    customer: CustomerId,
    number: NumberId,
    trunks: BTreeMap<String, String>,
    /// Number in the bundle of each event of the call.
    ids: BTreeMap<EventId, u64>,
}

impl Masker {
    fn new(begins: Timestamp) -> Result<Self, Problem> {
        let fixed = |why: &dyn std::fmt::Display| Problem::fault(format!("a stand-in: {why}"));
        let base: Timestamp = BEGINS_AT.parse().map_err(|error| fixed(&error))?;
        Ok(Self {
            shift: base.micros().saturating_sub(begins.micros()),
            campaign: "campaign-1".parse().map_err(|error| fixed(&error))?,
            flow: "flow-1".parse().map_err(|error| fixed(&error))?,
            customer: format!("{:032x}", 1).parse().map_err(|error| fixed(&error))?,
            number: format!("{:032x}", 2).parse().map_err(|error| fixed(&error))?,
            trunks: BTreeMap::new(),
            ids: BTreeMap::new(),
        })
    }

    fn definition(&self, mut definition: Value) -> Value {
        if let Some(members) = definition.as_object_mut() {
            members.insert("flow".to_owned(), Value::String(self.flow.to_string()));
        }
        definition
    }

    const fn at(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_micros(at.micros().saturating_add(self.shift))
    }

    fn grants(&mut self, gathered: &BundleInputs) -> Result<Vec<BundleEvent>, Problem> {
        let mut events = Vec::new();
        if let Some(typed) = &gathered.customer_grant
            && let CustomerEvent::DialGranted { attempt, grant } = &typed.event
        {
            let grant = self.customer_grant(grant);
            let event = CustomerEvent::DialGranted {
                attempt: *attempt,
                grant,
            };
            let stream = format!("customer-{}", self.customer);
            events.push((typed.position, self.written(stream, typed, &event)?));
        }
        if let Some(typed) = &gathered.number_grant
            && let NumberEvent::DialGranted { grant } = &typed.event
        {
            let event = NumberEvent::DialGranted {
                grant: self.number_grant(grant),
            };
            let stream = format!("number-{}", self.number);
            events.push((typed.position, self.written(stream, typed, &event)?));
        }
        events.sort_by_key(|(position, _)| *position);
        let numbered = (1..).zip(events);
        Ok(numbered
            .map(|(n, (_, event))| BundleEvent { n, ..event })
            .collect())
    }

    fn written<E: EventData, F>(
        &self,
        stream: String,
        typed: &TypedEvent<F>,
        event: &E,
    ) -> Result<BundleEvent, Problem> {
        let mut tagged = serde_json::to_value(event).map_err(|error| Problem::fault(error.to_string()))?;
        Ok(BundleEvent {
            n: 0,
            stream,
            kind: event.kind().to_owned(),
            version: typed.version,
            at: self.at(typed.at),
            data: tagged.get_mut("data").map(Value::take).unwrap_or_default(),
            personal: BTreeMap::new(),
        })
    }

    fn call_event(&mut self, n: u64, typed: &TypedEvent<CallEvent>) -> Result<BundleEvent, Problem> {
        let event = self.masked(&typed.event)?;
        let written = self.written(format!("call-{CALL}"), typed, &event)?;
        let mut personal = BTreeMap::new();
        if matches!(event, CallEvent::Permitted { .. }) {
            personal.insert("/callee".to_owned(), CALLEE.to_owned());
        }
        Ok(BundleEvent {
            n,
            personal,
            ..written
        })
    }

    /// Returns the event without identifying values. Fails for a kind without a defined masking.
    fn masked(&mut self, event: &CallEvent) -> Result<CallEvent, Problem> {
        Ok(match event {
            CallEvent::Permitted {
                attempt,
                callee: _,
                customer_grant,
                number_grant,
                flow,
            } => CallEvent::Permitted {
                attempt: *attempt,
                callee: Personal::Erased { hash: None },
                customer_grant: Box::new(self.customer_grant(customer_grant)),
                number_grant: Box::new(self.number_grant(number_grant)),
                flow: FlowRef {
                    flow: self.flow.clone(),
                    version: flow.version,
                    content_hash: "00".repeat(32),
                },
            },
            CallEvent::Dialing {
                leg,
                trunk,
                sip_call_id: _,
                local: _,
                caller,
                hold_off_ms,
            } => CallEvent::Dialing {
                leg: *leg,
                trunk: self.trunk(trunk),
                sip_call_id: LegIdentity::from_ids(CALL, *leg).sip_call_id(),
                local: SENT_BY.to_owned(),
                caller: caller.as_ref().map(|_| CALLER.to_owned()),
                hold_off_ms: *hold_off_ms,
            },
            CallEvent::LegFailed { leg, failure } => mask_leg_failure(*leg, failure),
            CallEvent::Answered {
                leg,
                dialog,
                key_rule,
            } => CallEvent::Answered {
                leg: *leg,
                dialog: masked_dialog(dialog),
                key_rule: *key_rule,
            },
            CallEvent::LateAnswered { leg, dialog } => CallEvent::LateAnswered {
                leg: *leg,
                dialog: masked_dialog(dialog),
            },
            CallEvent::Keypressed { leg, node, digit: _ } => CallEvent::Keypressed {
                leg: *leg,
                node: node.clone(),
                digit: Personal::Erased { hash: None },
            },
            CallEvent::Heard(fact) => CallEvent::Heard(mask_heard_words(fact)),
            CallEvent::Understood(fact) => CallEvent::Understood(mask_meaning(fact)),
            CallEvent::SensitiveWordMatched(fact) => {
                CallEvent::SensitiveWordMatched(mask_sensitive_word(fact))
            }
            CallEvent::OfferChosen(fact) => CallEvent::OfferChosen(Box::new(fact.masked())),
            CallEvent::ModelChosen(fact) => CallEvent::ModelChosen(fact.masked()),
            CallEvent::Ended { .. } => mask_call_end(event),
            CallEvent::Corrected { .. } => self.masked_correction(event),
            CallEvent::EndOrdered { hang_up, reason: _ } => CallEvent::EndOrdered {
                hang_up: *hang_up,
                reason: "masked".to_owned(),
            },
            CallEvent::AgentConnected { leg, .. } => masked_agent(*leg)?,
            CallEvent::SellerMessagePlayed(fact) => mask_seller(fact),
            anonymous if anonymous.is_anonymous() => event.clone(),
            unknown => return Err(unmasked(unknown)),
        })
    }

    fn masked_correction(&self, event: &CallEvent) -> CallEvent {
        let CallEvent::Corrected {
            corrects,
            before,
            after,
            reason: _,
            by,
        } = event
        else {
            return event.clone();
        };
        let n = self.ids.get(corrects).copied().unwrap_or_default();
        CallEvent::Corrected {
            corrects: EventId::new(Uuid::from_u128(u128::from(n))),
            before: *before,
            after: *after,
            reason: "masked".to_owned(),
            by: by.as_ref().map(|_| "user-1".to_owned()),
        }
    }

    fn trunk(&mut self, trunk: &str) -> String {
        let next = format!("trunk-{}", self.trunks.len() + 1);
        self.trunks.entry(trunk.to_owned()).or_insert(next).clone()
    }

    fn customer_grant(&self, grant: &CustomerGrant) -> CustomerGrant {
        let CustomerGrant {
            call: _,
            campaign: _,
            customer: _,
            number: _,
            valid_until,
            legs_until,
            verdicts,
        } = grant;
        CustomerGrant {
            call: CALL,
            campaign: self.campaign.clone(),
            customer: self.customer.clone(),
            number: self.number.clone(),
            valid_until: self.at(*valid_until),
            legs_until: legs_until.map(|until| self.at(until)),
            verdicts: verdicts.iter().map(|verdict| self.verdict(verdict)).collect(),
        }
    }

    fn number_grant(&self, grant: &NumberGrant) -> NumberGrant {
        let NumberGrant {
            call: _,
            campaign: _,
            number: _,
            valid_until,
            verdicts,
        } = grant;
        NumberGrant {
            call: CALL,
            campaign: self.campaign.clone(),
            number: self.number.clone(),
            valid_until: self.at(*valid_until),
            verdicts: verdicts.iter().map(|verdict| self.verdict(verdict)).collect(),
        }
    }

    /// Masks a verdict. Of its facts only small counts stay: a time, a zone or a place would reveal something
    /// about the person.
    fn verdict(&self, verdict: &Verdict) -> Verdict {
        let small = |value: &String| value.parse::<u16>().is_ok_and(|number| number < 1_000);
        let facts = verdict.facts.iter().filter(|(_, value)| small(value));
        Verdict {
            rule: verdict.rule.clone(),
            version: verdict.version,
            effective_from: verdict.effective_from.clone(),
            decision: match verdict.decision {
                Decision::Allow => Decision::Allow,
                Decision::Forbid => Decision::Forbid,
                Decision::DeferUntil(until) => Decision::DeferUntil(self.at(until)),
            },
            facts: facts.map(|(name, value)| (name.clone(), value.clone())).collect(),
        }
    }
}

/// Returns the event that an agent took the call, with a replacement for the agent's name.
fn masked_agent(leg: u8) -> Result<CallEvent, Problem> {
    let agent = "user-1".parse();
    let agent = agent.map_err(|error| Problem::fault(format!("a masked name is invalid: {error}")))?;
    Ok(CallEvent::AgentConnected { leg, agent })
}

fn masked_dialog(dialog: &AnsweredDialog) -> AnsweredDialog {
    AnsweredDialog {
        to_tag: "tag-1".to_owned(),
        remote_target: REMOTE.to_owned(),
        route_set: Vec::new(),
        cseq: dialog.cseq,
        key_paths: dialog.key_paths.clone(),
    }
}

fn unmasked(event: &CallEvent) -> Problem {
    let kind = event.kind();
    Problem::fault(format!("the masking of {kind} is not defined"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::stored_event::Envelope;
    use std::fs;
    use std::path::Path;

    /// Every stored kind of a call's events has a golden file; this test masks each of them.
    #[test]
    fn every_stored_kind_of_a_calls_events_has_a_mask() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/events/call");
        let mut masker = Masker::new(Timestamp::EPOCH).unwrap();
        let mut seen = 0;
        let paths = fs::read_dir(golden).unwrap().map(|file| file.unwrap().path());
        // An older version is read as another kind and has no record of its own.
        for path in paths.filter(|path| !path.to_string_lossy().contains(".expected.")) {
            let stored = fs::read_to_string(path).unwrap();
            let envelope: Envelope = serde_json::from_str(&stored).unwrap();
            let event = CallEvent::read(&envelope.kind, envelope.version, &envelope.data).unwrap();
            let masked = masker.masked(&event);
            assert_eq!(
                masked.as_ref().map(EventData::kind),
                Ok(envelope.kind.as_str()),
                "{masked:?}"
            );
            seen += 1;
        }
        assert!(seen > 14, "{seen}");
    }
}
