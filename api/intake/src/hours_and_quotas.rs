//! Members of a campaign's body about the hours in which people answer, and about how many of a group are
//! called.

use crate::members::Members;
use domain::best_times::BestTimesPlan;
use domain::quota::{QUOTAS_MAX, Quota};
use domain::quota_members::fault_of;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// The member that bounds groups of people.
const QUOTAS: &str = "quotas";

/// The member that says whether it is learnt when people answer.
const BEST_TIMES: &str = "best_times";

/// It is, of all alike.
const LEARN: &str = "learn";

/// How these members are described.
pub(crate) fn schemas(generator: &mut SchemaGenerator) -> [(String, Value); 2] {
    [
        (
            QUOTAS,
            json!({ "type": "array", "items": generator.subschema_for::<Quota>(), "maxItems": QUOTAS_MAX,
                "description": "Of groups of people at most so many calls, of the campaign or a day" }),
        ),
        (
            BEST_TIMES,
            json!({ "anyOf": [{ "type": "string", "enum": [LEARN] }, generator.subschema_for::<BestTimesPlan>()],
                "description": "When its people answer is learnt, and retries wait for the better hour: learn, \
                    or by groups; not learnt unless it is said", "examples": [LEARN] }),
        ),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
}

/// Of which groups at most so many are called.
pub(crate) fn quotas_of(body: &mut Members) -> Vec<Quota> {
    let quotas = body.value::<Vec<Quota>>(QUOTAS).unwrap_or_default();
    if let Some(fault) = fault_of(&quotas) {
        body.wrong(QUOTAS, fault);
    }
    quotas
}

/// Whether it is learnt when its people answer: the word, or a plan with groups.
pub(crate) fn best_times_of(body: &mut Members) -> Option<BestTimesPlan> {
    let said = body.value::<Value>(BEST_TIMES)?;
    if said == json!(LEARN) {
        return Some(BestTimesPlan::default());
    }
    let read = serde_json::from_value::<BestTimesPlan>(said);
    let fault = match &read {
        Ok(plan) => plan.fault().map(str::to_owned),
        Err(error) => Some(format!("is learn, or by and groups: {error}")),
    };
    if let Some(fault) = fault {
        body.wrong(BEST_TIMES, fault);
    }
    read.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learning_is_a_word_or_a_plan_of_groups() {
        for (said, groups) in [
            (json!("learn"), Some(0)),
            (json!({}), Some(0)),
            (json!({ "by": "industry", "groups": ["retail", "餐饮"] }), Some(2)),
            (json!("sometimes"), None),
            (json!({ "by": "industry" }), None),
            (json!({ "groups": ["retail"] }), None),
            (
                json!({ "by": "tag", "groups": ["a", "b", "c", "d", "e", "f", "g", "h", "i"] }),
                None,
            ),
            (json!({ "later_ms_max": 60_000 }), None),
        ] {
            let mut members =
                Members::new(json!({ "best_times": said.clone() }).as_object().unwrap().clone());
            let read = best_times_of(&mut members);
            let good = members.finish().is_ok();
            assert_eq!(
                read.filter(|_| good).map(|plan| plan.groups.len()),
                groups,
                "{said}"
            );
        }
    }
}
