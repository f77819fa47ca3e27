//! Members of a campaign's body about the hours in which customers answer, and about quotas for groups.

use crate::members::Members;
use domain::best_times::BestTimesPlan;
use domain::quota::{QUOTAS_MAX, Quota};
use domain::quota_members::fault_of;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// The member with quotas for groups of customers.
const QUOTAS: &str = "quotas";

/// The member that enables learning when customers answer.
const BEST_TIMES: &str = "best_times";

/// The value of `best_times` for learning over all customers together, without groups.
const LEARN: &str = "learn";

/// Returns the schemas of the body's members about hours and quotas.
pub(crate) fn schemas(generator: &mut SchemaGenerator) -> [(String, Value); 2] {
    [
        (
            QUOTAS,
            json!({ "type": "array", "items": generator.subschema_for::<Quota>(), "maxItems": QUOTAS_MAX,
                "description": "Most calls to groups of customers, in the campaign or per day" }),
        ),
        (
            BEST_TIMES,
            json!({ "anyOf": [{ "type": "string", "enum": [LEARN] }, generator.subschema_for::<BestTimesPlan>()],
                "description": "Learns when customers answer, so that retries wait for the better hour: learn, or a \
                    plan by groups; default: not learnt", "examples": [LEARN] }),
        ),
    ]
    .map(|(name, schema)| (name.to_owned(), schema))
}

/// Reads `quotas`: limits on the number of calls to groups of customers. Empty if absent. Invalid quotas
/// are noted as an error and still returned.
pub(crate) fn quotas_of(body: &mut Members) -> Vec<Quota> {
    let quotas = body.value::<Vec<Quota>>(QUOTAS).unwrap_or_default();
    if let Some(fault) = fault_of(&quotas) {
        body.wrong(QUOTAS, fault);
    }
    quotas
}

/// Reads `best_times`: `learn`, or a plan with groups. `None` if absent (nothing is learned) or invalid,
/// which is noted as an error.
pub(crate) fn best_times_of(body: &mut Members) -> Option<BestTimesPlan> {
    let said = body.value::<Value>(BEST_TIMES)?;
    if said == json!(LEARN) {
        return Some(BestTimesPlan::default());
    }
    let read = serde_json::from_value::<BestTimesPlan>(said);
    let fault = match &read {
        Ok(plan) => plan.fault().map(str::to_owned),
        Err(error) => Some(format!("must be learn, or an object with by and groups: {error}")),
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
