//! Issues the report of each period soon after its end while the server runs, and the last one that was
//! missed. Of several servers on one log all use the same command id, so that one report is issued.

use crate::compliance_report::report_files::{self, IssuedReportFiles};
use crate::compliance_report::{Occasion, ReportIssueRequest, issue, report_id};
use crate::log_walk::{Log, acquire_walk_permit, began_before};
use actors::ActorSystem;
use application::installation::Installation;
use domain::calendar::{PeriodLength, beijing_date};
use domain::ports::event_store::EventStore;
use domain::problem::Problem;
use domain::report::ReportKind;
use domain::time::Timestamp;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::proof::SigningKey;

/// Wait after the end of a period before its report is issued, in milliseconds: calls of its last seconds
/// have ended by then.
const SETTLE_MS: u64 = 300_000;

/// Wait before another attempt, in milliseconds, after a failure of disk or database, or while another
/// request reads the log.
const RETRY_MS: u64 = 60_000;

/// Starts the task that issues the report of each period after its end, until the process stops.
pub fn begin(installation: &Arc<Installation>, length: PeriodLength) {
    let following = follow(Arc::clone(installation), length);
    installation
        .tasks()
        .spawn("compliance report", Box::pin(following));
}

async fn follow(installation: Arc<Installation>, length: PeriodLength) {
    let (stop, clock) = (
        installation.tasks().stop_signal(),
        Arc::clone(&installation.environment.clock),
    );
    loop {
        let now = clock.now();
        let issuer = Issuer {
            store: installation.store(),
            system: &installation.entities,
            directory: &installation.directory,
            signing_key: installation.signing_key.clone(),
        };
        let due = match issuer.issue_missed(length, now).await {
            Ok(_) => next_due(length, now),
            Err(problem) => {
                tracing::warn!(why = %problem.detail, "compliance report postponed");
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

/// Returns when the report of the period that contains `now` is due: `SETTLE_MS` after its end.
pub fn next_due(length: PeriodLength, now: Timestamp) -> Timestamp {
    let current = length.of(beijing_date(now.minus_ms(SETTLE_MS)));
    current.to.plus_ms(SETTLE_MS)
}

/// What is needed to issue reports and store their files.
pub struct Issuer<'a> {
    pub store: &'a dyn EventStore,
    pub system: &'a ActorSystem,
    pub directory: &'a Path,
    pub signing_key: PathBuf,
}

impl Issuer<'_> {
    /// Issues the report of the last complete period and returns its files. `None` if the log contains one
    /// that was issued after the end of the period.
    pub async fn issue_missed(
        &self,
        length: PeriodLength,
        now: Timestamp,
    ) -> Result<Option<IssuedReportFiles>, Problem> {
        let period = length.before(beijing_date(now.minus_ms(SETTLE_MS)));
        let id = report_id(ReportKind::Compliance, &period.label)?;
        let is_settled = report_files::is_issued_since(self.store, &id, period.to).await?;
        if is_settled || !began_before(self.store, period.to).await? {
            return Ok(None);
        }
        let _turn = acquire_walk_permit()?;
        let key =
            SigningKey::read(&self.signing_key).map_err(|error| Problem::unavailable(error.to_string()))?;
        let order = ReportIssueRequest {
            period,
            upto: None,
            occasion: Occasion::PeriodEnd,
        };
        let issued = issue(Log::quiet(self.store), self.system, &key, order).await?;
        let kept = report_files::store_report(self.directory, &issued)?;
        tracing::info!(file = %kept.page.display(), "compliance report issued");
        Ok(Some(kept))
    }
}
