//! Golden tests: the stored form of every retention event equals its golden file.

use super::class::DataClass;
use super::event::{DisposalResult, DisposalRule, DisposedItems, RetentionEvent, ReviewCounts};
use crate::calling_plan::Preset;
use crate::record::golden_support::{at, call, check, check_with, customer};
use crate::stored_event::Position;
use values::ids::{CommandId, ConversationId};

fn under(class: DataClass) -> DisposalRule {
    DisposalRule {
        class,
        preset: Preset::CnService,
        days: 365,
        rule: "set for all presets".to_owned(),
        oldest_at: at().minus_ms(50_000_000_000),
        newest_at: at().minus_ms(40_000_000_000),
    }
}

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let set = RetentionEvent::PeriodSet {
        preset: Some(Preset::CnMarketing),
        before_days: Some(365),
        after_days: Some(730),
        reason: "the regulator asked for two years".to_owned(),
    };
    let begun = RetentionEvent::DisposalBegun {
        disposal: 17,
        under: under(DataClass::Recordings),
        what: Box::new(DisposedItems {
            calls: vec![call()],
            ..DisposedItems::default()
        }),
    };
    let disposed = RetentionEvent::Disposed {
        disposal: 17,
        under: under(DataClass::Recordings),
        result: DisposalResult {
            destroyed: 1,
            gone: 0,
            kept: 0,
        },
    };
    let reviewed = RetentionEvent::Reviewed {
        reviewed: ReviewCounts {
            looked_at: 10,
            due: 3,
            destroyed: 1,
            held: 1,
            left: 1,
            through: Some(customer()),
            through_position: None,
        },
    };
    for event in [set, begun, disposed, reviewed] {
        check("retention", event);
    }
    let persons = RetentionEvent::DisposalBegun {
        disposal: 18,
        under: under(DataClass::Persons),
        what: Box::new(DisposedItems {
            customers: vec![customer()],
            ..DisposedItems::default()
        }),
    };
    check_with("retention", "persons", persons);
    let transcripts = RetentionEvent::DisposalBegun {
        disposal: 19,
        under: under(DataClass::Transcripts),
        what: Box::new(DisposedItems {
            calls: vec![call()],
            conversations: vec![ConversationId::derive(CommandId::derive_from_text("golden"))],
            ..DisposedItems::default()
        }),
    };
    check_with("retention", "transcripts", transcripts);
    let reviewed = RetentionEvent::Reviewed {
        reviewed: ReviewCounts {
            looked_at: 10,
            through_position: Some(Position(4_711)),
            ..ReviewCounts::default()
        },
    };
    check_with("retention", "through_position", reviewed);
}
