//! Corrections of a person's name and campaign variables by a person request (PIPL, article 46). Events
//! stored before stay unchanged.
//!
//! A phone number and the institution's own id cannot be corrected: calls, opt-outs and lookups refer to
//! them.

use super::command::ValueCorrection;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::personal::Personal;
use std::collections::{BTreeMap, BTreeSet};
use values::ids::CampaignId;

/// The most bytes of a corrected value; a longer one is refused. As in a cell of a list, at four bytes a
/// letter.
pub const CORRECTED_BYTES_MAX: usize = 4_096;

/// The most values that one correction changes, over all campaigns of the person; more are refused. Sealed,
/// this many short values and one of the longest fill half of an append.
pub const CORRECTED_VALUES_MAX: usize = 256;

/// The most bytes of sealed values in one event: a record may have 64 KiB, and a sealed value is a third
/// longer than an open one.
const EVENT_BYTES_MAX: usize = 24 * 1024;

/// The bytes of a sealed value besides its text: nonce, tag and the id of its key.
const SEALED_BYTES: usize = 128;

/// The flow variables with the person's name; a corrected name changes them too.
const NAME_VARIABLES: [&str; 2] = ["customer_name", "name"];

type DecideResult = Result<Vec<CustomerEvent>, CustomerRefusal>;
type Values = BTreeMap<CampaignId, BTreeMap<String, Personal<String>>>;

pub(super) fn correct(state: &CustomerState, correction: ValueCorrection) -> DecideResult {
    super::decider_support::check_not_erased(state)?;
    super::decider_support::check_readable(state)?;
    if !state.is_registered() {
        return Err(CustomerRefusal::NotRegistered);
    }
    let ValueCorrection {
        request,
        name,
        variables,
    } = correction;
    for value in name.iter().chain(variables.values()) {
        if value.trim().is_empty() || value.len() > CORRECTED_BYTES_MAX {
            return Err(CustomerRefusal::CorrectedValue {
                bytes_max: CORRECTED_BYTES_MAX,
            });
        }
    }
    let mut wanted = variables.clone();
    if let Some(name) = &name {
        for variable in NAME_VARIABLES {
            wanted.entry(variable.to_owned()).or_insert_with(|| name.clone());
        }
    }
    let mut unknown: BTreeSet<&String> = variables.keys().collect();
    let mut changed: Vec<(CampaignId, String, String)> = Vec::new();
    for (campaign, enrolment) in state.enrolments().iter() {
        for (variable, value) in &wanted {
            let Some(before) = enrolment.variables.get(variable) else {
                continue;
            };
            unknown.remove(variable);
            if before.value() != Some(value) {
                changed.push((campaign.clone(), variable.clone(), value.clone()));
            }
        }
    }
    if let Some(variable) = unknown.into_iter().next() {
        return Err(CustomerRefusal::UnknownVariable {
            variable: variable.clone(),
        });
    }
    if changed.len() > CORRECTED_VALUES_MAX {
        return Err(CustomerRefusal::TooManyCorrected {
            count: changed.len(),
            count_max: CORRECTED_VALUES_MAX,
        });
    }
    let name = name.filter(|name| state.name().and_then(Personal::value) != Some(name));
    let mut name = name.map(Personal::open);
    let mut events = Vec::new();
    for values in parted(changed) {
        events.push(CustomerEvent::Corrected {
            request,
            name: name.take(),
            variables: values,
        });
    }
    if name.is_some() {
        events.push(CustomerEvent::Corrected {
            request,
            name,
            variables: BTreeMap::new(),
        });
    }
    Ok(events)
}

/// Splits the changed values of campaign variables into as many events as their sealed bytes need.
fn parted(changed: Vec<(CampaignId, String, String)>) -> Vec<Values> {
    let mut parts: Vec<Values> = Vec::new();
    let mut bytes = EVENT_BYTES_MAX;
    for (campaign, variable, value) in changed {
        let more = value.len() + variable.len() + SEALED_BYTES;
        if bytes + more > EVENT_BYTES_MAX {
            parts.push(Values::new());
            bytes = 0;
        }
        bytes += more;
        if let Some(part) = parts.last_mut() {
            let values = part.entry(campaign).or_default();
            values.insert(variable, Personal::open(value));
        }
    }
    parts
}
