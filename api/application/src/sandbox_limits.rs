//! What the sandbox refuses: more than its limits, formats of webhooks that reach persons, and its own preset
//! outside of it (decision 0232).

use crate::installation::Installation;
use domain::calling_plan::Preset;
use domain::campaign::CampaignStatus;
use domain::problem::Problem;
use domain::webhook::WebhookFormat;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The most campaigns of the sandbox that are neither completed nor stopped: enough for the tests of an
/// integrator, too few for work.
pub const SANDBOX_CAMPAIGNS_MAX: usize = 10;

/// The most persons who are enrolled in these campaigns, as many as in a campaign's test stage.
pub const SANDBOX_PEOPLE_MAX: u64 = 200;

/// Longest wait for the views of the sandbox before it is counted, in milliseconds.
const COUNT_WAIT_MS: u64 = 5_000;

fn full(detail: String) -> Problem {
    Problem::refused("sandbox-full", detail)
}

/// Returns the number of campaigns that are not over, and of persons enrolled in them. Waits until the views
/// have everything that is stored.
async fn counted(installation: &Installation) -> Result<(usize, u64), Problem> {
    let head = installation.store().head().await?;
    installation.rows_at(head, COUNT_WAIT_MS).await?;
    let boards = installation.boards().await?;
    let open = boards.iter().filter(|row| match row.status {
        CampaignStatus::Completed | CampaignStatus::Stopped => false,
        CampaignStatus::Draft | CampaignStatus::Ready | CampaignStatus::Running | CampaignStatus::Paused => {
            true
        }
    });
    Ok(open.fold((0, 0), |(campaigns, people), row| {
        (campaigns + 1, people + row.enrolled)
    }))
}

/// Checks a new or changed campaign: the sandbox's preset is for the sandbox, and the sandbox has a limit of
/// campaigns.
pub(crate) async fn admit_campaign(
    installation: &Installation,
    presets: impl IntoIterator<Item = Preset>,
) -> Result<(), Problem> {
    admit_presets(installation, presets)?;
    if !installation.store().realm().is_sandbox() {
        return Ok(());
    }
    match counted(installation).await? {
        (campaigns, _) if campaigns >= SANDBOX_CAMPAIGNS_MAX => Err(full(format!(
            "the sandbox has {SANDBOX_CAMPAIGNS_MAX} campaigns that are not over: stop one first"
        ))),
        _ => Ok(()),
    }
}

/// Refuses the preset of the sandbox for a real campaign.
fn admit_presets(
    installation: &Installation,
    presets: impl IntoIterator<Item = Preset>,
) -> Result<(), Problem> {
    let is_open = presets.into_iter().any(|preset| preset == Preset::SandboxOpen);
    match is_open && !installation.store().realm().is_sandbox() {
        true => Err(Problem::refused(
            "sandbox-preset",
            "the preset sandbox-open is for campaigns of a sandbox key only",
        )),
        false => Ok(()),
    }
}

/// The places for persons that the sandbox has left for one list; without a limit outside of it.
#[derive(Default)]
pub(crate) struct SandboxPlaces(OnceLock<AtomicU64>);

impl SandboxPlaces {
    /// Counts the places when the list is opened. Fails if there is none.
    pub(crate) async fn count(&self, installation: &Installation) -> Result<(), Problem> {
        if !installation.store().realm().is_sandbox() {
            return Ok(());
        }
        let (_, people) = counted(installation).await?;
        match SANDBOX_PEOPLE_MAX.saturating_sub(people) {
            0 => Err(no_place()),
            left => {
                self.0.get_or_init(|| AtomicU64::new(left));
                Ok(())
            }
        }
    }

    /// Takes the place of one person. Fails if none is left.
    pub(crate) fn take(&self) -> Result<(), Problem> {
        let Some(places) = self.0.get() else {
            return Ok(());
        };
        match places.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Ok(()),
            Err(_) => Err(no_place()),
        }
    }
}

/// Returns the problem of a person for whom the sandbox has no place.
fn no_place() -> Problem {
    full(format!(
        "the sandbox has {SANDBOX_PEOPLE_MAX} people in campaigns that are not over: stop a campaign first"
    ))
}

/// Refuses formats of webhooks by which the sandbox would reach persons: group robots, mails and short
/// messages.
pub(crate) fn admit_format(installation: &Installation, format: WebhookFormat) -> Result<(), Problem> {
    let reaches_persons = match format {
        WebhookFormat::Standard | WebhookFormat::CallEnded | WebhookFormat::Crm => false,
        WebhookFormat::Wecom
        | WebhookFormat::Dingtalk
        | WebhookFormat::Feishu
        | WebhookFormat::Mail
        | WebhookFormat::Sms => true,
    };
    match reaches_persons && installation.store().realm().is_sandbox() {
        true => Err(Problem::refused(
            "sandbox-format",
            "the sandbox sends no messages to persons: use the format standard, call_ended or crm",
        )),
        false => Ok(()),
    }
}
