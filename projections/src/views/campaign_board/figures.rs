//! Queries of the campaign board: campaigns, shares by line and flow version, hours, and the three figures of
//! REP-1.
//!
//! 接通率 answer ratio = calls answered ÷ calls dialed; 平均通话时长 mean talk time = talk time of answered calls that
//! ended ÷ their number; 转化率 conversion ratio = calls with outcome `success` ÷ calls answered. All are per
//! call. Both ratios also exist for people only, with calls that a person answered and that have ended in
//! place of calls answered.

use crate::database::{ReadDb, Tx, read_as};
use crate::error::ProjectionError;
use crate::ratio::ratio;
use crate::value::{Row, Val};
use domain::calendar::BEIJING_MICROS;
use domain::campaign::CampaignStatus;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use serde::Serialize;

/// Most campaigns in one response of `list`.
pub const LISTED_MAX: usize = 1_000;

/// Most hours in one response, the latest ones: 60 days around the clock.
const HOURS_MAX: usize = 1_440;

/// Most lines, flow versions, dispositions or outcomes in one response.
const SHARES_MAX: usize = 200;

/// Counts of calls, and the figures computed from them.
#[derive(Debug, Clone, PartialEq, Serialize, Default, schemars::JsonSchema)]
pub struct CallFigures {
    pub dialed: u64,
    pub answered: u64,
    /// Calls that were dialed and have ended.
    pub ended: u64,
    /// Calls that were answered and have ended.
    pub talked: u64,
    pub talk_ms: u64,
    /// Calls with outcome `success`.
    pub conversions: u64,
    /// Calls that a person answered and that have ended.
    pub person_answered: u64,
    /// Answer ratio, 0 to 1, as the metric of that name defines it; `null` if no call was dialed.
    pub answer_ratio: Option<f64>,
    pub talk_ms_mean: Option<f64>,
    pub conversion_ratio: Option<f64>,
    pub answer_ratio_people: Option<f64>,
    pub conversion_ratio_people: Option<f64>,
}

impl CallFigures {
    fn read(row: &mut Row) -> Result<Self, ProjectionError> {
        let mut share = Self {
            dialed: row.count()?,
            answered: row.count()?,
            ended: row.count()?,
            talked: row.count()?,
            talk_ms: row.count()?,
            conversions: row.count()?,
            person_answered: row.count()?,
            ..Self::default()
        };
        share.work_out();
        Ok(share)
    }

    /// Sets the ratios and means from the counts.
    pub fn work_out(&mut self) {
        self.answer_ratio = ratio(self.answered, self.dialed);
        self.talk_ms_mean = ratio(self.talk_ms, self.talked);
        self.conversion_ratio = ratio(self.conversions, self.answered);
        self.answer_ratio_people = ratio(self.person_answered, self.dialed);
        self.conversion_ratio_people = ratio(self.conversions, self.person_answered);
    }
}

/// One campaign on the board.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoardRow {
    pub campaign: CampaignId,
    pub status: CampaignStatus,
    pub preset: String,
    pub purpose: String,
    pub flow: String,
    pub flow_version: u64,
    pub customer_segment: Option<String>,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub lists_open: u64,
    pub lists_closed: u64,
    /// Enrolments of closed lists, by the lists' own counts.
    pub listed: u64,
    pub enrolled: u64,
    /// Enrolments that are not settled and have no open grant or call.
    pub waiting: u64,
    /// Enrolments with an open grant or a call that is not closed.
    pub open: u64,
    pub settled: u64,
    pub pause_reason: Option<String>,
    pub stop_reason: Option<String>,
    pub alerts: u64,
    pub last_alert: Option<String>,
    pub last_alert_detail: Option<String>,
    pub last_alert_at: Option<Timestamp>,
    pub calls: CallFigures,
}

/// The number of calls or enrolments with one result. `code` is a `Disposition` or an `Outcome`; for
/// corrections, the move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct ResultCount {
    pub code: String,
    pub count: u64,
}

