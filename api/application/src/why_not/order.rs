//! Where somebody stands among the due of a campaign that asks for an order, and why.

use domain::calling_plan::CampaignFacts;
use domain::compliance::zone_of_campaign;
use domain::customer::EnrolmentState;
use domain::local_hour::hours_ahead;
use domain::ranking::Order;
use domain::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Who goes before whom, of one who waits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OrderSaid {
    /// asked, waited, of_the_hour, of_other_hours: those named first are called first.
    #[schemars(extend("enum" = ["asked", "waited", "of_the_hour", "of_other_hours"]))]
    pub class: &'static str,
    /// Among those of their class the earlier are called first: when they were due, earlier by what they are
    /// worth.
    pub placed_as_due_at: Timestamp,
    /// What the order goes by.
    #[schemars(extend("examples" = [{ "value": "9", "waited_ms": "60000", "hour": "golden" }]))]
    pub facts: BTreeMap<String, String>,
    pub zh: String,
    pub en: String,
}

impl OrderSaid {
    /// `None` where the campaign asks for no order, or nobody waits.
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
