//! How each campaign stands: its status, its list, its calls by hour, line and flow version, its figures.
//!
//! A call counts in the hour in which its first leg was dialed and on that leg's trunk, for ever: a ratio
//! never compares the answers of one hour with the dials of another. A correction moves a call from one
//! disposition or outcome to another in that same hour, and is counted as a move, so that what was recorded
//! first can still be told.

mod correcting;
mod figures;

pub use figures::{BoardRow, Count, Hour, LISTED_MAX, Report, Share, get, hourly, list, report};

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::value::Val;
use crate::view::{AnyEvent, Handles, View, ViewEvent, code_of};
use domain::call::event::CallEvent;
use domain::campaign::CampaignStatus;
use domain::campaign::event::CampaignEvent;
use domain::customer::event::CustomerEvent;
use domain::disposition::Outcome;
use domain::ids::{CallId, CampaignId};
use domain::time::Timestamp;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "campaign_board";

/// Microseconds in an hour. Beijing is a whole number of hours from UTC, so hours begin at the same instants.
const HOUR_MICROS: i64 = 3_600_000_000;

/// See the file's description.
pub struct CampaignBoard;

const TABLES: &[Table] = &[
    Table {
        name: "campaign_board",
        ddl: &[
            "create table campaign_board (campaign text primary key, status text not null,
            preset text not null, purpose text not null, flow text not null, flow_version bigint not null,
            customer_segment text, created_at bigint, started_at bigint, lists_open bigint not null,
            lists_closed bigint not null, listed bigint not null, enrolled bigint not null,
            settled bigint not null, open bigint not null, pause_reason text, stop_reason text,
            alerts bigint not null, last_alert text, last_alert_detail text, last_alert_at bigint,
            pos bigint not null)",
        ],
        key_columns: 1,
    },
    // what: disposition, outcome (of calls), settled (dispositions of enrolments), corrected (moves of calls)
    Table {
        name: "campaign_board_count",
        ddl: &[
            "create table campaign_board_count (campaign text not null, what text not null,
            code text not null, count bigint not null, pos bigint not null,
            primary key (campaign, what, code))",
        ],
        key_columns: 3,
    },
    Table {
        name: "campaign_board_hour",
        ddl: &[
            "create table campaign_board_hour (campaign text not null, hour_at bigint not null,
            trunk text not null, flow_version bigint not null, dialed bigint not null,
            answered bigint not null, ended bigint not null, talked bigint not null, talk_ms bigint not null,
            conversions bigint not null, pos bigint not null,
            primary key (campaign, hour_at, trunk, flow_version))",
        ],
        key_columns: 4,
    },
    // Where each call counts: a correction may come years later.
    Table {
        name: "campaign_board_call",
        ddl: &[
            "create table campaign_board_call (call text primary key, campaign text not null,
            flow_version bigint not null, hour_at bigint, trunk text, answered bigint not null,
            pos bigint not null)",
        ],
        key_columns: 1,
    },
];

const KINDS: &[&str] = &[
    "campaign.created",
    "campaign.started",
    "campaign.paused",
    "campaign.resumed",
    "campaign.stopped",
    "campaign.list_opened",
    "campaign.list_closed",
    "campaign.alert_raised",
    "campaign.completed",
    "campaign.reopened",
    "customer.enrolled",
    "customer.dial_granted",
    "customer.dial_released",
    "customer.call_closed",
    "customer.enrolment_settled",
    "call.permitted",
    "call.dialing",
    "call.answered",
    "call.ended",
    "call.corrected",
];

impl View for CampaignBoard {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        TABLES
    }

    fn handles(&self) -> Handles {
        Handles::Kinds(KINDS)
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
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
}

/// The tables, at one event.
struct Board<'a> {
    tx: &'a mut dyn Tx,
    pos: Val,
    at: Timestamp,
}

