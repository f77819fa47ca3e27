//! Golden tests: the stored form of every conversation event equals its golden file.

use super::event::{
    ClosedFact, ConversationEvent, ConversationInitiator, OpenedFact, TextHeardFact, TextSaidFact,
    TextWordFact,
};
use crate::calling_plan::{FlowRef, Preset};
use crate::compliance::{Decision, Verdict};
use crate::personal::Personal;
use crate::record::golden_support::{at, campaign, check, check_with, customer, number};
use crate::spoken_turn::{
    Certainty, Explanation, IntentCandidate, ReadingSource, SpokenReading, TurnDecision, TurnInput,
    UnderstandingFact,
};
use crate::text_channel::{Channel, CloseReason};
use std::collections::BTreeMap;
use values::disposition::Outcome;
use values::key_rule::KeyRule;
use values::text_attachment::{AttachmentKind, TextAttachment};

fn open(text: &str) -> Personal<String> {
    Personal::open(text.to_owned())
}

fn opened() -> OpenedFact {
    OpenedFact {
        campaign: campaign(),
        customer: customer(),
        number: number(),
        channel: Channel::Web,
        begun_by: ConversationInitiator::Customer,
        flow: FlowRef {
            flow: "card_instalment_spoken".parse().unwrap(),
            version: 2,
            content_hash: "ab".repeat(32),
        },
        key_rule: KeyRule::SpokenNodes,
        variables: BTreeMap::from([("customer_name".to_owned(), open("张三"))]),
        verdicts: vec![Verdict {
            rule: "erased_person".to_owned(),
            version: 1,
            effective_from: "2026-01-01".to_owned(),
            decision: Decision::Allow,
            facts: BTreeMap::new(),
        }],
    }
}

fn reading() -> SpokenReading {
    SpokenReading {
        certainty: Certainty::Accepted,
        read_by: ReadingSource::Rule,
        candidates: vec![IntentCandidate {
            intent: "refuse_call".to_owned(),
            score_permille: 1_000,
        }],
        accept_permille: Some(620),
        confirm_permille: Some(310),
        knowledge: None,
        picked: None,
    }
}

fn said() -> TextSaidFact {
    let open = |text: &str| Personal::open(text.to_owned());
    TextSaidFact {
        message: Some("m-1".to_owned()),
        node: "opted_out".to_owned(),
        prompt: "nodes.opted_out.text".to_owned(),
        variant: Some("warm".to_owned()),
        text: open("好的，不再联系您。"),
        shows: Vec::new(),
    }
}

#[test]
fn what_is_shown_beside_a_text_is_written_as_its_golden_file() {
    let shown = TextSaidFact {
        shows: vec![TextAttachment {
            shown_as: AttachmentKind::Picture,
            address: "https://example.com/plan.png".to_owned(),
            title: "分期方案".to_owned(),
        }],
        ..said()
    };
    check_with("conversation", "shows", ConversationEvent::Said(shown));
}

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let heard = TextHeardFact {
        message: "m-1".to_owned(),
        node: "greeting".to_owned(),
        text: open("别再打了"),
        as_key: false,
    };
    let understood = UnderstandingFact {
        node: "greeting".to_owned(),
        intent: Some("refuse_call".to_owned()),
        reading: reading(),
        slots: BTreeMap::from([("terms".to_owned(), open("3"))]),
        interest: None,
        opt_out: true,
        model: Some("ab".repeat(32)),
        emotion: None,
        encoder: None,
    };
    let word = TextWordFact {
        message: "m-2".to_owned(),
        node: "greeting".to_owned(),
        list: "campaign".to_owned(),
        word: open("投诉到银监会"),
    };
    let decided = TurnDecision {
        node: "greeting".to_owned(),
        rule: "opt_out".to_owned(),
        explanation: Explanation {
            reading: Some(reading()),
            ..Explanation::of(TurnInput::Spoken)
        },
    };
    let closed = ClosedFact {
        reason: CloseReason::FlowEnded,
        outcome: Some(Outcome::OptedOut),
        messages_count: 1,
        idle_since: Some(at()),
    };
    for event in [
        ConversationEvent::Opened(Box::new(opened())),
        ConversationEvent::Heard(heard.clone()),
        ConversationEvent::Understood(understood),
        ConversationEvent::SensitiveWordMatched(word),
        ConversationEvent::Decided(decided),
        ConversationEvent::Said(said()),
        ConversationEvent::Closed(closed),
        ConversationEvent::TranscriptDisposed {
            disposal: 17,
            preset: Preset::CnService,
            days: 365,
        },
    ] {
        check("conversation", event);
    }
    let key = TextHeardFact {
        text: open("1"),
        as_key: true,
        ..heard
    };
    check_with("conversation", "as_key", ConversationEvent::Heard(key));
}