/// The calls of one hour, by the time of their first dial.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct HourFigures {
    /// When the hour began.
    pub hour_at: Timestamp,
    /// The date in Beijing, `2026-03-02`.
    pub date: String,
    /// The hour in Beijing, `08:00`, as the category of a chart.
    pub label: String,
    pub calls: CallFigures,
}

/// A campaign's figures, in total and by dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CampaignReport {
    pub campaign: BoardRow,
    /// All calls that ended, by disposition; `withdrawn` calls, which were never dialed, are included.
    pub dispositions: Vec<ResultCount>,
    pub outcomes: Vec<ResultCount>,
    /// Calls corrected after their end, by move (`answered/success>machine`). The two lists above count the
    /// corrected findings; reversing the moves gives the findings first recorded.
    pub corrections: Vec<ResultCount>,
    /// Settled enrolments by final disposition.
    pub settled: Vec<ResultCount>,
    pub by_trunk: Vec<(String, CallFigures)>,
    pub by_flow_version: Vec<(String, CallFigures)>,
    pub hours: Vec<HourFigures>,
}

const SUMS: &str = "coalesce(cast(sum(dialed) as bigint), 0), coalesce(cast(sum(answered) as bigint), 0),
    coalesce(cast(sum(ended) as bigint), 0), coalesce(cast(sum(talked) as bigint), 0),
    coalesce(cast(sum(talk_ms) as bigint), 0), coalesce(cast(sum(conversions) as bigint), 0),
    coalesce(cast(sum(person_answered) as bigint), 0)";

fn board(tx: &mut dyn Tx, tail: &str, values: &[Val]) -> Result<Vec<BoardRow>, ProjectionError> {
    let sql = format!(
        "select b.campaign, status, preset, purpose, flow, b.flow_version, customer_segment, created_at,
         started_at, lists_open, lists_closed, listed, enrolled, open, settled, pause_reason, stop_reason,
         alerts, last_alert, last_alert_detail, last_alert_at, {SUMS}
         from campaign_board b left join campaign_board_hour h on h.campaign = b.campaign {tail}"
    );
    let rows = tx.query(&sql, values)?;
    rows.into_iter().map(read_board).collect()
}

const GROUPED: &str = "group by b.campaign, status, preset, purpose, flow, b.flow_version, customer_segment,
    created_at, started_at, lists_open, lists_closed, listed, enrolled, open, settled, pause_reason,
    stop_reason, alerts, last_alert, last_alert_detail, last_alert_at";

fn read_board(mut row: Row) -> Result<BoardRow, ProjectionError> {
    let campaign = row.parse()?;
    let status = row.text()?;
    let mut board = BoardRow {
        campaign,
        status: status_of(&status)?,
        preset: row.text()?,
        purpose: row.text()?,
        flow: row.text()?,
        flow_version: row.count()?,
        customer_segment: row.maybe_text()?,
        created_at: row.maybe_at()?,
        started_at: row.maybe_at()?,
        lists_open: signed(&mut row)?,
        lists_closed: row.count()?,
        listed: row.count()?,
        enrolled: row.count()?,
        waiting: 0,
        open: signed(&mut row)?,
        settled: row.count()?,
        pause_reason: row.maybe_text()?,
        stop_reason: row.maybe_text()?,
        alerts: row.count()?,
        last_alert: row.maybe_text()?,
        last_alert_detail: row.maybe_text()?,
        last_alert_at: row.maybe_at()?,
        calls: CallFigures::read(&mut row)?,
    };
    let taken = board.open.saturating_add(board.settled);
    board.waiting = board.enrolled.saturating_sub(taken);
    Ok(board)
}

/// Reads a count that is the difference of two streams' events. It may be below 0 for a moment; that reads
/// as 0.
fn signed(row: &mut Row) -> Result<u64, ProjectionError> {
    Ok(u64::try_from(row.int()?).unwrap_or(0))
}

fn status_of(code: &str) -> Result<CampaignStatus, ProjectionError> {
    let mut all = CampaignStatus::ALL.iter();
    all.find(|status| status.code() == code)
        .copied()
        .ok_or_else(|| ProjectionError::Fault(format!("there is no campaign status {code}")))
}

