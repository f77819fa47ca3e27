//! Every stored kind of a number event, compared with its golden file.

use super::event::{NumberEvent, OptOutSource};
use crate::compliance::{Decision, GRANT_VALID_MS, NumberGrant, Verdict};
use crate::past_call::HistorySource;
use crate::record::golden_support::{at, call, campaign, check, customer, number, past_call};
use std::collections::BTreeMap;
use values::disposition::Disposition;

fn verdict(decision: Decision) -> Verdict {
    Verdict {
        rule: "suppression".to_owned(),
        version: 1,
        effective_from: "2026-01-01".to_owned(),
        decision,
        facts: BTreeMap::from([("opted_out".to_owned(), "false".to_owned())]),
    }
}

fn events() -> Vec<NumberEvent> {
    let grant = NumberGrant {
        call: call(),
        campaign: campaign(),
        number: number(),
        valid_until: at().plus_ms(GRANT_VALID_MS),
        verdicts: vec![verdict(Decision::Allow)],
    };
    vec![
        NumberEvent::OptedOut {
            reason: "pressed 9".to_owned(),
            source: OptOutSource::Keypress,
            call: Some(call()),
            open_calls: vec![call()],
        },
        NumberEvent::Suppressed {
            reason: "national list".to_owned(),
            until: Some(at().plus_ms(1_000)),
            open_calls: vec![call()],
        },
        NumberEvent::Listed {
            list: "consented-2026".parse().expect("a name"),
            reason: "signed at the counter".to_owned(),
        },
        NumberEvent::Unlisted {
            list: "consented-2026".parse().expect("a name"),
            reason: "signed for somebody else".to_owned(),
        },
        NumberEvent::Claimed {
            campaign: campaign(),
            customer: customer(),
        },
        NumberEvent::ClaimReleased {
            campaign: campaign(),
            customer: customer(),
        },
        NumberEvent::HistoryImported {
            source: HistorySource::Vicidial,
            calls: vec![past_call()],
        },
        NumberEvent::StateChecked {
            state: crate::number_check::CheckedState::Vacant,
        },
        NumberEvent::DialGranted { grant },
        NumberEvent::DialRefused {
            campaign: campaign(),
            call: call(),
            verdict: verdict(Decision::Forbid),
            not_before: Some(at().plus_ms(3_600_000)),
        },
        NumberEvent::DialReleased {
            call: call(),
            reason: "withdrawn".to_owned(),
        },
        NumberEvent::CallClosed {
            call: call(),
            disposition: Disposition::NoAnswer,
            answered: false,
            dialed_at: at(),
        },
    ]
}

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    for event in events() {
        check("number", event);
    }
}
