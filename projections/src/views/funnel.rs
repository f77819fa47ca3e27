//! The view of each campaign's funnel (漏斗): how many customers were enrolled, permitted, dialed, rang,
//! answered, heard the notice, engaged, converted. A customer counts once, in the furthest stage of any of
//! their calls and in all stages before it.
//!
//! Only the original events count: a correction of an outcome moves no customer back, and is visible in other
//! views.

use crate::database::{ReadDb, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::call::event::CallEvent;
use domain::customer::event::CustomerEvent;
use domain::disposition::Outcome;
use domain::ids::CampaignId;
use domain::transfer_reason::TransferReason;
use serde::Serialize;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "funnel";

/// The view of campaign funnels.
pub struct Funnel;

/// The stages of the funnel, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FunnelStage {
    Enrolled,
    Permitted,
    Dialed,
    Rang,
    Answered,
    /// The notice was played to its end.
    Told,
    /// The callee pressed a key or asked for an agent.
    Engaged,
    Converted,
}

impl FunnelStage {
    pub const ALL: [Self; 8] = [
        Self::Enrolled,
        Self::Permitted,
        Self::Dialed,
        Self::Rang,
        Self::Answered,
        Self::Told,
        Self::Engaged,
        Self::Converted,
    ];

    pub const fn label_zh(self) -> &'static str {
        match self {
            Self::Enrolled => "名单客户",
            Self::Permitted => "获准拨打",
            Self::Dialed => "已拨打",
            Self::Rang => "已振铃",
            Self::Answered => "已接通",
            Self::Told => "已听完告知",
            Self::Engaged => "有互动",
            Self::Converted => "已转化",
        }
    }

    pub const fn label_en(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Permitted => "permitted",
            Self::Dialed => "dialed",
            Self::Rang => "rang",
            Self::Answered => "answered",
            Self::Told => "heard the notice",
            Self::Engaged => "engaged",
            Self::Converted => "converted",
        }
    }

    const fn rank(self) -> i64 {
        self as i64
    }
}

static TABLES: [Table; 2] = [
    Table {
        name: "funnel",
        ddl: &[
            "create table funnel (campaign text not null, stage bigint not null, customers bigint not null,
            pos bigint not null, primary key (campaign, stage))",
        ],
        key_columns: 2,
    },
    Table {
        name: "funnel_customer",
        ddl: &[
            "create table funnel_customer (campaign text not null, customer text not null,
            stage bigint not null, pos bigint not null, primary key (campaign, customer))",
        ],
        key_columns: 2,
    },
];
static STAGES: &Table = &TABLES[0];
static CUSTOMERS: &Table = &TABLES[1];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[
        CustomerEvent::ENROLLED,
        CallEvent::PERMITTED,
        CallEvent::DIALING,
        CallEvent::RINGING,
        CallEvent::ANSWERED,
        CallEvent::NOTICE_PLAYED,
        CallEvent::KEYPRESSED,
        CallEvent::TRANSFER_REQUESTED,
        CallEvent::ENDED,
    ]),
};

impl View for Funnel {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        if let (Some(campaign), Some(customer)) = (&event.envelope.campaign, &event.envelope.customer) {
            keys.push((CUSTOMERS, vec![Val::text(campaign), Val::text(customer)]));
        }
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let (Some(campaign), Some(customer)) = (&event.envelope.campaign, &event.envelope.customer) else {
            return Ok(());
        };
        let Some(stage) = stage_of(event.event()?) else {
            return Ok(());
        };
        let key = [Val::text(campaign), Val::text(customer)];
        let reached = match tx.row(CUSTOMERS, &key)?.as_deref() {
            Some([_, _, Val::Int(reached), _]) => *reached,
            Some(_) | None => -1,
        };
        if stage.rank() <= reached {
            return Ok(());
        }
        let pos = Val::position(event.position);
        let mut row = key.to_vec();
        row.extend([Val::Int(stage.rank()), pos.clone()]);
        tx.put(CUSTOMERS, row)?;
        // A customer who reached a further stage has passed every stage before it.
        for passed in reached.saturating_add(1)..=stage.rank() {
            count(tx, campaign, passed, &pos)?;
        }
        Ok(())
    }
}

fn stage_of(event: &AnyEvent) -> Option<FunnelStage> {
    match event {
        AnyEvent::Customer(CustomerEvent::Enrolled { .. }) => Some(FunnelStage::Enrolled),
        AnyEvent::Call(call) => match call {
            CallEvent::Permitted { .. } => Some(FunnelStage::Permitted),
            CallEvent::Dialing { .. } => Some(FunnelStage::Dialed),
            CallEvent::Ringing { .. } => Some(FunnelStage::Rang),
            CallEvent::Answered { .. } => Some(FunnelStage::Answered),
            CallEvent::NoticePlayed { .. } => Some(FunnelStage::Told),
            CallEvent::Keypressed { .. } => Some(FunnelStage::Engaged),
            CallEvent::TransferRequested { reason, .. } if TransferReason::is_request(*reason) => {
                Some(FunnelStage::Engaged)
            }
            CallEvent::Ended { outcome, .. } if *outcome == Some(Outcome::Success) => {
                Some(FunnelStage::Converted)
            }
            _ => None,
        },
        _ => None,
    }
}

