//! The age of the worklist's rows, which alone decide readiness.
//!
//! Other views may be far behind, while a newer build rebuilds them or a large import is applied; responses
//! from them state their position and lag. The dialer finds customers in the worklist.

use application::installation::Installation;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::Checkpoint;
use projections::views::worklist::NAME;

/// The oldest event, in milliseconds, that the worklist may lack while the process is ready. Dialing is late
/// by so much, which a process supervisor should notice and a person hardly does.
const WORKLIST_AGE_MS_MAX: u64 = 10_000;

/// Returns the age of the oldest event that the worklist has not applied, in milliseconds. Fails if it is too
/// old, or if the worklist is parked.
pub(crate) async fn worklist_age_ms(installation: &Installation, head: Position) -> Result<u64, Problem> {
    let status = installation.rows.status();
    let Some(worklist) = status.iter().find(|row| row.view == NAME) else {
        return Err(Problem::fault("there is no worklist"));
    };
    let oldest = match worklist.position < head {
        true => installation.store().read_all(worklist.position, 1).await?,
        false => Vec::new(),
    };
    let oldest = oldest.first().map(|event| event.recorded_at);
    judge(worklist, oldest, installation.now()).map_err(Problem::unavailable)
}

fn judge(worklist: &Checkpoint, oldest: Option<Timestamp>, now: Timestamp) -> Result<u64, String> {
    if let Some((position, why)) = &worklist.parked {
        return Err(format!(
            "the worklist stopped before position {position} ({why}); customers in later events are not \
             dialed: run `ledgerline projections status`"
        ));
    }
    let age_ms = oldest.map_or(0, |oldest| now.ms_since(oldest));
    if age_ms > WORKLIST_AGE_MS_MAX {
        return Err(format!(
            "the worklist is {age_ms} ms behind the log, so calls start late"
        ));
    }
    Ok(age_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position: u64, parked: Option<(Position, String)>) -> Checkpoint {
        Checkpoint {
            view: NAME.to_owned(),
            version: 1,
            position: Position(position),
            recorded_at: None,
            parked,
        }
    }

    #[test]
    fn what_counts_is_how_old_the_worklist_is_and_not_how_many_events_a_view_lacks() {
        let now = Timestamp::from_micros(100_000_000);
        let oldest = |ms: i64| Some(Timestamp::from_micros(100_000_000 - ms * 1_000));
        let behind = at(9, None);
        assert_eq!(judge(&behind, None, now), Ok(0));
        assert_eq!(judge(&behind, oldest(10_000), now), Ok(10_000));
        assert!(judge(&behind, oldest(10_001), now).is_err());
        let kept = at(9, Some((Position(10), "a record it cannot take".to_owned())));
        assert!(
            judge(&kept, None, now)
                .unwrap_err()
                .contains("before position 10")
        );
    }
}
