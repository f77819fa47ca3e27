//! The view of campaigns: status, lists, calls by hour, line and flow version, and figures.
//!
//! A call counts in the hour in which its first leg was dialed, and on the trunk of its latest leg, so that a
//! ratio never compares the answers of one hour with the dials of another. A correction moves a call from one
//! disposition or outcome to another in the same hour. The move itself is counted, so that the findings first
//! recorded can still be computed.

/// The columns of a campaign's row after its key, in the board and in its snapshots.
macro_rules! board_columns {
    () => {
        "status text not null,
        preset text not null, purpose text not null, flow text not null, flow_version bigint not null,
        customer_segment text, created_at bigint, started_at bigint, lists_open bigint not null,
        lists_closed bigint not null, listed bigint not null, enrolled bigint not null,
        settled bigint not null, open bigint not null, pause_reason text, stop_reason text,
        alerts bigint not null, last_alert text, last_alert_detail text, last_alert_at bigint,
        pos bigint not null"
    };
}

/// The columns of an hour's row after its key, in the board and in its snapshots.
macro_rules! hour_columns {
    () => {
        "dialed bigint not null,
        answered bigint not null, ended bigint not null, talked bigint not null, talk_ms bigint not null,
        conversions bigint not null, person_answered bigint not null, pos bigint not null"
    };
}

mod calls;
mod ending_counts;
mod figures;
mod finding_counts;
mod in_memory;
mod period_cells;
mod snapshots;

pub use ending_counts::{Endings, endings};
pub use figures::{
    BoardRow, CallFigures, CampaignReport, HourFigures, LISTED_MAX, ResultCount, get, list, list_hours,
    report,
};
pub use period_cells::{CELLS_MAX, Cell, cells};
pub use snapshots::{CampaignSnapshot, read_last_snapshot};

use crate::borrowed_event::InMemoryView;
use crate::cells::{Cells, blank, change_or_begin, columns};
use crate::database::{RowAction, Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent, code_of};
use domain::call::CallSums;
use domain::call::event::CallEvent;
use domain::campaign::CampaignStatus;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::ids::CampaignId;
use domain::time::Timestamp;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "campaign_board";

/// The view of campaigns.
pub struct CampaignBoard;

const BOARD: Table = Table {
    name: "campaign_board",
    ddl: &[concat!(
        "create table campaign_board (campaign text primary key, ",
        board_columns!(),
        ")"
    )],
    key_columns: 1,
};

// what: disposition, outcome (of calls), settled (dispositions of enrolments), corrected (moves of calls)
const COUNTS: Table = Table {
    name: "campaign_board_count",
    ddl: &[
        "create table campaign_board_count (campaign text not null, what text not null,
        code text not null, count bigint not null, pos bigint not null,
        primary key (campaign, what, code))",
    ],
    key_columns: 3,
};

const HOURS: Table = Table {
    name: "campaign_board_hour",
    ddl: &[concat!(
        "create table campaign_board_hour (campaign text not null, hour_at bigint not null,
        trunk text not null, flow_version bigint not null, ",
        hour_columns!(),
        ", primary key (campaign, hour_at, trunk, flow_version))"
    )],
    key_columns: 4,
};

// Where each call counts; kept, because a correction may come years later.
const CALLS: Table = Table {
    name: "campaign_board_call",
    ddl: &[
        "create table campaign_board_call (call text primary key, campaign text not null,
        flow_version bigint not null, hour_at bigint, trunk text, answered bigint not null,
        pos bigint not null)",
    ],
    key_columns: 1,
};

const TABLES: &[Table] = &[
    BOARD,
    COUNTS,
    HOURS,
    CALLS,
    snapshots::LAST,
    snapshots::BOARD_COPY,
    snapshots::COUNTS_COPY,
    snapshots::HOURS_COPY,
];

columns! {
    enum Column {
        Campaign, Status, Preset, Purpose, Flow, FlowVersion, CustomerSegment, CreatedAt, StartedAt,
        ListsOpen, ListsClosed, Listed, Enrolled, Settled, Open, PauseReason, StopReason, Alerts, LastAlert,
        LastAlertDetail, LastAlertAt, Pos,
    }
}

columns! {
    enum CountColumn { Campaign, What, Code, Count, Pos }
}

columns! {
    enum HourColumn {
        Campaign, HourAt, Trunk, FlowVersion, Dialed, Answered, Ended, Talked, TalkMs, Conversions,
        PersonAnswered, Pos,
    }
}

/// The summed columns of an hour's row, in the order of `CallSums::values`.
const SUMS: [HourColumn; 7] = [
    HourColumn::Dialed,
    HourColumn::Answered,
    HourColumn::Ended,
    HourColumn::Talked,
    HourColumn::TalkMs,
    HourColumn::Conversions,
    HourColumn::PersonAnswered,
];

