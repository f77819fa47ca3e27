//! One case: a plan, a customer with a past, and a time. It is given to `why-not`, and written for the
//! oracle.

use super::further_facts::FurtherFacts;
use domain::calling_plan::{Basis, CallingPlan, CampaignFacts, FlowRef};
use domain::compliance::{CustomerGrant, NumberGrant};
use domain::customer::event::CustomerEvent;
use domain::customer::{CountrySource, Customer, CustomerState, DialExplanation, WhyNotInput, why_not};
use domain::decider::Decider;
use domain::disposition::Disposition;
use domain::ids::{CallId, CampaignId, CustomerId, EnrolmentId, NumberId};
use domain::number::event::NumberEvent;
use domain::number::{Number, NumberState, OptOutSource, facts_of};
use domain::personal::Personal;
use domain::preset_facts::{AbandonmentTotals, AgentPresence, OwnNumbers, PresetFacts};
use domain::registry_book::{Edition, RegistryBook};
use domain::screening::NumberListName;
use domain::time::Timestamp;
use domain::working_calendar::Calendars;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One dial in the past.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dial {
    pub(super) at: Timestamp,
    pub(super) answered: bool,
}

/// A consent with its times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consent {
    pub(super) given_at: Timestamp,
    pub(super) until: Option<Timestamp>,
}

/// Facts that belong neither to the customer nor to the plan.
#[derive(Debug, Clone, Default)]
pub(super) struct OtherFacts {
    /// The date of an external registry, and the area code that it covers; without one, all.
    pub(super) registry: Option<(&'static str, Option<&'static str>)>,
    /// The number of answers, and how many of them were abandoned.
    pub(super) abandoned: Option<(u64, u64)>,
    pub(super) agents: bool,
    /// True if the number's digest is on a list.
    pub(super) hashed: bool,
    /// True if the number is one of our own phones; `None` if these are not known.
    pub(super) own_phone: Option<bool>,
}

impl OtherFacts {
    fn facts(&self) -> PresetFacts {
        let mut book = RegistryBook::default();
        if let Some((as_of, area)) = self.registry {
            let edition = Edition {
                as_of: as_of.parse().expect("a constant day"),
                areas: area
                    .iter()
                    .map(|area| area.parse().expect("a constant code"))
                    .collect(),
                digests: None,
                numbers: 1,
                bad: 0,
                uncallable: 0,
            };
            book.take(&"us-dnc".parse().expect("a constant name"), &edition);
        }
        let mut kept = PresetFacts::default();
        kept.registries = Arc::new(book);
        kept.abandoned = self
            .abandoned
            .map(|(answers, drops)| AbandonmentTotals { answers, drops });
        if self.agents {
            kept.agents = AgentPresence::Present;
        }
        kept
    }

    fn hashed_on(&self) -> Vec<NumberListName> {
        let list = self.hashed.then(|| "partner".parse().expect("a constant name"));
        list.into_iter().collect()
    }
}

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) at: Timestamp,
    /// The plan as the log stores it, without members that no rule reads.
    pub(super) plan: Value,
    pub(super) phone: &'static str,
    pub(super) time_zone: Option<&'static str>,
    /// The dials, oldest first, all before `at`.
    pub(super) dials: Vec<Dial>,
    pub(super) consent: Option<Consent>,
    pub(super) opted_out: bool,
    pub(super) suppressed_until: Option<Timestamp>,
    pub(super) kept: OtherFacts,
    pub(super) further: FurtherFacts,
}

/// Returns the stage in which the campaign begins; empty without stages.
fn plan_stages(plan: &Value) -> String {
    let from = plan.pointer("/stages/from").and_then(Value::as_str);
    from.unwrap_or_default().to_owned()
}

/// Returns a plan of this preset that is open all day.
pub(super) fn plan(preset: &str) -> Value {
    json!({ "preset": preset, "basis": "contract", "purpose": "service",
        "window": { "start": "00:00", "end": "24:00", "rests": [] }, "max_concurrent": 50,
        "retry_policy": { "retries_max": 100_000, "uncharged_max": 100_000, "rules": {} } })
}

