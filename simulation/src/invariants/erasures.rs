//! Checks erasures: after a request no call is granted, and each request ends in one certificate.

use super::Findings;
use super::fact::Fact;
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use std::collections::BTreeMap;

/// The progress of one person's erasure.
#[derive(Default)]
struct Progress {
    erased: u32,
    certified: u32,
}

pub(super) fn judge(findings: &mut Findings, facts: &[Fact]) {
    let mut requested: BTreeMap<&str, Progress> = BTreeMap::new();
    for fact in facts {
        match fact.kind.as_str() {
            CustomerEvent::ERASURE_REQUESTED => {
                requested.entry(fact.subject()).or_default();
            }
            CustomerEvent::DIAL_GRANTED => {
                let free = !requested.contains_key(fact.subject());
                findings.check("no_grant_after_an_erasure_request", free, || fact.stream.clone());
            }
            CallEvent::DIALING => {
                let person = requested.get(fact.customer.as_str());
                let free = person.is_none_or(|person| person.erased == 0);
                findings.check("nobody_erased_is_dialed", free, || fact.stream.clone());
            }
            CustomerEvent::ERASED => requested.entry(fact.subject()).or_default().erased += 1,
            CustomerEvent::ERASURE_CERTIFIED => requested.entry(fact.subject()).or_default().certified += 1,
            CustomerEvent::ENROLLED => {
                let free = !requested.contains_key(fact.subject());
                findings.check("nobody_who_asked_to_be_erased_is_enrolled", free, || {
                    fact.stream.clone()
                });
            }
            _ => {}
        }
    }
    for (person, progress) in requested {
        let done = progress.erased == 1 && progress.certified == 1;
        findings.check("each_erasure_is_decided_and_certified_once", done, || {
            format!(
                "{person}: erased {}, certified {}",
                progress.erased, progress.certified
            )
        });
    }
}
