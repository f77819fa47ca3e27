//! High-water marks of imports from other databases: the next import of a query continues after the mark.

use super::event::CampaignEvent;
use super::query_mark::QueryMark;
use super::refusal::CampaignRefusal;
use super::state::CampaignState;

/// The most queries for which one campaign keeps a mark; a further one is refused. Each takes some 200
/// bytes of the state.
pub const QUERIES_MAX: usize = 1_000;

/// Records up to which value a query of another database was imported. No event for the mark that is
/// recorded already; refused if it is invalid.
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
