//! The demo's campaigns: created, filled and started through the functions that the routes use.

use crate::demo::speakers::SENSITIVE;
use crate::kit::failure::Failure;
use application::campaigns::{create_campaign, start_campaign};
use application::installation::Installation;
use application::lists::load::{ListImport, SharedRowsFilter};
use application::rehearsing::find_shipped_flow;
use domain::calling_plan::{CallingPlan, CallingWindow, RetryPolicy};
use domain::campaign::CampaignStatus;
use domain::flow::FlowDefinition;
use domain::ids::{CampaignId, CommandId};
use domain::sensitive_words::SensitiveWordList;
use domain::stored_event::Cause;
use domain::time::TimeOfDay;
use http::list_import::import;
use intake::campaign_body::{CampaignBody, FlowBody};
use intake::encoding::EncodingChoice;
use intake::mapping::Mapping;
use intake::spool::Spool;
use std::path::Path;
use std::sync::Arc;

/// A campaign of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DemoCampaign {
    /// Customers who listen and press keys.
    Keys,
    /// Customers who speak.
    Spoken,
}

/// Flow for the customers who speak.
const SPOKEN_FLOW: &str = "card_instalment_spoken";

/// Script used if any text can be synthesized: the words of the requirements (CMP-2).
const SCRIPT: &str = "您好,{{customer_name}},您的贷款已逾期{{days}}天,请尽快还款至账号{{account}}。";

/// Concurrent calls: 50, as every campaign has at its start (DEP-4).
const MAX_CONCURRENT: u32 = 50;

/// Ring timeout in milliseconds, short because the demo is short.
const RING_TIMEOUT_MS: u64 = 6_000;

const WINDOW_HOURS: (u16, u16) = (9, 18);

impl DemoCampaign {
    const fn name(self) -> &'static str {
        match self {
            Self::Keys => "DEMO",
            Self::Spoken => "DEMO-SPOKEN",
        }
    }

    pub(super) fn id(self) -> CampaignId {
        self.name().parse().expect("a campaign id of the demo is one")
    }

    /// Creates, fills and starts the campaign. A step that was already done returns its earlier result.
    pub(super) async fn prepare(self, installation: &Arc<Installation>, file: &Path) -> Result<(), Failure> {
        let body = self.body(installation)?;
        let created = create_campaign(installation, body, self.cause("create")).await?;
        let before = created.state.status();
        self.fill(installation, file).await?;
        let ended = matches!(before, Some(CampaignStatus::Completed | CampaignStatus::Stopped));
        if !ended {
            start_campaign(installation, &self.id(), self.cause("start")).await?;
        }
        Ok(())
    }

    fn cause(self, what: &str) -> Cause {
        Cause::outside(CommandId::derive_from_text(&match self {
            Self::Keys => format!("demo:{what}"),
            Self::Spoken => format!("demo-spoken:{what}"),
        }))
    }

    fn flow(self, installation: &Installation) -> Result<FlowBody, Failure> {
        let fault = |why: String| Failure::fault(why);
        Ok(match self {
            Self::Keys if installation.synthesizer.speaks_any_text() => {
                FlowBody::ScriptTemplate(SCRIPT.to_owned())
            }
            Self::Keys => FlowBody::ScriptTemplate(speech::clips::DEMO_TEXT.to_owned()),
            Self::Spoken => {
                let text = find_shipped_flow(SPOKEN_FLOW).unwrap_or_default();
                let flow = FlowDefinition::from_yaml(text).map_err(|error| fault(error.to_string()))?;
                FlowBody::Definition(flow.to_value())
            }
        })
    }

    fn body(self, installation: &Installation) -> Result<CampaignBody, Failure> {
        let hour =
            |hour: u16| TimeOfDay::from_minutes(hour * 60).expect("an hour of the day is a time of day");
        let words = match self {
            Self::Keys => SensitiveWordList::default(),
            Self::Spoken => SensitiveWordList::try_from(vec![SENSITIVE.to_owned()])
                .map_err(|error| Failure::fault(error.to_string()))?,
        };
        Ok(CampaignBody {
            campaign: self.id(),
            customer_segment: Some("demo".to_owned()),
            flow: self.flow(installation)?,
            model: None,
            model_tiers: Vec::new(),
            knowledge: None,
            plan: CallingPlan {
                max_concurrent: MAX_CONCURRENT,
                retry_policy: RetryPolicy::rehearsal(),
                ring_timeout_ms: Some(RING_TIMEOUT_MS),
                sensitive_words: words,
                ..CallingPlan::within(CallingWindow {
                    start: hour(WINDOW_HOURS.0),
                    end: hour(WINDOW_HOURS.1),
                    rests: Vec::new(),
                })
            },
        })
    }

    async fn fill(self, installation: &Arc<Installation>, file: &Path) -> Result<(), Failure> {
        let mut spool = Spool::new(&installation.directory).map_err(domain::problem::Problem::from)?;
        spool
            .write(&std::fs::read(file)?)
            .map_err(domain::problem::Problem::from)?;
        let spooled = spool.finish(EncodingChoice::Auto);
        let plan = ListImport {
            rules: installation
                .list_rules(&self.id(), &spooled.content_sha256)
                .await?,
            source: "demo customers".to_owned(),
            format: spooled.format(),
            dry_run: false,
            shared: SharedRowsFilter::All,
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
}
