//! Values of a person that were wrong and are right from here on, as a request of theirs has it (PIPL,
//! article 46): the name, and variables of campaigns. What was stored before stays as it was stored.
//!
//! A telephone number and the institution's own id are no values that change: calls, opt-outs and lookups go
//! by them.

use super::command::Correction;
use super::event::CustomerEvent;
use super::refusal::CustomerRefusal;
use super::state::CustomerState;
use crate::personal::Personal;
use std::collections::{BTreeMap, BTreeSet};
use values::ids::CampaignId;

/// Longest corrected value: what a cell of a list may have, at four bytes a letter.
pub const CORRECTED_BYTES_MAX: usize = 4_096;

/// Most values that one correction changes, over all campaigns of the person: sealed, so many short ones and
/// one of the longest fill half of an append.
pub const CORRECTED_VALUES_MAX: usize = 256;

/// Sealed bytes in one event: a record may have 64 KiB, and a sealed value is a third longer than an open
/// one.
const EVENT_BYTES_MAX: usize = 24 * 1024;

/// What a sealed value has beside its text: nonce, tag and the id of its key.
const SEALED_BYTES: usize = 128;

/// As flows name the person: corrected with the name wherever a campaign has it.
const NAME_VARIABLES: [&str; 2] = ["customer_name", "name"];

type Decided = Result<Vec<CustomerEvent>, CustomerRefusal>;
type Values = BTreeMap<CampaignId, BTreeMap<String, Personal<String>>>;

pub(super) fn correct(state: &CustomerState, correction: Correction) -> Decided {
    super::answering::not_erased(state)?;
    super::answering::readable(state)?;
    if !state.is_registered() {
        return Err(CustomerRefusal::NotRegistered);
    }
    let Correction {
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

/// In as many events as their sealed bytes need.
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