fn count(tx: &mut dyn Tx, campaign: &CampaignId, stage: i64, pos: &Val) -> Result<(), ProjectionError> {
    let key = [Val::text(campaign), Val::Int(stage)];
    let counted = match tx.row(STAGES, &key)?.as_deref() {
        Some([_, _, Val::Int(count), _]) => *count,
        Some(_) | None => 0,
    };
    let mut row = key.to_vec();
    row.extend([Val::Int(counted.saturating_add(1)), pos.clone()]);
    tx.put(STAGES, row)
}

/// One stage of a campaign's funnel with its figures.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct StageRow {
    pub stage: FunnelStage,
    pub label_zh: &'static str,
    pub label_en: &'static str,
    /// Number of customers who reached this stage or a later one.
    pub customers: u64,
    /// The share of the previous stage's customers; `null` if there were none or there is no previous stage.
    pub of_previous_ratio: Option<f64>,
}

/// Returns all stages of a campaign, in order, with zero customers if the campaign does not exist.
pub async fn stages(db: &dyn ReadDb, campaign: &CampaignId) -> Result<Vec<StageRow>, ProjectionError> {
    let rows = db
        .query(
            "select stage, customers from funnel where campaign = $1 order by stage",
            vec![Val::text(campaign)],
        )
        .await?;
    let read = |mut row: Row| Ok((row.int()?, row.count()?));
    let counted: Vec<(i64, u64)> = rows
        .into_iter()
        .map(read)
        .collect::<Result<_, ProjectionError>>()?;
    let customers = |stage: FunnelStage| {
        let found = counted.iter().find(|(rank, _)| *rank == stage.rank());
        found.map_or(0, |(_, customers)| *customers)
    };
    let mut previous: Option<u64> = None;
    let mut shown = Vec::with_capacity(FunnelStage::ALL.len());
    for stage in FunnelStage::ALL {
        let here = customers(stage);
        shown.push(StageRow {
            stage,
            label_zh: stage.label_zh(),
            label_en: stage.label_en(),
            customers: here,
            of_previous_ratio: previous.and_then(|before| share(here, before)),
        });
        previous = Some(here);
    }
    Ok(shown)
}

/// Returns `part` ÷ `whole`; `None` if `whole` is 0 or a number is 2^32 or more.
fn share(part: u64, whole: u64) -> Option<f64> {
    let (part, whole) = (u32::try_from(part).ok()?, u32::try_from(whole).ok()?);
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHistory, call, campaign};
    use domain::call::event::Notice;
    use domain::disposition::Disposition;

    async fn customers(story: &TestHistory) -> Vec<u64> {
        let (db, _runner) = story.shown_by(Funnel).await;
        let rows = stages(db.as_ref(), &campaign("T")).await.unwrap();
        rows.iter().map(|row| row.customers).collect()
    }

    #[tokio::test]
    async fn a_customer_counts_once_in_every_stage_up_to_the_furthest() {
        let mut story = TestHistory::new();
        story.enrolled("T", 1).enrolled("T", 2).enrolled("T", 3);
        for attempt in 1..=2 {
            let id = call("T", 1, attempt);
            story.permitted("T", 1, attempt).dialing(id, 1, "first");
            story.ended(id, Disposition::Busy, None, 0);
        }
        assert_eq!(
            customers(&story).await,
            [3, 1, 1, 0, 0, 0, 0, 0],
            "two calls, one customer"
        );
        let id = call("T", 2, 1);
        story.permitted("T", 2, 1).dialing(id, 1, "first").answered(id, 1);
        let notice = Notice::Recording;
        story.call(
            id,
            CallEvent::NoticePlayed {
                leg: 1,
                notice,
                recorded_ms: None,
            },
        );
        assert_eq!(
            customers(&story).await,
            [3, 2, 2, 1, 1, 1, 0, 0],
            "who answered has rung, heard or not"
        );
        story.ended(id, Disposition::Answered, Some(Outcome::Success), 9_000);
        assert_eq!(customers(&story).await, [3, 2, 2, 1, 1, 1, 1, 1]);
    }

    #[tokio::test]
    async fn a_share_is_of_the_stage_before_and_of_nothing_it_is_none() {
        let mut story = TestHistory::new();
        story.enrolled("T", 1).enrolled("T", 2).permitted("T", 1, 1);
        let (db, _runner) = story.shown_by(Funnel).await;
        let rows = stages(db.as_ref(), &campaign("T")).await.unwrap();
        assert_eq!(
            (rows[0].of_previous_ratio, rows[1].of_previous_ratio),
            (None, Some(0.5))
        );
        assert_eq!(
            (rows[2].of_previous_ratio, rows[3].of_previous_ratio),
            (Some(0.0), None)
        );
        let other = stages(db.as_ref(), &campaign("U")).await.unwrap();
        assert!(other.iter().all(|row| row.customers == 0));
    }
}
