//! The reasons for which this process does not dial now: gathers the facts and asks the domain.
//!
//! Readiness, `GET /api/v1/dialing` and the metric take the reasons from here. What the log says is read
//! with a timeout, so that an answer comes also while the store hangs.

use crate::app;
use crate::process::Process;
use crate::process::worklist_age::worklist_age_ms;
use actors::{CallerUse, DialHold, DriversHandle, LineAdmission, LineLoad};
use application::dialing_facts::{gather_campaign_facts, gather_stops};
use application::installation::DialingState;
use domain::dialing_facts::{
    DialingFacts, DialingRole, StopFact, StorageFailure, StorageKind, TrunkFacts, find_dialing_pauses,
};
use domain::dialing_pause::{DialingPause, PauseCode};
use domain::ids::CampaignId;
use domain::installation::InstallationState;
use domain::problem::{Problem, ProblemKind};
use domain::stored_event::Position;
use projections::Dialect;

/// The longest wait for what the log says, in milliseconds: below the time in which a supervisor expects the
/// answer of `/readyz`.
const LOG_READ_MS: u64 = 1_000;

/// The longest wait for the facts of campaigns, in milliseconds: each costs a few reads. With `LOG_READ_MS`
/// it is well below the ten seconds in which Prometheus expects the answer to a scrape.
const CAMPAIGNS_READ_MS: u64 = 3_000;

/// All reasons at one moment.
pub struct DialingReport {
    pub pauses: Vec<DialingPause>,
    /// False if not every campaign could be looked at.
    pub is_complete: bool,
}

/// What the log says about dialing.
struct LogFacts {
    installation: InstallationState,
    views: Option<String>,
    stops: Vec<StopFact>,
}

impl Process {
    /// Returns the reasons of the installation and of the trunks, without those of campaigns.
    pub async fn installation_pauses(&self) -> Vec<DialingPause> {
        find_dialing_pauses(&self.gather_facts().await)
    }

    /// Returns the reasons that are known without reading the log, for an answer while the store hangs.
    pub fn known_pauses(&self) -> Vec<DialingPause> {
        let mut facts = self.gather_known_facts();
        facts
            .storage
            .get_or_insert_with(|| self.log_failure(no_answer(LOG_READ_MS)));
        find_dialing_pauses(&facts)
    }

    /// Returns every reason, those of campaigns only for the campaigns that `admits` accepts.
    pub async fn dialing_report(&self, admits: &(dyn Fn(&CampaignId) -> bool + Sync)) -> DialingReport {
        let mut facts = self.gather_facts().await;
        let is_complete = self.add_campaigns(&mut facts, admits).await;
        facts.stops.retain(|one| one.stop.campaign().is_none_or(admits));
        DialingReport {
            pauses: find_dialing_pauses(&facts),
            is_complete,
        }
    }

    /// Returns the first reason that changes the word for the state of dialing; `None` if this process dials.
    pub(super) fn find_dialing_code(&self) -> Option<PauseCode> {
        let state = self.installation.dialing.now();
        state.pause_code().or_else(|| {
            let pauses = find_dialing_pauses(&self.gather_blocking_facts());
            let mut codes = pauses.into_iter().map(|pause| pause.code);
            codes.find(|code| code.dialing_word().is_some())
        })
    }

