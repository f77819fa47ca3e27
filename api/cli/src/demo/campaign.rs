//! The demo's campaign: made, filled and started through the very functions that the routes call.

use crate::kit::failure::Failure;
use application::campaigns::{create_campaign, start_campaign};
use application::installation::Installation;
use application::lists::load::Load;
use domain::approvals_asked::Approvals;
use domain::calling_plan::{Basis, CallingPlan, CallingWindow, Preset, RetryPolicy};
use domain::campaign::CampaignStatus;
use domain::ids::{CampaignId, CommandId};
use domain::sensitive_words::SensitiveWordList;
use domain::stored_event::Cause;
use domain::time::TimeOfDay;
use http::importing::import;
use intake::campaign_body::{CampaignBody, FlowBody};
use intake::encoding::EncodingChoice;
use intake::mapping::Mapping;
use intake::spool::Spool;
use std::path::Path;
use std::sync::Arc;

/// The demo's campaign.
pub(super) const CAMPAIGN: &str = "DEMO";

/// What is said where any text can be spoken: the words of the requirements (CMP-2).
const SCRIPT: &str = "您好,{{customer_name}},您的贷款已逾期{{days}}天,请尽快还款至账号{{account}}。";

/// 50 at once (DEP-4's start of every campaign).
const MAX_CONCURRENT: u32 = 50;

/// A demo is short: so is its ringing.
const RING_TIMEOUT_MS: u64 = 6_000;

const WINDOW_HOURS: (u16, u16) = (9, 18);

pub(super) fn id() -> CampaignId {
    CAMPAIGN.parse().expect("the demo's campaign id is one")
}

/// Creates, fills and starts; each step is answered as before when it was done already.
pub(super) async fn prepare(installation: &Arc<Installation>, file: &Path) -> Result<(), Failure> {
    let created = create_campaign(installation, body(installation), cause("demo:create")).await?;
    let before = created.state.status();
    fill(installation, file).await?;
    let ended = matches!(before, Some(CampaignStatus::Completed | CampaignStatus::Stopped));
    if !ended {
        start_campaign(installation, &id(), cause("demo:start")).await?;
    }
    Ok(())
}

fn cause(text: &str) -> Cause {
    Cause::outside(CommandId::derive_from_text(text))
}

fn body(installation: &Installation) -> CampaignBody {
    let script = if installation.synthesizer.speaks_any_text() {
        SCRIPT
    } else {
        speech::clips::DEMO_TEXT
    };
    let hour = |hour: u16| TimeOfDay::from_minutes(hour * 60).expect("an hour of the day is a time of day");
    CampaignBody {
        campaign: id(),
        customer_segment: Some("demo".to_owned()),
        flow: FlowBody::ScriptTemplate(script.to_owned()),
        model: None,
        plan: CallingPlan {
            preset: Preset::CnService,
            basis: Basis::Contract,
            purpose: "service".to_owned(),
            window: CallingWindow {
                start: hour(WINDOW_HOURS.0),
                end: hour(WINDOW_HOURS.1),
                rests: Vec::new(),
            },
            max_concurrent: MAX_CONCURRENT,
            retry_policy: RetryPolicy::rehearsal(),
            ring_timeout_ms: Some(RING_TIMEOUT_MS),
            ends_at: None,
            trial: false,
            duplicates: None,
            approvals: Approvals::NONE,
            sensitive_words: SensitiveWordList::default(),
            model: None,
        },
    }
}

async fn fill(installation: &Arc<Installation>, file: &Path) -> Result<(), Failure> {
    let mut spool = Spool::new(&installation.directory).map_err(domain::problem::Problem::from)?;
    spool
        .write(&std::fs::read(file)?)
        .map_err(domain::problem::Problem::from)?;
    let spooled = spool.finish(EncodingChoice::Auto);
    let plan = Load {
        rules: installation.list_rules(&id(), &spooled.content_sha256).await?,
        source: "demo customers".to_owned(),
        format: spooled.format(),
        dry_run: false,
        course: Arc::default(),
    };
    let rows = spooled.into_rows(Mapping::default());
    let report = import(installation, plan, rows, None).await?;
    if report.bad_count > 0 {
        return Err(Failure::fault(format!(
            "{} rows of the demo are bad",
            report.bad_count
        )));
    }
    Ok(())
}