/// What a dialed call adds to its hour.
const DIALED: CallSums = CallSums::from_values([1, 0, 0, 0, 0, 0, 0]);

columns! {
    enum CallColumn { Call, Campaign, FlowVersion, HourAt, Trunk, Answered, Pos }
}

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 5,
    tables: TABLES,
    handles: HandledKinds::Kinds(&[
        CampaignEvent::CREATED,
        CampaignEvent::STARTED,
        CampaignEvent::PAUSED,
        CampaignEvent::RESUMED,
        CampaignEvent::STOPPED,
        CampaignEvent::LIST_OPENED,
        CampaignEvent::LIST_CLOSED,
        CampaignEvent::ALERT_RAISED,
        CampaignEvent::COMPLETED,
        CampaignEvent::REOPENED,
        CustomerEvent::ENROLLED,
        CustomerEvent::DIAL_GRANTED,
        CustomerEvent::DIAL_RELEASED,
        CustomerEvent::CALL_CLOSED,
        CustomerEvent::ENROLMENT_SETTLED,
        CallEvent::PERMITTED,
        CallEvent::DIALING,
        CallEvent::ANSWERED,
        CallEvent::ENDED,
        CallEvent::CORRECTED,
    ]),
};

impl View for CampaignBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        snapshots::copy_when_due(tx, event)?;
        tell(tx, event)
    }

    fn in_memory(&self) -> Option<Box<dyn InMemoryView>> {
        Some(Box::<in_memory::Sums>::default())
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        let stream = &event.envelope.stream;
        if stream.aggregate() == "call" {
            keys.push((&CALLS, vec![Val::text(stream.id())]));
        } else if let Some(campaign) = &event.envelope.campaign {
            keys.push((&BOARD, vec![Val::text(campaign)]));
        }
    }
}

/// Applies an event to the board, without the snapshot that may be due before it.
fn tell(tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
    let mut board = Board {
        tx,
        pos: Val::position(event.position),
        at: event.at(),
    };
    match event.event()? {
        AnyEvent::Campaign(fact) => board.campaign(&event.stream_id()?, fact),
        AnyEvent::Customer(fact) => board.customer(fact),
        AnyEvent::Call(fact) => board.call(event.call()?, fact),
        AnyEvent::Number(_) | AnyEvent::Flow(_) => Ok(()),
    }
}

/// The board's tables while one event is applied.
struct Board<'a> {
    tx: &'a mut dyn Tx,
    pos: Val,
    at: Timestamp,
}

