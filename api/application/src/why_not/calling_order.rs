//! The place of a customer among the due of a campaign with a calling order, and why.

use domain::calling_plan::CampaignFacts;
use domain::compliance::zone_of_campaign;
use domain::customer::EnrolmentState;
use domain::local_hour::hours_ahead;
use domain::ranking::Order;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The place of a waiting customer in the calling order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallingOrderPlace {
    /// asked, waited, of_the_hour, of_other_hours: called in this order.
    #[schemars(extend("enum" = ["asked", "waited", "of_the_hour", "of_other_hours"]))]
    pub class: &'static str,
    /// Within a class, earlier ones are called first: the time they were due, moved earlier by their value.
    pub placed_as_due_at: Timestamp,
    /// The facts that the place in the calling order depends on.
    #[schemars(extend("examples" = [{ "value": "9", "waited_ms": "60000", "hour": "golden" }]))]
    pub facts: BTreeMap<String, String>,
    pub zh: String,
    pub en: String,
}

impl CallingOrderPlace {
    /// Returns the customer's place in the campaign's calling order; `None` if the campaign has no order or
    /// the customer is not waiting.
    pub(super) fn of(facts: &CampaignFacts, enrolment: &EnrolmentState, at: Timestamp) -> Option<Self> {
        let order = Order {
            plan: facts.plan.order().filter(|_| enrolment.is_waiting())?,
            zone: zone_of_campaign(facts.plan.preset),
            now: at,
            ahead: hours_ahead(facts, at),
        };
        let standing = enrolment.standing();
        let place = order.place(standing);
        let (zh, en) = (place.class.label_zh(), place.class.label_en());
        let value = standing.value;
        Some(Self {
            class: place.class.code(),
            placed_as_due_at: place.key,
            facts: order.why(standing),
            zh: format!("{zh}（价值 {value}）"),
            en: format!("{en} (value {value})"),
        })
    }
}
