//! What most cases do without: what a person's own record, another id of theirs, a list, a check or an open
//! call says.

use super::case::{nth_call, number};
use domain::call_caps::CallCap;
use domain::compliance::{JoinedFacts, NumberGrant, Suppressed};
use domain::customer::event::CustomerEvent;
use domain::customer::{Customer, CustomerState, ProfileOrigin};
use domain::decider::Decider;
use domain::ids::{CampaignId, CustomerId};
use domain::number::event::NumberEvent;
use domain::time::Timestamp;
use serde_json::{Value, json};

#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts of a case, not states")]
pub(super) struct Further {
    /// The campaign does not run.
    pub(super) paused: bool,
    /// Of the dials so many, the oldest, count against the retry policy.
    pub(super) charged: usize,
    pub(super) erasing: bool,
    pub(super) held: bool,
    /// When the person prefers to be called, such as `mon-fri 18:00-20:00`.
    pub(super) preferred: Vec<&'static str>,
    /// A cap of the person's own, as the log stores it.
    pub(super) own_cap: Option<Value>,
    pub(super) other: Option<OtherId>,
    /// Our list that the number stands on.
    pub(super) listed_on: Option<&'static str>,
    /// What a vacancy check found, and when.
    pub(super) checked: Option<(&'static str, Timestamp)>,
    /// The number is called for somebody else in this campaign.
    pub(super) claimed: bool,
    /// The number was stored before the country of a number was.
    pub(super) guessed_country: bool,
    /// A call to the number, of somebody else, that is open since.
    pub(super) open_since: Option<Timestamp>,
}

/// Another id of the same person.
#[derive(Debug, Clone, Default)]
pub(super) struct OtherId {
    pub(super) erasing: bool,
    pub(super) held: bool,
    /// Consent was taken back under it.
    pub(super) withdrawn_at: Option<Timestamp>,
    pub(super) suppressed_until: Option<Timestamp>,
}

/// Who else there is: another id of the person, and another person.
fn someone_else() -> CustomerId {
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

impl Further {
    /// Events of the person.
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

    /// Events of the number, with their times.
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
                customer: someone_else(),
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
            let mut joined = state.as_joined(someone_else());
            joined.note_number(false, other.suppressed_until.map(Suppressed::Until));
            joined
        };
        self.other.iter().map(of).collect()
    }

    /// What is taken to be over by when somebody may be called, since nobody can tell: the oracle cannot
    /// either.
    fn is_unknowable(&self) -> bool {
        self.paused || self.held || self.other.as_ref().is_some_and(|other| other.held)
    }

    /// For the oracle: instants in microseconds.
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
