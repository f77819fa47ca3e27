//! How old the rows are that dialing stands on: readiness rests on them alone.
//!
//! Other views may be far behind (made again by a newer build, fed beside a large import); who reads them is
//! told by their position and lag. The worklist is what the dialer finds people in.

use application::installation::Installation;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use projections::Checkpoint;
use projections::views::worklist::NAME;

/// Oldest event that the worklist may lack while the process calls itself ready: dialing then is late by so
/// much, which a supervisor of processes should know and a person hardly notices.
const WORKLIST_AGE_MS_MAX: u64 = 10_000;

/// Age of the oldest event that the worklist's rows lack, in milliseconds; refused where it is too old, or
/// where an event keeps the worklist.
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
            "the worklist is kept before position {position} ({why}), and nobody behind it is dialed: run \
             `ledgerline projections status` / 工作清单停驻，其后的客户不会被呼叫"
        ));
    }
    let age_ms = oldest.map_or(0, |oldest| now.ms_since(oldest));
    if age_ms > WORKLIST_AGE_MS_MAX {
        return Err(format!(
            "the worklist lacks events of {age_ms} ms ago, so people are dialed late / 工作清单滞后 {age_ms} 毫秒"
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
