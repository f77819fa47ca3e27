//! An erased person is not called: the phone cannot be read any more, and must not be.
//!
//! Source: the right to erasure (PIPL article 47, GDPR article 17), as far as known.

use super::{CustomerFacts, Decision, Rule, named};
use crate::time::Timestamp;
use std::collections::BTreeMap;

pub(super) struct ErasedPerson;

impl Rule<CustomerFacts<'_>> for ErasedPerson {
    fn id(&self) -> &'static str {
        "erased_person"
    }

    fn source(&self) -> &'static str {
        "PIPL article 47; GDPR article 17"
    }

    fn decide(&self, facts: &CustomerFacts<'_>, _now: Timestamp) -> (Decision, BTreeMap<String, String>) {
        match facts.phone {
            Some(_) => (Decision::Allow, BTreeMap::new()),
            None => (Decision::Forbid, named([("phone", "erased".to_owned())])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::ContactHistory;
    use crate::compliance::testing::{campaign_facts, customer_facts, instant};

    #[test]
    fn a_phone_that_cannot_be_read_is_not_dialed() {
        let campaign = campaign_facts(Preset::CnService);
        let history = ContactHistory::default();
        let mut facts = customer_facts(&campaign, &history);
        let now = instant("2026-03-02T10:00:00+08:00");
        assert_eq!(ErasedPerson.decide(&facts, now).0, Decision::Allow);
        facts.phone = None;
        assert_eq!(ErasedPerson.decide(&facts, now).0, Decision::Forbid);
    }
}
