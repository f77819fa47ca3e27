//! How far a query of another database was read into a campaign: the next import of it takes what came since.

use super::event::CampaignEvent;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;
use serde::{Deserialize, Serialize};

/// Most queries of one campaign whose last value is kept: each holds some 200 bytes of its state.
pub const QUERIES_MAX: usize = 1_000;

/// Longest value that is kept: a number, or a date with a time and an offset.
const VALUE_BYTES_MAX: usize = 64;

/// Longest name of a column, as databases bound it.
const COLUMN_BYTES_MAX: usize = 256;

/// The last value of a column that a query was read to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct QueryMark {
    /// SHA-256 of where and what was asked, in hexadecimal digits: neither stands in the log.
    pub query: String,
    pub column: String,
    /// A number or a time: nothing personal is a mark.
    pub value: String,
}

impl QueryMark {
    /// Whether a value is a number or a time, as databases write them.
    pub fn is_value(value: &str) -> bool {
        let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
        let plain = |byte: u8| byte.is_ascii_digit() || b"-+:./ TZ".contains(&byte);
        has_digit && value.len() <= VALUE_BYTES_MAX && value.bytes().all(plain)
    }

    fn is_whole(&self) -> bool {
        let is_hash = self.query.len() == 64 && self.query.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_named = !self.column.is_empty() && self.column.len() <= COLUMN_BYTES_MAX;
        is_hash && is_named && Self::is_value(&self.value)
    }
}

/// The same mark again: no event.
pub(super) fn mark(state: &CampaignState, mark: QueryMark) -> Result<Vec<CampaignEvent>, CampaignRefusal> {
    if !mark.is_whole() {
        return Err(CampaignRefusal::MarkInvalid);
    }
    match state.query_marks().get(&mark.query) {
        Some(known) if *known == mark => Ok(Vec::new()),
        None if state.query_marks().len() >= QUERIES_MAX => Err(CampaignRefusal::TooManyQueries {
            queries_max: QUERIES_MAX,
        }),
        Some(_) | None => Ok(vec![CampaignEvent::QueryRead { mark }]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn of(query: &str, value: &str) -> QueryMark {
        QueryMark {
            query: query.repeat(64),
            column: "updated_at".to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn a_mark_is_kept_until_the_next_and_is_never_a_name() {
        let mut state = CampaignState::default();
        let events = mark(&state, of("a", "2026-03-02 10:00:00")).unwrap();
        state.apply(&events[0], Timestamp::EPOCH);
        assert_eq!(mark(&state, of("a", "2026-03-02 10:00:00")), Ok(vec![]));
        let later = mark(&state, of("a", "42")).unwrap();
        state.apply(&later[0], Timestamp::EPOCH);
        assert_eq!(state.query_marks()[&"a".repeat(64)].value, "42");
        for value in ["张三", "C001'--", "", "T", &"1".repeat(65)] {
            assert_eq!(
                mark(&state, of("a", value)),
                Err(CampaignRefusal::MarkInvalid),
                "{value}"
            );
        }
        assert_eq!(mark(&state, of("x", "42")), Err(CampaignRefusal::MarkInvalid));
    }
}
