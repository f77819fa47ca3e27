//! The alert watch: compares figures with their limits. Each alert is raised by one event and cleared by
//! one.
//!
//! Only the process that may dial raises alerts (or the only process there is): a standby sees the same
//! figures and would raise them twice. Standing alerts are read from the view at the start, so that a
//! restart does not forget an alert that has to be cleared. The entity decides, so raising an alert twice
//! changes nothing.

pub mod budgets;
mod callers;
mod halted_senders;
mod rules;

use crate::installation::DialingState;
use crate::installation::Installation;
use domain::alert::{AlertCommand, AlertLimits, AlertRule};
use domain::ids::AlertId;
use domain::stored_event::Cause;
use projections::views::alert_board::{ALERTS_MAX, AlertFilter, list};
use rules::Finding;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Interval between two checks, in milliseconds: the greatest delay of an alert.
const LOOK_MS: u64 = 1_000;

/// Number of checks from one slow check to the next. A slow check escalates alerts that stay raised and
/// reads the figures that need a query per campaign.
const SLOW_EVERY_LOOKS: u64 = 30;

/// Starts the alert watch, a task that runs until the process stops.
pub fn begin(installation: &Arc<Installation>) {
    let watched = Arc::clone(installation);
    let stop = installation.tasks().stop_signal();
    installation.tasks().spawn(
        "alert watch",
        Box::pin(async move {
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                () = watch(&watched) => {}
            }
        }),
    );
}

async fn watch(installation: &Installation) {
    let mut watch = Watch::default();
    let mut looks: u64 = 0;
    loop {
        installation.pause(LOOK_MS).await;
        if matches!(
            &*installation.dialing.state().borrow(),
            DialingState::Waiting | DialingState::Draining
        ) {
            // Another process raises the alerts. When this one takes over, it reads the standing alerts
            // from the view again.
            watch = Watch::default();
            continue;
        }
        looks += 1;
        // Read every time, so that a changed limit applies from the next check on.
        let looked = match installation.alert_limits().await {
            Ok(limits) => {
                watch
                    .look(installation, &limits, looks.is_multiple_of(SLOW_EVERY_LOOKS))
                    .await
            }
            Err(problem) => Err(problem.to_string()),
        };
        if let Err(why) = looked {
            tracing::debug!(%why, "alerts could not be looked at; again in a second");
        }
    }
}

/// The raised alerts that this process knows. `None` until they were read from the view.
#[derive(Default)]
struct Watch {
    standing: Option<BTreeMap<AlertId, (AlertRule, String)>>,
}

impl Watch {
    async fn look(
        &mut self,
        installation: &Installation,
        limits: &AlertLimits,
        is_slow_turn: bool,
    ) -> Result<(), String> {
        let standing = match &mut self.standing {
            Some(standing) => standing,
            none => none.insert(standing_on_board(installation).await?),
        };
        let mut findings = rules::findings(installation, limits).await;
        findings.extend(halted_senders::findings(&installation.halted));
        if let Some(drivers) = installation.dialing.drivers() {
            findings.extend(callers::findings(&drivers.lines(), standing.values()));
        }
        if is_slow_turn {
            // Readiness reports an unavailable read database.
            let asked = budgets::findings(installation, limits, standing.values()).await;
            findings.extend(asked.unwrap_or_default());
        }
        for finding in findings {
            let id = AlertId::derive(finding.rule.code(), &finding.subject);
            let is_standing = standing.contains_key(&id);
            match (finding.is_beyond, is_standing) {
                (true, false) => {
                    raise(installation, id, &finding).await?;
                    standing.insert(id, (finding.rule, finding.subject));
                }
                (false, true) => {
                    let figure = finding.figure;
                    ask(installation, id, AlertCommand::Clear { figure }).await?;
                    standing.remove(&id);
                    tracing::info!(
                        rule = finding.rule.code(),
                        subject = finding.subject,
                        "alert cleared"
                    );
                }
                (true, true) | (false, false) => {}
            }
        }
        if is_slow_turn {
            for id in standing.keys() {
                ask(installation, *id, AlertCommand::Escalate {}).await?;
            }
        }
        Ok(())
    }
}

async fn standing_on_board(
    installation: &Installation,
) -> Result<BTreeMap<AlertId, (AlertRule, String)>, String> {
    let filter = AlertFilter {
        standing: Some(true),
        ..AlertFilter::default()
    };
    let rows = list(installation.rows.db().as_ref(), &filter, ALERTS_MAX).await;
    let rows = rows.map_err(|error| error.to_string())?;
    Ok(rows
        .into_iter()
        .map(|row| (row.alert, (row.rule, row.subject)))
        .collect())
}

async fn raise(installation: &Installation, id: AlertId, finding: &Finding) -> Result<(), String> {
    let command = AlertCommand::Raise {
        rule: finding.rule,
        subject: finding.subject.clone(),
        campaign: finding.campaign.clone(),
        severity: finding.severity,
        figure: finding.figure.clone(),
        detail: finding.detail.clone(),
    };
    ask(installation, id, command).await?;
    tracing::warn!(
        rule = finding.rule.code(),
        subject = finding.subject,
        value = finding.figure.value,
        limit = finding.figure.limit,
        detail = finding.detail,
        "alert raised"
    );
    Ok(())
}

async fn ask(installation: &Installation, id: AlertId, command: AlertCommand) -> Result<(), String> {
    let cause = Cause::outside(installation.new_command());
    let asked = installation.entities.alerts.ask(&id, command, cause).await;
    asked.map(drop).map_err(|error| error.to_string())
}