/// Returns the campaigns after `after` in the order of their ids; at most `limit`, and at most
/// `LISTED_MAX`.
pub async fn list(
    db: &dyn ReadDb,
    after: Option<&CampaignId>,
    limit: usize,
) -> Result<Vec<BoardRow>, ProjectionError> {
    let after = after.map_or_else(String::new, ToString::to_string);
    let values = [Val::Text(after), Val::count(limit.min(LISTED_MAX))];
    read_as(db, move |tx| {
        let tail = format!("where b.campaign > $1 {GROUPED} order by b.campaign limit $2");
        board(tx, &tail, &values)
    })
    .await
}

/// Returns one campaign; `None` if there is none with this id.
pub async fn get(db: &dyn ReadDb, campaign: &CampaignId) -> Result<Option<BoardRow>, ProjectionError> {
    let values = [Val::text(campaign)];
    read_as(db, move |tx| one(tx, &values)).await
}

fn one(tx: &mut dyn Tx, values: &[Val]) -> Result<Option<BoardRow>, ProjectionError> {
    let mut rows = board(tx, &format!("where b.campaign = $1 {GROUPED}"), values)?;
    Ok(rows.pop())
}

/// Returns a campaign's figures from one snapshot of the database; `None` if there is no such campaign.
pub async fn report(
    db: &dyn ReadDb,
    campaign: &CampaignId,
) -> Result<Option<CampaignReport>, ProjectionError> {
    let values = [Val::text(campaign)];
    read_as(db, move |tx| {
        let Some(campaign) = one(tx, &values)? else {
            return Ok(None);
        };
        Ok(Some(CampaignReport {
            campaign,
            dispositions: counts(tx, &values, "disposition")?,
            outcomes: counts(tx, &values, "outcome")?,
            corrections: counts(tx, &values, "corrected")?,
            settled: counts(tx, &values, "settled")?,
            by_trunk: shares(tx, &values, "trunk")?,
            by_flow_version: shares(tx, &values, "cast(flow_version as text)")?,
            hours: hours(tx, &values)?,
        }))
    })
    .await
}

/// Returns a campaign's calls by hour, in order, for a chart.
pub async fn list_hours(db: &dyn ReadDb, campaign: &CampaignId) -> Result<Vec<HourFigures>, ProjectionError> {
    let values = [Val::text(campaign)];
    read_as(db, move |tx| hours(tx, &values)).await
}

fn counts(tx: &mut dyn Tx, campaign: &[Val; 1], what: &str) -> Result<Vec<ResultCount>, ProjectionError> {
    let [campaign] = campaign;
    let rows = tx.query(
        "select code, count from campaign_board_count where campaign = $1 and what = $2
         order by count desc, code limit $3",
        &[campaign.clone(), Val::text(what), Val::count(SHARES_MAX)],
    )?;
    let read = |mut row: Row| {
        Ok(ResultCount {
            code: row.text()?,
            count: row.count()?,
        })
    };
    rows.into_iter().map(read).collect()
}

fn shares(
    tx: &mut dyn Tx,
    campaign: &[Val; 1],
    by: &str,
) -> Result<Vec<(String, CallFigures)>, ProjectionError> {
    let [campaign] = campaign;
    let sql = format!(
        "select {by}, {SUMS} from campaign_board_hour where campaign = $1
         group by {by} order by {by} limit $2"
    );
    let rows = tx.query(&sql, &[campaign.clone(), Val::count(SHARES_MAX)])?;
    let read = |mut row: Row| Ok((row.text()?, CallFigures::read(&mut row)?));
    rows.into_iter().map(read).collect()
}

fn hours(tx: &mut dyn Tx, campaign: &[Val; 1]) -> Result<Vec<HourFigures>, ProjectionError> {
    let [campaign] = campaign;
    // Returns the latest hours if there are more than a response holds.
    let sql = format!(
        "select hour_at, {SUMS} from campaign_board_hour where campaign = $1
         group by hour_at order by hour_at desc limit $2"
    );
    let rows = tx.query(&sql, &[campaign.clone(), Val::count(HOURS_MAX)])?;
    rows.into_iter().rev().map(read_hour).collect()
}

