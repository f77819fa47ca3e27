//! JSON pointers (RFC 6901) to the personal values in customer events.

use crate::personal::Personal;
pub(super) use crate::personal::escaped;
use std::collections::BTreeMap;
use values::ids::CampaignId;

/// Returns the personal values of a correction, each with its JSON pointer.
pub(super) fn of_correction<'a>(
    name: Option<&'a mut Personal<String>>,
    variables: &'a mut BTreeMap<CampaignId, BTreeMap<String, Personal<String>>>,
) -> Vec<(String, &'a mut Personal<String>)> {
    let mut found: Vec<_> = name.map(|name| ("/name".to_owned(), name)).into_iter().collect();
    for (campaign, values) in variables {
        let campaign = escaped(campaign.as_str());
        let pointer = |variable: &str| format!("/variables/{campaign}/{}", escaped(variable));
        found.extend(
            values
                .iter_mut()
                .map(|(variable, value)| (pointer(variable), value)),
        );
    }
    found
}

/// Returns the personal values of a list, each with its JSON pointer: `pointer` and the index.
pub(super) fn listed<'a>(
    pointer: &str,
    values: &'a mut [Personal<String>],
) -> Vec<(String, &'a mut Personal<String>)> {
    let values = values.iter_mut().enumerate();
    values
        .map(|(at, value)| (format!("{pointer}/{at}"), value))
        .collect()
}
