//! Issues the report of each period soon after its end, while the server runs; also the last one that was
//! missed.

use super::{issue, keeping, report_id};
use crate::calendar::{PeriodLength, beijing_date};
use crate::reply::Problem;
use crate::serving::App;
use domain::report::{Issue, ReportKind};
use domain::stored_event::Position;
use std::sync::Arc;
use store::proof::SigningKey;

/// After a period's end: calls of its last seconds have ended by then, or belong to the next.
const SETTLE_MS: u64 = 300_000;

/// After a failure of disk or database.
const RETRY_MS: u64 = 60_000;

/// Follows the calendar until the process stops.
pub(crate) fn begin(app: &Arc<App>, length: PeriodLength) {
    let following = follow(Arc::clone(app), length);
    app.tasks().spawn("compliance report", Box::pin(following));
}

async fn follow(app: Arc<App>, length: PeriodLength) {
    let (stop, clock) = (
        app.tasks().stop_signal(),
        Arc::clone(&app.opened.environment.clock),
    );
    loop {
        let now = clock.now();
        let due = match issue_missed(&app, length).await {
            Ok(()) => {
                let current = length.of(beijing_date(now.minus_ms(SETTLE_MS)));
                current.to.plus_ms(SETTLE_MS)
            }
            Err(problem) => {
                tracing::warn!(why = %problem.detail, "the compliance report waits");
                now.plus_ms(RETRY_MS)
            }
        };
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = clock.wait_until(due) => {}
        }
    }
}

/// Issues the last whole period's report, unless the log knows of one.
async fn issue_missed(app: &App, length: PeriodLength) -> Result<(), Problem> {
    let settled = app.now().minus_ms(SETTLE_MS);
    let period = length.before(beijing_date(settled));
    let id = report_id(&Issue {
        kind: ReportKind::Compliance,
        period: period.label.clone(),
        sha256: String::new(),
        position: Position(0),
        log_size: 0,
        log_root: String::new(),
        signer: String::new(),
    })?;
    if app.system().reports.state(&id).await?.state.last().is_some() || app.store().head().await?.0 == 0 {
        return Ok(());
    }
    let key = SigningKey::read(&app.opened.signing_key())
        .map_err(|error| Problem::unavailable(error.to_string()))?;
    let issued = issue((app.store(), app.system()), &key, period, None).await?;
    let kept = keeping::kept(app.directory(), &issued)?;
    tracing::info!(file = %kept.page.display(), "compliance report issued");
    Ok(())
}