/// Parses an instant of a prepared case.
pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().expect("a constant instant")
}

fn campaign() -> CampaignId {
    "RULES".parse().expect("a constant id")
}

fn customer() -> CustomerId {
    "00112233445566778899aabbccddeeff".parse().expect("a constant id")
}

pub(super) fn number() -> NumberId {
    "ffeeddccbbaa99887766554433221100".parse().expect("a constant id")
}

pub(super) fn nth_call(attempt: u32) -> CallId {
    let enrolment = EnrolmentId {
        campaign: campaign(),
        customer: customer(),
    };
    CallId::derive(&enrolment, attempt)
}

impl Case {
    /// Returns the case of a customer in mainland China without a past.
    pub(super) fn new(preset: &str, at: Timestamp) -> Self {
        Self {
            at,
            plan: plan(preset),
            phone: "+8613800138000",
            time_zone: None,
            dials: Vec::new(),
            consent: None,
            opted_out: false,
            suppressed_until: None,
            kept: OtherFacts::default(),
            further: FurtherFacts::default(),
        }
    }

    /// Returns the answer of `why-not`.
    pub(super) fn ask(&self) -> DialExplanation {
        let plan: CallingPlan = serde_json::from_value(self.plan.clone()).expect("a case's plan is a plan");
        let facts = CampaignFacts {
            campaign: campaign(),
            version: 1,
            running: !self.further.paused,
            flow: FlowRef {
                flow: "rules".parse().expect("a constant id"),
                version: 1,
                content_hash: "00".repeat(32),
            },
            plan,
            calendars: Calendars::default(),
            kept: self.kept_facts(&plan_stages(&self.plan)),
            undone_lists: Default::default(),
            free_agents: Vec::new(),
            accepted: Vec::new(),
            learnt: None,
            full: None,
        };
        let (person, number) = (self.person(), self.number());
        let hashed_on = self.kept.hashed_on();
        let joined = self.further.joined(self.at);
        let judge = WhyNotInput {
            number: facts_of(&number, &customer(), &facts, &hashed_on),
            above: Vec::new(),
            coming: None,
            joined: &joined,
        };
        why_not(&person, &judge, self.at).expect("the person is in the campaign")
    }

    fn person(&self) -> CustomerState {
        let mut state = CustomerState::default();
        let begin = self.at.minus_ms(60 * 24 * 3_600_000);
        let mut take = |event: &CustomerEvent, at| Customer::evolve(&mut state, event, at);
        take(
            &CustomerEvent::Registered {
                external_id: Personal::open_hashed("C1".to_owned()),
                name: None,
                time_zone: self.time_zone.map(str::to_owned),
            },
            begin,
        );
        take(
            &CustomerEvent::NumberAdded {
                number: number(),
                phone: Personal::open_hashed(self.phone.to_owned()),
                country: (!self.further.guessed_country).then_some(CountrySource::Written),
            },
            begin,
        );
        take(
            &CustomerEvent::Enrolled {
                campaign: campaign(),
                list: "6b2f1f0e-6f0b-5f4e-9d8a-0c1d2e3f4a5b"
                    .parse()
                    .expect("a constant id"),
                number: number(),
                basis: Basis::Contract,
                due_at: begin,
                variables: BTreeMap::new(),
                placing: None,
            },
            begin,
        );
        if let Some(consent) = self.consent {
            let recorded = CustomerEvent::ConsentRecorded {
                scope: "service".to_owned(),
                source: "form".to_owned(),
                given_at: consent.given_at,
                until: consent.until,
                evidence: Some(Personal::open("signed".to_owned())),
            };
            take(&recorded, begin);
        }
        for event in self.further.of_person() {
            take(&event, begin);
        }
        self.dialed(&mut take);
        state
    }

