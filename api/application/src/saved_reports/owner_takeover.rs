//! Taking over a saved report: if its owner lost the right, another user who may see its campaigns and name
//! its channels becomes the owner.

use super::management::{ReportChanged, may_name, may_read, refuse_guests, refuse_others, shown, user_of};
use super::report_delivery::lacks_right;
use super::report_figures::campaigns_in;
use crate::access::Caller;
use crate::installation::Installation;
use crate::owners::refuse_take_over;
use domain::permission::DataScope;
use domain::problem::Problem;
use domain::saved_report::{ReportPlan, SavedReportCommand, SavedReportId};
use domain::stored_event::Cause;

/// Makes the caller the owner of a saved report. From its next time on, the report is sent with the figures
/// that the caller may see. Fails if the caller may not see everything in its plan.
pub async fn take_over_saved(
    installation: &Installation,
    name: SavedReportId,
    by: (&Caller, &DataScope),
    reason: String,
    cause: Cause,
) -> Result<ReportChanged, Problem> {
    let (caller, scope) = by;
    refuse_guests(caller)?;
    let missing = || Problem::missing("this saved report");
    let loaded = installation.entities.saved_reports.state(&name).await?;
    let saved = loaded.state.saved().ok_or_else(missing)?;
    // An owner who has the right again keeps the report, even if the last sending failed.
    let is_lost = lacks_right(installation, &loaded.state, saved).await?;
    let is_covered = scope.is_all() || !campaigns_in(&saved.plan, scope).is_empty();
    if !(may_read(&loaded.state, caller, scope) || is_lost && is_covered) {
        return Err(missing());
    }
    if !is_lost {
        refuse_others(&loaded.state, caller)?;
    }
    refuse_beyond(installation, &saved.plan, caller, scope).await?;
    let command = SavedReportCommand::TakeOver {
        owner: user_of(caller),
        reason,
    };
    let saved_reports = &installation.entities.saved_reports;
    let answer = saved_reports.ask(&name, command, cause).await?;
    installation
        .halted
        .note_report(name.clone(), answer.state.is_owner_lost());
    let shown = shown(installation, &name, &answer.state, answer.version, caller, scope).await;
    let shown = shown.ok_or_else(missing)?;
    Ok(ReportChanged { shown, answer })
}

/// Fails if the caller may not see and name everything in the plan, as when it is saved.
async fn refuse_beyond(
    installation: &Installation,
    plan: &ReportPlan,
    caller: &Caller,
    scope: &DataScope,
) -> Result<(), Problem> {
    if !plan
        .campaigns
        .iter()
        .all(|campaign| scope.admits_campaign(campaign))
    {
        return Err(refuse_take_over("every campaign of the report"));
    }
    for id in &plan.channels {
        if !may_name(installation, *id, caller).await? {
            return Err(refuse_take_over("every channel of the report"));
        }
    }
    Ok(())
}