    /// Adds the facts of campaigns. Returns false if they could not all be read.
    async fn add_campaigns(
        &self,
        facts: &mut DialingFacts,
        admits: &(dyn Fn(&CampaignId) -> bool + Sync),
    ) -> bool {
        let worklist = app::worklist(&self.installation.rows);
        let read = async {
            let list = gather_campaign_facts(&self.installation, worklist.as_ref(), admits).await?;
            let campaigns = list.items.iter().map(|one| one.campaign.clone()).collect();
            let trunks = facts.trunks.iter().map(|trunk| trunk.name.clone()).collect();
            let stops = gather_stops(&self.installation, trunks, campaigns).await?;
            Ok::<_, Problem>((list, stops))
        };
        let read = tokio::select! {
            biased;
            () = self.installation.pause(CAMPAIGNS_READ_MS) => {
                Err(Problem::unavailable(no_answer(CAMPAIGNS_READ_MS)))
            }
            read = read => read,
        };
        match read {
            Ok((list, stops)) => {
                facts.campaigns = list.items;
                facts.stops = stops;
                list.is_complete
            }
            Err(problem) => {
                tracing::warn!(%problem, "the campaigns cannot be read for the reasons that pause dialing");
                false
            }
        }
    }

    /// Gathers the facts of the installation and of the trunks. A log that cannot be read is a fact too.
    async fn gather_facts(&self) -> DialingFacts {
        let mut facts = self.gather_known_facts();
        let trunks: Vec<String> = facts.trunks.iter().map(|trunk| trunk.name.clone()).collect();
        let read = tokio::select! {
            biased;
            () = self.installation.pause(LOG_READ_MS) => Err(Problem::unavailable(no_answer(LOG_READ_MS))),
            read = self.read_log_facts(trunks) => read,
        };
        match read {
            Ok(log) => {
                facts.installation = Some(log.installation);
                facts.stops = log.stops;
                facts.views = facts.views.or(log.views);
            }
            // An event that cannot be read, for example one of a newer build.
            Err(problem) if problem.kind == ProblemKind::Fault => {
                facts.damage.get_or_insert(problem.detail);
            }
            Err(problem) => {
                facts
                    .storage
                    .get_or_insert_with(|| self.log_failure(problem.detail));
            }
        }
        facts
    }

    async fn read_log_facts(&self, trunks: Vec<String>) -> Result<LogFacts, Problem> {
        let store = self.installation.store();
        let head = store.head().await?;
        Ok(LogFacts {
            installation: actors::installation_now(store).await?,
            views: self.find_views_behind(head).await,
            stops: gather_stops(&self.installation, trunks, Vec::new()).await?,
        })
    }

    /// Returns why the views are too far behind for dialing; `None` if they are not.
    async fn find_views_behind(&self, head: Position) -> Option<String> {
        let rows = &self.installation.rows;
        if rows.position().is_none() {
            return Some("all views are parked".to_owned());
        }
        let age = worklist_age_ms(&self.installation, head).await;
        age.err().map(|problem| problem.detail)
    }

    /// Gathers what this process knows without reading the log.
    fn gather_known_facts(&self) -> DialingFacts {
        let drivers = self.installation.dialing.drivers();
        let lines = drivers.as_ref().map(DriversHandle::lines).unwrap_or_default();
        DialingFacts {
            role: self.role(),
            damage: self
                .installation
                .environment
                .damage
                .first()
                .map(|damage| damage.to_string()),
            lacks_descriptors: drivers.is_some_and(|drivers| drivers.lacks_descriptors()),
            trunks: lines.iter().map(trunk_facts).collect(),
            ..self.gather_blocking_facts()
        }
    }

    /// Gathers the facts that stop every dial of a process with the driver lock. Reads only memory.
    fn gather_blocking_facts(&self) -> DialingFacts {
        let skew = &self.installation.environment.skew;
        let drivers = self.installation.dialing.drivers();
        let stops = drivers.map_or_else(Vec::new, |drivers| drivers.engaged_stops());
        let unread = |stop| StopFact {
            stop,
            since: None,
            reason: None,
        };
        DialingFacts {
            now: self.installation.now(),
            storage: self.find_storage(),
            clock_offsets: skew.all(),
            clock_doubt: skew.doubted(),
            stops: stops.into_iter().map(unread).collect(),
            ..DialingFacts::default()
        }
    }