fn read_hour(mut row: Row) -> Result<HourFigures, ProjectionError> {
    let hour_at = row.at()?;
    let local = Timestamp::from_micros(hour_at.micros().saturating_add(BEIJING_MICROS)).to_utc();
    Ok(HourFigures {
        hour_at,
        date: local.format("%Y-%m-%d").to_string(),
        label: local.format("%H:%M").to_string(),
        calls: CallFigures::read(&mut row)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::CampaignBoard;
    use super::*;
    use crate::metrics::{Scope, catalog};
    use crate::testing::{TestHistory, call, campaign, ten};
    use crate::views::metric_board::{MetricBoard, total_figures};
    use domain::campaign::event::{CampaignEvent, PauseReason};
    use domain::campaign::{Campaign, CampaignState};
    use domain::customer::event::CustomerEvent;
    use domain::decider::Decider;
    use domain::disposition::{Disposition, Outcome};
    use domain::ids::ListId;

    async fn shown(story: &TestHistory) -> CampaignReport {
        let (db, _runner) = story.shown_by(CampaignBoard).await;
        report(db.as_ref(), &campaign("T")).await.unwrap().unwrap()
    }

    fn count(code: &str, count: u64) -> ResultCount {
        let code = code.to_owned();
        ResultCount { code, count }
    }

    #[tokio::test]
    async fn figures_follow_from_whole_calls() {
        let mut story = TestHistory::new();
        story.created("T").campaign("T", CampaignEvent::Started {});
        for of in 1..=5 {
            story.whole_call("T", of);
        }
        story
            .enrolled("T", 6)
            .enrolled("T", 7)
            .granted("T", 7, 1)
            .dialing(call("T", 7, 1), 1, "first");
        let report = shown(&story).await;
        let row = &report.campaign;
        assert_eq!(
            (row.status, row.enrolled, row.waiting, row.open, row.settled),
            (CampaignStatus::Running, 7, 1, 1, 5)
        );
        assert_eq!((row.calls.dialed, row.calls.answered, row.calls.ended), (6, 2, 5));
        assert_eq!(
            (row.calls.answer_ratio, row.calls.talk_ms_mean),
            (Some(2.0 / 6.0), Some(4_000.0))
        );
        assert_eq!(
            (row.calls.conversions, row.calls.conversion_ratio),
            (2, Some(1.0))
        );
        assert_eq!(report.dispositions, [count("busy", 3), count("answered", 2)]);
        assert_eq!(report.outcomes, [count("success", 2)]);
        assert_eq!(report.settled, [count("busy", 3), count("answered", 2)]);
        assert_eq!(
            (row.preset.as_str(), row.flow.as_str(), row.flow_version),
            ("cn-service", "greeting", 1)
        );
    }

    #[tokio::test]
    async fn a_call_counts_once_in_the_hour_of_its_first_dial_and_on_the_trunk_of_its_last_leg() {
        let mut story = TestHistory::new();
        let id = call("T", 2, 1);
        story.created("T");
        story.at = ten().plus_ms(3_599_000 - 3_000);
        story
            .granted("T", 2, 1)
            .dialing(id, 1, "first")
            .dialing(id, 2, "second");
        story
            .answered(id, 2)
            .ended(id, Disposition::Answered, Some(Outcome::Declined), 500);
        let other = call("T", 3, 1);
        story
            .granted("T", 3, 1)
            .dialing(other, 1, "second")
            .ended(other, Disposition::Busy, None, 0);
        let report = shown(&story).await;
        let hours: Vec<_> = report
            .hours
            .iter()
            .map(|hour| (hour.label.as_str(), hour.calls.dialed, hour.calls.answered))
            .collect();
        assert_eq!(hours, [("10:00", 1, 1), ("11:00", 1, 0)]);
        assert_eq!(report.hours[0].date, "2026-03-02");
        let trunks: Vec<_> = report
            .by_trunk
            .iter()
            .map(|(trunk, share)| (trunk.as_str(), share.dialed))
            .collect();
        assert_eq!(trunks, [("first", 0), ("second", 2)]);
        assert_eq!(report.by_flow_version[0].0, "1");
        assert_eq!(report.campaign.calls.conversions, 0);
    }

    #[tokio::test]
    async fn a_correction_moves_a_call_from_one_figure_to_the_other_and_says_so() {
        let mut story = TestHistory::new();
        story.created("T").whole_call("T", 2).whole_call("T", 4);
        let id = call("T", 2, 1);
        let (success, machine) = (
            (Disposition::Answered, Some(Outcome::Success)),
            (Disposition::Machine, None),
        );
        story.corrected(id, success, machine);
        let report = shown(&story).await;
        assert_eq!(report.dispositions, [count("answered", 1), count("machine", 1)]);
        assert_eq!(report.outcomes, [count("success", 1)]);
        assert_eq!(report.corrections, [count("answered/success>machine", 1)]);
        let calls = &report.campaign.calls;
        assert_eq!(
            (calls.answered, calls.person_answered, calls.conversions),
            (2, 1, 1),
            "the line was answered all the same"
        );
        assert_eq!(
            (
                calls.answer_ratio,
                calls.answer_ratio_people,
                calls.conversion_ratio_people
            ),
            (Some(1.0), Some(0.5), Some(1.0))
        );
        assert_eq!(report.settled, [count("answered", 2)], "what was decided stays");
        story.corrected(id, machine, success);
        let report = shown(&story).await;
        assert_eq!(report.dispositions, [count("answered", 2)], "no row of nothing");
        let calls = &report.campaign.calls;
        assert_eq!((calls.conversions, calls.person_answered), (2, 2));
    }

    #[tokio::test]
    async fn people_are_counted_as_the_metric_counts_them_however_calls_end_and_are_corrected() {
        let mut story = TestHistory::new();
        story.created("T");
        let mut all = Vec::new();
        let each = Disposition::ALL
            .iter()
            .flat_map(|disposition| [(*disposition, true), (*disposition, false)]);
        for (of, (disposition, is_answered)) in (0_u32..).zip(each) {
            let id = call("T", of, 1);
            story.granted("T", of, 1).dialing(id, 1, "first");
            if is_answered {
                story.answered(id, 1);
            }
            story.ended(id, disposition, None, 0);
            all.push((id, disposition));
        }
        let ended = same_as_the_metric(&story).await;
        for after in [Disposition::Screened, Disposition::Interrupted] {
            for (id, before) in &mut all {
                story.corrected(*id, (*before, None), (after, None));
                *before = after;
            }
            let corrected = same_as_the_metric(&story).await;
            assert_ne!(corrected, ended, "people are counted apart: {after:?}");
        }
    }

    /// Asserts that the board and the metric count the same calls answered by a person, and returns their
    /// number.
    async fn same_as_the_metric(story: &TestHistory) -> u64 {
        let (db, _runner) = story.shown_by(MetricBoard).await;
        let catalog = catalog().unwrap();
        let metric = catalog.metric("answer_ratio_per_call", Some(2)).unwrap();
        let scope = Scope {
            campaign: Some(campaign("T")),
            ..Scope::default()
        };
        let (found, _) = total_figures(db.as_ref(), catalog, &[metric], &scope)
            .await
            .unwrap();
        let figure = found[0].as_ref().unwrap();
        let calls = shown(story).await.campaign.calls;
        let own = (calls.person_answered.cast_signed(), calls.answer_ratio_people);
        assert_eq!(own, (figure.numerator, figure.value));
        calls.person_answered
    }

    #[tokio::test]
    async fn a_withdrawn_call_is_a_disposition_and_no_dialed_call() {
        let mut story = TestHistory::new();
        story.created("T").enrolled("T", 1).granted("T", 1, 1);
        story.ended(call("T", 1, 1), Disposition::Withdrawn, None, 0);
        let released = CustomerEvent::DialReleased {
            campaign: campaign("T"),
            call: call("T", 1, 1),
            reason: "drain".to_owned(),
            not_before: None,
        };
        story.customer(1, released);
        let report = shown(&story).await;
        assert_eq!(report.dispositions, [count("withdrawn", 1)]);
        assert_eq!(
            (report.campaign.calls.dialed, report.campaign.calls.ended),
            (0, 0)
        );
        assert_eq!((report.campaign.waiting, report.campaign.open), (1, 0));
        // Without dialed calls there is no ratio: 0 would say that no call was answered.
        assert_eq!(report.campaign.calls.answer_ratio, None);
    }

    #[tokio::test]
    async fn status_lists_alerts_and_reasons_follow_the_campaign() {
        let mut story = TestHistory::new();
        let list_id = ListId::derive(&campaign("T"), "00");
        let source = "file".to_owned();
        story.created("T").campaign(
            "T",
            CampaignEvent::ListOpened {
                list: list_id,
                source,
                four_eyes: None,
                request_key: None,
            },
        );
        assert_eq!(shown(&story).await.campaign.lists_open, 1);
        story.campaign(
            "T",
            CampaignEvent::ListClosed {
                list: list_id,
                count: 200,
                before: None,
            },
        );
        let row = shown(&story).await.campaign;
        assert_eq!(
            (row.status, row.lists_open, row.lists_closed, row.listed),
            (CampaignStatus::Ready, 0, 1, 200)
        );
        // The list was undone while another process imported it; it is closed again with the customers added
        // meanwhile.
        story.campaign(
            "T",
            CampaignEvent::ListClosed {
                list: list_id,
                count: 230,
                before: Some(200),
            },
        );
        let row = shown(&story).await.campaign;
        assert_eq!((row.lists_open, row.lists_closed, row.listed), (0, 1, 230));
        let reason = PauseReason::TrunkUnreachable;
        story
            .campaign("T", CampaignEvent::Started {})
            .campaign("T", CampaignEvent::Paused { reason });
        let (alert, detail) = ("trunk_unreachable".to_owned(), "first".to_owned());
        story.campaign("T", CampaignEvent::AlertRaised { alert, detail });
        let row = shown(&story).await.campaign;
        assert_eq!(
            (row.status, row.pause_reason.as_deref()),
            (CampaignStatus::Paused, Some("trunk_unreachable"))
        );
        assert_eq!(
            (row.alerts, row.last_alert.as_deref()),
            (1, Some("trunk_unreachable"))
        );
        story.campaign("T", CampaignEvent::Resumed {});
        assert_eq!(shown(&story).await.campaign.pause_reason, None);
        let reason = "enough".to_owned();
        story.campaign("T", CampaignEvent::Stopped { reason });
        assert_eq!(
            shown(&story).await.campaign.stop_reason.as_deref(),
            Some("enough")
        );
    }

    #[tokio::test]
    async fn the_status_shown_is_the_one_that_the_campaign_has() {
        let mut story = TestHistory::new();
        story.created("T");
        let mut state = CampaignState::default();
        let facts = [
            CampaignEvent::Started {},
            CampaignEvent::Paused {
                reason: PauseReason::TrunkUnreachable,
            },
            CampaignEvent::Resumed {},
            CampaignEvent::Completed { settled: 0 },
            CampaignEvent::Reopened {
                list: ListId::derive(&campaign("T"), "01"),
            },
            CampaignEvent::Stopped {
                reason: "enough".to_owned(),
            },
        ];
        for fact in facts {
            Campaign::evolve(&mut state, &fact, story.at);
            story.campaign("T", fact.clone());
            let shown = shown(&story).await.campaign.status;
            assert_eq!(Some(shown), state.status(), "after {fact:?}");
        }
    }

    #[tokio::test]
    async fn campaigns_are_listed_by_id_in_pages() {
        let mut story = TestHistory::new();
        story.created("C").created("A").created("B");
        let (db, _runner) = story.shown_by(CampaignBoard).await;
        let names = |rows: Vec<BoardRow>| {
            rows.iter()
                .map(|row| row.campaign.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(list(db.as_ref(), None, 2).await.unwrap()), ["A", "B"]);
        assert_eq!(
            names(list(db.as_ref(), Some(&campaign("B")), 2).await.unwrap()),
            ["C"]
        );
        assert!(get(db.as_ref(), &campaign("D")).await.unwrap().is_none());
    }
}