    /// Applies the events that the dials of the case left with the customer.
    fn dialed(&self, take: &mut impl FnMut(&CustomerEvent, Timestamp)) {
        for (attempt, dial) in (1_u32..).zip(&self.dials) {
            let call = nth_call(attempt);
            let grant = CustomerGrant {
                call,
                campaign: campaign(),
                customer: customer(),
                number: number(),
                valid_until: dial.at,
                legs_until: None,
                verdicts: Vec::new(),
            };
            take(&CustomerEvent::DialGranted { attempt, grant }, dial.at);
            let closed = CustomerEvent::CallClosed {
                campaign: campaign(),
                call,
                number: number(),
                disposition: disposition(dial),
                outcome: None,
                charged: usize::try_from(attempt).is_ok_and(|attempt| attempt <= self.further.charged),
                answered: dial.answered,
                dialed_at: dial.at,
                next_due_at: Some(dial.at),
                next_number: None,
                round: None,
                policy_due_at: None,
                timing: None,
            };
            take(&closed, dial.at);
        }
    }

    fn number(&self) -> NumberState {
        let mut state = NumberState::default();
        let mut take = |event: &NumberEvent, at| Number::evolve(&mut state, event, at);
        for (attempt, dial) in (1..).zip(&self.dials) {
            let call = nth_call(attempt);
            let grant = NumberGrant {
                call,
                campaign: campaign(),
                number: number(),
                valid_until: dial.at,
                verdicts: Vec::new(),
            };
            take(&NumberEvent::DialGranted { grant }, dial.at);
            take(
                &NumberEvent::CallClosed {
                    call,
                    disposition: disposition(dial),
                    answered: dial.answered,
                    dialed_at: dial.at,
                },
                dial.at,
            );
        }
        for (event, at) in self.further.of_number(&campaign(), self.at) {
            take(&event, at);
        }
        if self.opted_out {
            let opted_out = NumberEvent::OptedOut {
                reason: "asked".to_owned(),
                source: OptOutSource::Import,
                call: None,
                open_calls: Vec::new(),
            };
            take(&opted_out, self.at);
        }
        if let Some(until) = self.suppressed_until {
            let suppressed = NumberEvent::Suppressed {
                reason: "list".to_owned(),
                until: Some(until),
                open_calls: Vec::new(),
            };
            take(&suppressed, self.at);
        }
        state
    }

    /// Returns the facts outside of customer and plan, with what the campaign knows of its stage.
    fn kept_facts(&self, from: &str) -> PresetFacts {
        let mut kept = self.kept.facts();
        kept.under_test = from == "test";
        kept.own_phones = self.kept.own_phone.map(|is_own| {
            let own = if is_own { self.phone } else { "+8613900000000" };
            Arc::new(OwnNumbers::of([own.to_owned()]))
        });
        kept
    }

    /// Returns the case with our answer, for the oracle: instants in microseconds.
    pub(super) fn line(&self, name: &str) -> Value {
        let said = self.ask();
        let dials: Vec<Value> = self
            .dials
            .iter()
            .map(|dial| json!([dial.at.micros(), dial.answered]))
            .collect();
        let consent = self.consent.map(|consent| {
            json!({ "given_at": consent.given_at.micros(), "until": consent.until.map(Timestamp::micros) })
        });
        json!({ "name": name, "at": self.at.micros(), "plan": self.plan, "phone": self.phone,
            "time_zone": self.time_zone, "dials": dials, "consent": consent, "opted_out": self.opted_out,
            "suppressed_until": self.suppressed_until.map(Timestamp::micros), "registry": self.kept.registry,
            "abandoned": self.kept.abandoned, "agents": self.kept.agents, "hashed": self.kept.hashed, "own_phone": self.kept.own_phone,
            "further": self.further.line(),
            "said": { "permitted": said.permitted(), "not_before": said.not_before.map(Timestamp::micros),
                "rule": said.binding.map(|verdict| verdict.rule) } })
    }
}

fn disposition(dial: &Dial) -> Disposition {
    match dial.answered {
        true => Disposition::Answered,
        false => Disposition::NoAnswer,
    }
}