    fn role(&self) -> DialingRole {
        if self.is_draining() {
            return DialingRole::Draining;
        }
        match self.installation.dialing.now() {
            DialingState::NoTrunk => DialingRole::NoTrunk,
            DialingState::Waiting => DialingRole::StandBy,
            DialingState::Draining => DialingRole::Draining,
            DialingState::Dialing
            | DialingState::Unconfirmed
            | DialingState::Lost
            | DialingState::Damaged => DialingRole::Dialing,
        }
    }

    /// Returns what cannot be written now, from memory: the log or the keys, the views, or what a call had to
    /// store a moment ago.
    fn find_storage(&self) -> Option<StorageFailure> {
        if let Some(detail) = self.opened.failure() {
            return Some(self.log_failure(detail));
        }
        if let Some(detail) = self.installation.rows.wait_reason() {
            let kind = match self.installation.rows.db().dialect() {
                Dialect::Sqlite => StorageKind::Disk,
                Dialect::Postgres => StorageKind::Database,
            };
            return Some(StorageFailure { kind, detail });
        }
        let drivers = self.installation.dialing.drivers()?;
        let failure = match drivers.dial_hold()? {
            DialHold::Store => self.log_failure("an event could not be stored a moment ago".to_owned()),
            // Without a descriptor no recording can be opened either; that has a reason of its own.
            DialHold::Recording if drivers.lacks_descriptors() => return None,
            DialHold::Recording => StorageFailure {
                kind: StorageKind::Disk,
                detail: "a recording could not be prepared a moment ago".to_owned(),
            },
        };
        Some(failure)
    }

    fn log_failure(&self, detail: String) -> StorageFailure {
        let kind = match self.opened.is_log_embedded() {
            true => StorageKind::Disk,
            false => StorageKind::Database,
        };
        StorageFailure { kind, detail }
    }
}

fn no_answer(waited_ms: u64) -> String {
    format!("the store has not answered for {waited_ms} ms")
}

fn trunk_facts(line: &LineLoad) -> TrunkFacts {
    let per_number_max = line.calls_per_number_max.unwrap_or(u32::MAX);
    let is_exhausted = |one: &&CallerUse| !one.is_expired() && one.calls >= per_number_max;
    TrunkFacts {
        name: line.trunk.clone(),
        is_failing: matches!(line.carries, LineAdmission::Nothing),
        failures_in_a_row: line.failures_in_a_row,
        rests_until: line.rests_until,
        callers_count: line.callers.len(),
        expired_count: line.callers.iter().filter(|one| one.is_expired()).count(),
        exhausted_count: line.callers.iter().filter(is_exhausted).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::caller_number::CallerNumber;

    fn caller(calls: u32, days_left: Option<i64>) -> CallerUse {
        CallerUse {
            caller: CallerNumber {
                number: "95500".to_owned(),
                valid_until: None,
                licence: None,
            },
            calls,
            days_left,
        }
    }

    #[test]
    fn the_facts_of_a_trunk_count_its_expired_and_its_busy_numbers() {
        let line = LineLoad {
            trunk: "first".to_owned(),
            legs: 0,
            legs_max: 4,
            dialed_last_second: 0,
            dials_per_second_max: 2,
            failures_in_a_row: 3,
            rests_until: None,
            carries: LineAdmission::Nothing,
            is_stopped: false,
            is_loopback: false,
            callers: vec![caller(2, Some(0)), caller(2, Some(-1)), caller(1, None)],
            calls_per_number_max: Some(2),
        };
        let facts = trunk_facts(&line);
        assert!(facts.is_failing && facts.failures_in_a_row == 3);
        assert_eq!(
            (facts.callers_count, facts.expired_count, facts.exhausted_count),
            (3, 1, 1)
        );
        let unlimited = LineLoad {
            calls_per_number_max: None,
            carries: LineAdmission::Few { good_calls_left: 1 },
            ..line
        };
        let facts = trunk_facts(&unlimited);
        assert_eq!((facts.is_failing, facts.exhausted_count), (false, 0));
    }
}