impl Board<'_> {
    fn exec(&mut self, sql: &str, values: &[Val]) -> Result<(), ProjectionError> {
        self.tx.exec(sql, values).map(|_| ())
    }

    /// Sets columns of a campaign's row; `$1` is the campaign, `$2` the position. The row is made when
    /// another stream's event came first.
    fn set(&mut self, campaign: &CampaignId, set: &str, values: Vec<Val>) -> Result<(), ProjectionError> {
        let mut all = vec![Val::text(campaign), self.pos.clone()];
        self.exec(
            "insert into campaign_board (campaign, status, preset, purpose, flow, flow_version, lists_open,
             lists_closed, listed, enrolled, settled, open, alerts, pos)
             values ($1, 'draft', '', '', '', 0, 0, 0, 0, 0, 0, 0, 0, $2) on conflict (campaign) do nothing",
            &all,
        )?;
        all.extend(values);
        self.exec(
            &format!("update campaign_board set {set}, pos = $2 where campaign = $1"),
            &all,
        )
    }

    fn enter(&mut self, campaign: &CampaignId, status: CampaignStatus) -> Result<(), ProjectionError> {
        let set = "status = $3, pause_reason = null";
        self.set(campaign, set, vec![Val::text(status.code())])
    }

    fn campaign(&mut self, campaign: &CampaignId, fact: &CampaignEvent) -> Result<(), ProjectionError> {
        match fact {
            CampaignEvent::Created {
                customer_segment,
                flow,
                plan,
                ..
            } => self.set(
                campaign,
                "preset = $3, purpose = $4, flow = $5, flow_version = $6, customer_segment = $7,
                 created_at = $8",
                vec![
                    Val::Text(code_of(&plan.preset)),
                    Val::text(&plan.purpose),
                    Val::text(&flow.flow),
                    Val::count(flow.version),
                    Val::maybe_text(customer_segment.as_ref()),
                    Val::at(self.at),
                ],
            ),
            CampaignEvent::Started {} => {
                let set = "started_at = coalesce(started_at, $3)";
                self.set(campaign, set, vec![Val::at(self.at)])?;
                self.enter(campaign, CampaignStatus::Running)
            }
            CampaignEvent::Resumed {} | CampaignEvent::Reopened { .. } => {
                self.enter(campaign, CampaignStatus::Running)
            }
            CampaignEvent::Paused { reason } => {
                self.enter(campaign, CampaignStatus::Paused)?;
                self.set(campaign, "pause_reason = $3", vec![Val::Text(code_of(reason))])
            }
            CampaignEvent::Stopped { reason } => {
                self.enter(campaign, CampaignStatus::Stopped)?;
                self.set(campaign, "stop_reason = $3", vec![Val::text(reason)])
            }
            CampaignEvent::Completed { .. } => self.enter(campaign, CampaignStatus::Completed),
            CampaignEvent::ListOpened { .. } => self.set(campaign, "lists_open = lists_open + 1", Vec::new()),
            CampaignEvent::ListClosed { count, .. } => self.list_closed(campaign, *count),
            CampaignEvent::AlertRaised { alert, detail } => self.set(
                campaign,
                "alerts = alerts + 1, last_alert = $3, last_alert_detail = $4, last_alert_at = $5",
                vec![Val::text(alert), Val::text(detail), Val::at(self.at)],
            ),
            CampaignEvent::DialsGranted { .. } | CampaignEvent::TargetsSet { .. } => Ok(()),
        }
    }

    /// The first closed list makes a draft ready.
    fn list_closed(&mut self, campaign: &CampaignId, count: u64) -> Result<(), ProjectionError> {
        self.set(
            campaign,
            "lists_open = lists_open - 1, lists_closed = lists_closed + 1, listed = listed + $3,
             status = case when status = 'draft' then 'ready' else status end",
            vec![Val::count(count)],
        )
    }

    fn customer(&mut self, fact: &CustomerEvent) -> Result<(), ProjectionError> {
        let none = Vec::new();
        match fact {
            CustomerEvent::Enrolled { campaign, .. } => self.set(campaign, "enrolled = enrolled + 1", none),
            CustomerEvent::DialGranted { grant, .. } => self.set(&grant.campaign, "open = open + 1", none),
            CustomerEvent::DialReleased { campaign, .. } | CustomerEvent::CallClosed { campaign, .. } => {
                self.set(campaign, "open = open - 1", none)
            }
            CustomerEvent::EnrolmentSettled {
                campaign,
                disposition,
                ..
            } => {
                self.set(campaign, "settled = settled + 1", none)?;
                self.count(campaign, "settled", disposition.code())
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, campaign: &CampaignId, what: &str, code: &str) -> Result<(), ProjectionError> {
        let values = [
            Val::text(campaign),
            Val::text(what),
            Val::text(code),
            self.pos.clone(),
        ];
        self.exec(
            "insert into campaign_board_count (campaign, what, code, count, pos) values ($1, $2, $3, 1, $4)
             on conflict (campaign, what, code)
             do update set count = campaign_board_count.count + 1, pos = excluded.pos",
            &values,
        )
    }

    fn call(&mut self, call: CallId, fact: &CallEvent) -> Result<(), ProjectionError> {
        match fact {
            CallEvent::Permitted {
                customer_grant, flow, ..
            } => self.exec(
                "insert into campaign_board_call (call, campaign, flow_version, answered, pos)
                 values ($1, $2, $3, 0, $4) on conflict (call) do nothing",
                &[
                    Val::text(call),
                    Val::text(&customer_grant.campaign),
                    Val::count(flow.version),
                    self.pos.clone(),
                ],
            ),
            CallEvent::Dialing { trunk, .. } => self.dialing(call, trunk),
            CallEvent::Answered { .. } => self.answered(call),
            CallEvent::Ended {
                disposition,
                outcome,
                talk_ms,
                ..
            } => self.ended(call, disposition.code(), (*outcome, *talk_ms)),
            CallEvent::Corrected { before, after, .. } => self.corrected(call, *before, *after),
            _ => Ok(()),
        }
    }

    fn dialing(&mut self, call: CallId, trunk: &str) -> Result<(), ProjectionError> {
        let micros = self.at.micros();
        let hour_at = micros - micros.rem_euclid(HOUR_MICROS);
        let first = self.tx.exec(
            "update campaign_board_call set hour_at = $2, trunk = $3, pos = $4
             where call = $1 and hour_at is null",
            &[
                Val::text(call),
                Val::Int(hour_at),
                Val::text(trunk),
                self.pos.clone(),
            ],
        )?;
        if first == 0 {
            return Ok(());
        }
        self.exec(
            "insert into campaign_board_hour (campaign, hour_at, trunk, flow_version, dialed, answered, ended,
             talked, talk_ms, conversions, pos)
             select campaign, hour_at, trunk, flow_version, 1, 0, 0, 0, 0, 0, pos
             from campaign_board_call where call = $1
             on conflict (campaign, hour_at, trunk, flow_version)
             do update set dialed = campaign_board_hour.dialed + 1, pos = excluded.pos",
            &[Val::text(call)],
        )
    }

    /// Adds to the hour a call counts in; `$1` is the call, `$2` the position. Nothing for one never dialed.
    fn add(&mut self, call: CallId, set: &str, values: Vec<Val>) -> Result<(), ProjectionError> {
        let mut all = vec![Val::text(call), self.pos.clone()];
        all.extend(values);
        self.exec(
            &format!(
                "update campaign_board_hour set {set}, pos = $2
                 where (campaign, hour_at, trunk, flow_version) in (
                 select campaign, hour_at, trunk, flow_version from campaign_board_call
                 where call = $1 and hour_at is not null)"
            ),
            &all,
        )
    }

    fn answered(&mut self, call: CallId) -> Result<(), ProjectionError> {
        self.add(call, "answered = answered + 1", Vec::new())?;
        self.exec(
            "update campaign_board_call set answered = 1, pos = $2 where call = $1",
            &[Val::text(call), self.pos.clone()],
        )
    }

    fn ended(
        &mut self,
        call: CallId,
        disposition: &str,
        (outcome, talk_ms): (Option<Outcome>, u64),
    ) -> Result<(), ProjectionError> {
        let rows = self.tx.query(
            "select campaign, answered from campaign_board_call where call = $1",
            &[Val::text(call)],
        )?;
        let Some(mut row) = rows.into_iter().next() else {
            return Ok(());
        };
        let campaign: CampaignId = row.parse()?;
        let talked = row.int()?;
        self.add(
            call,
            "ended = ended + 1, talked = talked + $3, talk_ms = talk_ms + $4, conversions = conversions + $5",
            vec![
                Val::Int(talked),
                Val::count(talk_ms),
                Val::Int(i64::from(outcome == Some(Outcome::Success))),
            ],
        )?;
        self.count(&campaign, "disposition", disposition)?;
        if let Some(outcome) = outcome {
            self.count(&campaign, "outcome", outcome.code())?;
        }
        Ok(())
    }
}
