//! Members of customer events that were added later (call hours, ranking, number country), each with its own
//! golden file.

use super::event::CustomerEvent;
use super::golden::{endings, who_and_what_they_allow};
use super::known_number::CountrySource;
use crate::best_times::{BetterHour, CallHour, CallTiming, DaySort};
use crate::ranking::{CallValue, EnrolmentRanking};
use crate::record::golden_support::{at, check_with};

#[test]
fn the_hour_of_a_call_and_of_the_next_is_written_as_its_golden_file() {
    let mut closed = endings().swap_remove(0);
    let at_hour = |hour, group| CallHour {
        hour,
        day: DaySort::Workday,
        group,
    };
    if let CustomerEvent::CallClosed { timing, .. } = &mut closed {
        *timing = Some(Box::new(CallTiming {
            dialed: at_hour(10, 0),
            moved: Some(BetterHour {
                instead_of: at().plus_ms(60_000),
                hour: at_hour(19, 2),
                dials: 120,
                answers: 60,
                per_mille: 402,
                instead_per_mille: 121,
                through: 4_711,
            }),
        }));
    }
    check_with("customer", "timing", closed);
}

#[test]
fn where_somebody_stands_is_written_as_its_golden_file() {
    let mut enrolled = who_and_what_they_allow()
        .into_iter()
        .find(|event| matches!(event, CustomerEvent::Enrolled { .. }));
    if let Some(CustomerEvent::Enrolled { placing, .. }) = &mut enrolled {
        *placing = Some(Box::new(EnrolmentRanking {
            value: CallValue::try_from(9).ok(),
            times_group: Some(2),
        }));
    }
    check_with("customer", "placing", enrolled.unwrap());
}

#[test]
fn how_the_country_of_a_number_was_known_is_written_as_its_golden_file() {
    let mut added = who_and_what_they_allow()
        .into_iter()
        .find(|event| matches!(event, CustomerEvent::NumberAdded { .. }));
    if let Some(CustomerEvent::NumberAdded { country, .. }) = &mut added {
        *country = Some(CountrySource::Preset);
    }
    check_with("customer", "country", added.unwrap());
}
