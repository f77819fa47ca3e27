//! Further facts of a case, which most cases do not need: of the customer's own record, another id, a list, a
//! number check or an open call.

use super::case::{nth_call, number};
use domain::call_caps::CallCap;
use domain::compliance::{JoinedFacts, NumberGrant, SuppressionEnd};
use domain::customer::event::CustomerEvent;
use domain::customer::{Customer, CustomerState, ProfileOrigin};
use domain::decider::Decider;
use domain::ids::{CampaignId, CustomerId};
use domain::number::event::NumberEvent;
use domain::time::Timestamp;
use serde_json::{Value, json};

#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts of a case, not states")]
pub(super) struct FurtherFacts {
    /// True if the campaign does not run.
    pub(super) paused: bool,
    /// How many of the dials, the oldest ones, count against the retry policy.
    pub(super) charged: usize,
    pub(super) erasing: bool,
    pub(super) held: bool,
    /// The customer's preferred times, such as `mon-fri 18:00-20:00`.
    pub(super) preferred: Vec<&'static str>,
    /// A frequency cap of the customer, as the log stores it.
    pub(super) own_cap: Option<Value>,
    pub(super) other: Option<OtherId>,
    /// Our own list that contains the number.
    pub(super) listed_on: Option<&'static str>,
    /// The result of a number check, and its time.
    pub(super) checked: Option<(&'static str, Timestamp)>,
    /// True if this campaign calls the number for another customer.
    pub(super) claimed: bool,
    /// True if the number was stored before numbers had a country.
    pub(super) guessed_country: bool,
    /// Since when a call to the number, of another customer, is open.
    pub(super) open_since: Option<Timestamp>,
}

/// Another id of the same person.
#[derive(Debug, Clone, Default)]
pub(super) struct OtherId {
    pub(super) erasing: bool,
    pub(super) held: bool,
    /// When consent was withdrawn under it.
    pub(super) withdrawn_at: Option<Timestamp>,
    pub(super) suppressed_until: Option<Timestamp>,
}

/// Returns the id used for another id of the person, and for another customer.
fn another_customer() -> CustomerId {
    "0f112233445566778899aabbccddeeff".parse().expect("a constant id")
}

fn erasure() -> CustomerEvent {
    CustomerEvent::ErasureRequested {
        reason: "asked".to_owned(),
        requested_by: None,
        approved_by: None,
        four_eyes: None,
    }
}

fn hold() -> CustomerEvent {
    CustomerEvent::Held {
        reason: "a dispute".to_owned(),
        by: None,
    }
}

impl FurtherFacts {
    /// Returns the events of the customer.
    pub(super) fn of_person(&self) -> Vec<CustomerEvent> {
        let mut events = Vec::new();
        if !self.preferred.is_empty() {
            let times = self
                .preferred
                .iter()
                .map(|time| time.parse().expect("a constant time"));
            events.push(CustomerEvent::PreferredTimesSet {
                times: times.collect(),
                origin: ProfileOrigin::Person,
            });
        }
        if let Some(cap) = &self.own_cap {
            let cap: CallCap = serde_json::from_value(cap.clone()).expect("a constant cap");
            events.push(CustomerEvent::CapsSet {
                caps: vec![cap],
                reason: "asked".to_owned(),
                by: None,
            });
        }
        events.extend(self.erasing.then(erasure));
        events.extend(self.held.then(hold));
        events
    }

    /// Returns the events of the number, with their times.
    pub(super) fn of_number(&self, campaign: &CampaignId, at: Timestamp) -> Vec<(NumberEvent, Timestamp)> {
        let mut events = Vec::new();
        if let Some(list) = self.listed_on {
            let listed = NumberEvent::Listed {
                list: list.parse().expect("a constant name"),
                reason: "ours".to_owned(),
            };
            events.push((listed, at));
        }
        if let Some((state, checked_at)) = self.checked {
            let state = serde_json::from_value(json!(state)).expect("a constant state");
            events.push((NumberEvent::StateChecked { state }, checked_at));
        }
        if self.claimed {
            let claimed = NumberEvent::Claimed {
                campaign: campaign.clone(),
                customer: another_customer(),
            };
            events.push((claimed, at));
        }
        if let Some(since) = self.open_since {
            let grant = NumberGrant {
                call: nth_call(1_000),
                campaign: campaign.clone(),
                number: number(),
                valid_until: since,
                verdicts: Vec::new(),
            };
            events.push((NumberEvent::DialGranted { grant }, since));
        }
        events
    }

    pub(super) fn joined(&self, at: Timestamp) -> Vec<JoinedFacts> {
        let of = |other: &OtherId| {
            let mut state = CustomerState::default();
            let begin = at.minus_ms(60 * 24 * 3_600_000);
            if let Some(withdrawn_at) = other.withdrawn_at {
                let withdrawn = CustomerEvent::ConsentWithdrawn {
                    scope: "service".to_owned(),
                    source: "phone".to_owned(),
                    open_calls: Vec::new(),
                };
                Customer::evolve(&mut state, &withdrawn, withdrawn_at);
            }
            let said = other
                .erasing
                .then(erasure)
                .into_iter()
                .chain(other.held.then(hold));
            for event in said {
                Customer::evolve(&mut state, &event, begin);
            }
            let mut joined = state.as_joined(another_customer());
            joined.note_number(false, other.suppressed_until.map(SuppressionEnd::Until));
            joined
        };
        self.other.iter().map(of).collect()
    }

    /// Returns true if it is unknown when the customer may be called again, also for the oracle.
    fn is_unknowable(&self) -> bool {
        self.paused || self.held || self.other.as_ref().is_some_and(|other| other.held)
    }

    /// Returns the facts for the oracle: instants in microseconds.
    pub(super) fn line(&self) -> Value {
        let other = self.other.as_ref().map(|other| {
            json!({ "erasing": other.erasing, "held": other.held,
                "withdrawn_at": other.withdrawn_at.map(Timestamp::micros),
                "suppressed_until": other.suppressed_until.map(Timestamp::micros) })
        });
        let checked = self.checked.map(|(state, at)| json!([state, at.micros()]));
        json!({ "paused": self.paused, "charged": self.charged, "erasing": self.erasing, "held": self.held,
            "preferred": self.preferred, "own_cap": self.own_cap, "other": other, "listed_on": self.listed_on,
            "checked": checked, "claimed": self.claimed,
            "guessed_country": self.guessed_country, "open_since": self.open_since.map(Timestamp::micros), "unknowable": self.is_unknowable() })
    }
}