impl Board<'_> {
    /// Applies `change` to a campaign's row. Creates the row if an event of another stream comes before the
    /// campaign's first one.
    fn set(&mut self, campaign: &CampaignId, change: &dyn Fn(&mut Cells<'_>)) -> Result<(), ProjectionError> {
        let key = [Val::text(campaign)];
        let begin = || draft(Val::text(campaign));
        change_or_begin(self.tx, &BOARD, &key, &begin, &|cells| {
            change(cells);
            cells.set(Column::Pos, self.pos.clone());
        })
    }

    fn enter(&mut self, campaign: &CampaignId, status: CampaignStatus) -> Result<(), ProjectionError> {
        self.set(campaign, &|row| {
            row.set(Column::Status, Val::text(status.code()));
            row.set(Column::PauseReason, Val::Null);
        })
    }

    fn campaign(&mut self, campaign: &CampaignId, fact: &CampaignEvent) -> Result<(), ProjectionError> {
        let at = Val::at(self.at);
        match fact {
            CampaignEvent::Created {
                customer_segment,
                flow,
                plan,
                ..
            } => self.set(campaign, &|row| {
                row.set(Column::Preset, Val::Text(code_of(&plan.preset)));
                row.set(Column::Purpose, Val::text(&plan.purpose));
                row.set(Column::Flow, Val::text(&flow.flow));
                row.set(Column::FlowVersion, Val::count(flow.version));
                row.set(
                    Column::CustomerSegment,
                    Val::maybe_text(customer_segment.as_ref()),
                );
                row.set(Column::CreatedAt, at.clone());
            }),
            CampaignEvent::Started {} => {
                self.set(campaign, &|row| row.set_first(Column::StartedAt, at.clone()))?;
                self.enter(campaign, CampaignStatus::Running)
            }
            CampaignEvent::Resumed {} | CampaignEvent::Reopened { .. } => {
                self.enter(campaign, CampaignStatus::Running)
            }
            CampaignEvent::Paused { reason } => {
                self.enter(campaign, CampaignStatus::Paused)?;
                let reason = code_of(reason);
                self.set(campaign, &|row| row.set(Column::PauseReason, Val::text(&reason)))
            }
            CampaignEvent::Stopped { reason } => {
                self.enter(campaign, CampaignStatus::Stopped)?;
                self.set(campaign, &|row| row.set(Column::StopReason, Val::text(reason)))
            }
            CampaignEvent::Completed { .. } => self.enter(campaign, CampaignStatus::Completed),
            CampaignEvent::ListOpened { .. } => self.add(campaign, Column::ListsOpen, 1),
            CampaignEvent::ListClosed { count, before, .. } => match before {
                Some(before) => self.add(campaign, Column::Listed, whole(count.saturating_sub(*before))),
                None => self.list_closed(campaign, *count),
            },
            CampaignEvent::AlertRaised { alert, detail } => self.set(campaign, &|row| {
                row.add(Column::Alerts, 1);
                row.set(Column::LastAlert, Val::text(alert));
                row.set(Column::LastAlertDetail, Val::text(detail));
                row.set(Column::LastAlertAt, at.clone());
            }),
            _ => Ok(()),
        }
    }

    fn add(&mut self, campaign: &CampaignId, column: Column, more: i64) -> Result<(), ProjectionError> {
        self.set(campaign, &|row| row.add(column, more))
    }

    /// Counts a closed list. The first one makes a draft campaign ready.
    fn list_closed(&mut self, campaign: &CampaignId, count: u64) -> Result<(), ProjectionError> {
        self.set(campaign, &|row| {
            row.add(Column::ListsOpen, -1);
            row.add(Column::ListsClosed, 1);
            row.add(Column::Listed, whole(count));
            if row.text(Column::Status) == "draft" {
                row.set(Column::Status, Val::text("ready"));
            }
        })
    }

    fn customer(&mut self, fact: &CustomerEvent) -> Result<(), ProjectionError> {
        match fact {
            CustomerEvent::Enrolled { campaign, .. } => self.add(campaign, Column::Enrolled, 1),
            CustomerEvent::DialGranted { grant, .. } => self.add(&grant.campaign, Column::Open, 1),
            CustomerEvent::DialReleased { campaign, .. } | CustomerEvent::CallClosed { campaign, .. } => {
                self.add(campaign, Column::Open, -1)
            }
            CustomerEvent::EnrolmentSettled {
                campaign,
                disposition,
                ..
            } => {
                self.add(campaign, Column::Settled, 1)?;
                self.count(&Val::text(campaign), "settled", disposition.code(), 1)
            }
            _ => Ok(()),
        }
    }

    /// Changes a count by 1 or -1, and removes its row if it reaches zero.
    fn count(&mut self, campaign: &Val, what: &str, code: &str, more: i64) -> Result<(), ProjectionError> {
        let key = [campaign.clone(), Val::text(what), Val::text(code)];
        let known = self.tx.edit(&COUNTS, &key, &mut |row| {
            let mut cells = Cells(row);
            cells.add(CountColumn::Count, more);
            cells.set(CountColumn::Pos, self.pos.clone());
            Ok(match cells.int(CountColumn::Count) {
                1.. => RowAction::Write,
                _ => RowAction::Remove,
            })
        })?;
        if known.is_some() || more < 0 {
            return Ok(());
        }
        let row = [&key[..], &[Val::Int(more), self.pos.clone()]].concat();
        self.tx.append_row(&COUNTS, row)
    }
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Returns the row of a campaign without any events.
fn draft(campaign: Val) -> Vec<Val> {
    let mut row = blank::<Column>();
    let mut cells = Cells(&mut row);
    cells.set(Column::Campaign, campaign);
    cells.set(Column::Status, Val::text("draft"));
    for column in [Column::Preset, Column::Purpose, Column::Flow] {
        cells.set(column, Val::text(""));
    }
    let counts = [
        Column::FlowVersion,
        Column::ListsOpen,
        Column::ListsClosed,
        Column::Listed,
        Column::Enrolled,
        Column::Settled,
        Column::Open,
        Column::Alerts,
    ];
    for column in counts {
        cells.set(column, Val::Int(0));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::{BOARD, CALLS, COUNTS, CallColumn, CampaignBoard, Column, CountColumn, HOURS, HourColumn};
    use crate::cells::names;
    use crate::testing::{TestHistory, columns_of};

    #[tokio::test]
    async fn columns_stand_as_named() {
        let (db, _runner) = TestHistory::new().shown_by(CampaignBoard).await;
        assert_eq!(columns_of(db.as_ref(), &BOARD).await, names::<Column>());
        assert_eq!(columns_of(db.as_ref(), &COUNTS).await, names::<CountColumn>());
        assert_eq!(columns_of(db.as_ref(), &HOURS).await, names::<HourColumn>());
        assert_eq!(columns_of(db.as_ref(), &CALLS).await, names::<CallColumn>());
    }
}
