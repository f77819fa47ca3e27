//! The view of alerts: whether each is active, since when, who acknowledged it, and how often it was raised.

use crate::alert_words::translate_detail;
use crate::database::{ReadDb, Select, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent, code_of};
use domain::alert::{AlertEvent, AlertFigure, AlertRule};
use domain::ids::{AlertId, CampaignId};
use domain::time::Timestamp;
use serde::Serialize;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "alert_board";

/// Most alerts in one response.
pub const ALERTS_MAX: usize = 1_000;

/// The view of alerts.
pub struct AlertBoard;

const TABLES: &[Table] = &[Table {
    name: "alert_board",
    ddl: &[
        "create table alert_board (alert text primary key, rule text not null, subject text not null,
        campaign text, severity text not null, figure text not null, detail text not null,
        standing bigint not null, raised_at bigint not null, raised_count bigint not null, cleared_at bigint,
        acknowledged_at bigint, acknowledged_by text, note text, escalated_at bigint, muted_until bigint,
        pos bigint not null)",
        "create index alert_board_recent on alert_board (standing, raised_at)",
    ],
    key_columns: 1,
}];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: TABLES,
    handles: HandledKinds::Kinds(&[
        AlertEvent::RAISED,
        AlertEvent::CLEARED,
        AlertEvent::ACKNOWLEDGED,
        AlertEvent::ESCALATED,
        AlertEvent::MUTED,
    ]),
};

impl View for AlertBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let id = event.stream_id::<AlertId>()?;
        let fact: AlertEvent = event.read_as()?;
        if let AlertEvent::Raised { .. } = fact {
            return raised(tx, event, id, &fact);
        }
        let (set, values) = match fact {
            AlertEvent::Cleared { figure, .. } => (
                "standing = 0, cleared_at = $3, figure = $4",
                vec![Val::at(event.at()), figure_text(&figure)?],
            ),
            AlertEvent::Acknowledged { by, note } => (
                "acknowledged_at = $3, acknowledged_by = $4, note = $5",
                vec![Val::at(event.at()), Val::maybe_text(by), Val::Text(note)],
            ),
            AlertEvent::Escalated { .. } => ("escalated_at = $3", vec![Val::at(event.at())]),
            AlertEvent::Muted { until, .. } => ("muted_until = $3", vec![Val::at(until)]),
            AlertEvent::Raised { .. } => return Ok(()),
        };
        let mut all = vec![Val::text(id), Val::position(event.position)];
        all.extend(values);
        // A mute may precede the first alert: there is no row yet, and the next `raised` event states the
        // mute.
        tx.exec(
            &format!("update alert_board set {set}, pos = $2 where alert = $1"),
            &all,
        )?;
        Ok(())
    }
}

/// Writes a raised alert. An existing row becomes active again and loses its acknowledgement, which was for
/// the last time.
fn raised(tx: &mut dyn Tx, event: &ViewEvent, id: AlertId, fact: &AlertEvent) -> Result<(), ProjectionError> {
    let AlertEvent::Raised {
        rule,
        subject,
        campaign,
        severity,
        figure,
        detail,
        muted_until,
    } = fact
    else {
        return Ok(());
    };
    tx.exec(
        "insert into alert_board (alert, rule, subject, campaign, severity, figure, detail, standing, raised_at,
         raised_count, muted_until, pos) values ($1, $2, $3, $4, $5, $6, $7, 1, $8, 1, $9, $10)
         on conflict (alert) do update set severity = excluded.severity, figure = excluded.figure,
         detail = excluded.detail, standing = 1, raised_at = excluded.raised_at,
         raised_count = alert_board.raised_count + 1, cleared_at = null, acknowledged_at = null,
         acknowledged_by = null, note = null, escalated_at = null, muted_until = excluded.muted_until,
         pos = excluded.pos",
        &[
            Val::text(id),
            Val::text(rule.code()),
            Val::text(subject),
            Val::maybe_text(campaign.as_ref()),
            Val::Text(code_of(severity)),
            figure_text(figure)?,
            Val::text(detail),
            Val::at(event.at()),
            Val::maybe_at(*muted_until),
            Val::position(event.position),
        ],
    )?;
    Ok(())
}

fn figure_text(figure: &AlertFigure) -> Result<Val, ProjectionError> {
    let json = serde_json::to_string(figure);
    json.map(Val::Text)
        .map_err(|error| ProjectionError::Fault(error.to_string()))
}

/// The current state of one alert.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct AlertRow {
    pub alert: AlertId,
    pub rule: AlertRule,
    pub label_zh: &'static str,
    pub label_en: &'static str,
    pub subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    #[schemars(with = "domain::alert::Severity")]
    pub severity: String,
    /// The figure with which it was raised or, if it is over, cleared.
    pub figure: AlertFigure,
    pub detail: String,
    /// The detail in Chinese; absent if the detail is not a known text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_zh: Option<String>,
    pub standing: bool,
    pub raised_at: Timestamp,
    /// How often the alert has been raised in total.
    pub raised_count: u64,
    pub cleared_at: Option<Timestamp>,
    pub acknowledged_at: Option<Timestamp>,
    pub acknowledged_by: Option<String>,
    pub note: Option<String>,
    pub escalated_at: Option<Timestamp>,
    pub muted_until: Option<Timestamp>,
}

/// Selects alerts; all given conditions must hold.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    pub standing: Option<bool>,
    pub rule: Option<AlertRule>,
    pub campaign: Option<CampaignId>,
    pub alert: Option<AlertId>,
    /// Only alerts that follow this one in the order of the list: its state, the time it was raised, its id.
    pub behind: Option<(bool, Timestamp, AlertId)>,
}

const COLUMNS: &str = "select alert, rule, subject, campaign, severity, figure, detail, standing, raised_at,
    raised_count, cleared_at, acknowledged_at, acknowledged_by, note, escalated_at, muted_until
    from alert_board";

/// Returns the alerts that match the filter: active ones first, then the latest; at most `limit` (≤
/// `ALERTS_MAX`).
pub async fn list(
    db: &dyn ReadDb,
    filter: &AlertFilter,
    limit: usize,
) -> Result<Vec<AlertRow>, ProjectionError> {
    let behind = filter.behind.map(|(standing, raised_at, alert)| {
        [
            Val::Int(i64::from(standing)),
            Val::at(raised_at),
            Val::text(alert),
        ]
    });
    let (sql, values) = Select::new(COLUMNS)
        .when(
            "standing =",
            filter.standing.map(|standing| Val::Int(i64::from(standing))),
        )
        .when("rule =", filter.rule.map(|rule| Val::text(rule.code())))
        .when("campaign =", filter.campaign.as_ref().map(Val::text))
        .when("alert =", filter.alert.map(Val::text))
        .when_all(behind, |[standing, raised_at, alert]| {
            format!(
                "(standing < {standing} or standing = {standing} and (raised_at < {raised_at}
                  or raised_at = {raised_at} and alert > {alert}))"
            )
        })
        .limited("standing desc, raised_at desc, alert", limit.min(ALERTS_MAX));
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn read_row(mut row: Row) -> Result<AlertRow, ProjectionError> {
    let alert = row.parse()?;
    let rule: AlertRule = row.parse()?;
    let mut alert_row = AlertRow {
        alert,
        rule,
        label_zh: rule.label_zh(),
        label_en: rule.label_en(),
        subject: row.text()?,
        campaign: row.maybe_parse()?,
        severity: row.text()?,
        figure: read_figure(&row.text()?)?,
        detail: row.text()?,
        detail_zh: None,
        standing: row.flag()?,
        raised_at: row.at()?,
        raised_count: row.count()?,
        cleared_at: row.maybe_at()?,
        acknowledged_at: row.maybe_at()?,
        acknowledged_by: row.maybe_text()?,
        note: row.maybe_text()?,
        escalated_at: row.maybe_at()?,
        muted_until: row.maybe_at()?,
    };
    alert_row.detail_zh = translate_detail(&alert_row.detail);
    Ok(alert_row)
}

fn read_figure(json: &str) -> Result<AlertFigure, ProjectionError> {
    serde_json::from_str(json).map_err(|error| ProjectionError::Fault(format!("a figure: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestHistory;
    use domain::alert::Severity;

    fn figure(value: i64) -> AlertFigure {
        AlertFigure {
            value,
            limit: 300,
            unit: "per_mille".to_owned(),
            window_ms: 300_000,
        }
    }

    fn raised(subject: &str, muted_until: Option<Timestamp>) -> AlertEvent {
        AlertEvent::Raised {
            rule: AlertRule::AnswerRatioLow,
            subject: subject.to_owned(),
            campaign: Some("T".parse().unwrap()),
            severity: Severity::Warning,
            figure: figure(212),
            detail: "36 of 170 calls".to_owned(),
            muted_until,
        }
    }

    async fn shown(story: &TestHistory, filter: AlertFilter) -> Vec<AlertRow> {
        let (db, _runner) = story.shown_by(AlertBoard).await;
        list(db.as_ref(), &filter, 10).await.unwrap()
    }

    #[tokio::test]
    async fn an_alert_is_one_row_through_all_it_comes_back() {
        let mut story = TestHistory::new();
        let began = story.at;
        story.alert("T", &raised("T", None));
        let seen = AlertEvent::Acknowledged {
            by: Some("wang".to_owned()),
            note: "asked".to_owned(),
        };
        story
            .alert("T", &seen)
            .alert("T", &AlertEvent::Escalated { stood_ms: 1 });
        let rows = shown(&story, AlertFilter::default()).await;
        assert_eq!(rows.len(), 1);
        assert_eq!(
            (rows[0].standing, rows[0].raised_at, rows[0].raised_count),
            (true, began, 1)
        );
        assert_eq!(rows[0].acknowledged_by.as_deref(), Some("wang"));
        assert!(rows[0].escalated_at.is_some());
        let cleared = AlertEvent::Cleared {
            figure: figure(400),
            stood_ms: 3,
        };
        story.alert("T", &cleared);
        let row = shown(&story, AlertFilter::default()).await.remove(0);
        assert_eq!((row.standing, row.figure.value), (false, 400));
        let until = story.at.plus_ms(60_000);
        story.alert("T", &raised("T", Some(until)));
        let row = shown(&story, AlertFilter::default()).await.remove(0);
        assert_eq!(
            (row.standing, row.raised_count, row.muted_until),
            (true, 2, Some(until))
        );
        assert_eq!(
            (row.acknowledged_at, row.escalated_at, row.cleared_at),
            (None, None, None)
        );
    }

    #[tokio::test]
    async fn standing_alerts_come_first_and_filters_join() {
        let mut story = TestHistory::new();
        let cleared = AlertEvent::Cleared {
            figure: figure(400),
            stood_ms: 3,
        };
        story
            .alert("A", &raised("A", None))
            .alert("B", &raised("B", None));
        story.alert("B", &cleared).alert("C", &raised("C", None));
        let subjects = |rows: Vec<AlertRow>| rows.into_iter().map(|row| row.subject).collect::<Vec<_>>();
        assert_eq!(
            subjects(shown(&story, AlertFilter::default()).await),
            ["C", "A", "B"]
        );
        let standing = AlertFilter {
            standing: Some(false),
            rule: Some(AlertRule::AnswerRatioLow),
            ..AlertFilter::default()
        };
        assert_eq!(subjects(shown(&story, standing).await), ["B"]);
    }

    #[tokio::test]
    async fn a_page_begins_behind_any_row_standing_or_cleared() {
        let mut story = TestHistory::new();
        let cleared = AlertEvent::Cleared {
            figure: figure(400),
            stood_ms: 3,
        };
        for subject in ["A", "B", "C", "D", "E"] {
            story.alert(subject, &raised(subject, None));
        }
        for subject in ["B", "D", "E"] {
            story.alert(subject, &cleared);
        }
        let all = shown(&story, AlertFilter::default()).await;
        assert_eq!(all.len(), 5);
        for (index, row) in all.iter().enumerate() {
            let rest = AlertFilter {
                behind: Some((row.standing, row.raised_at, row.alert)),
                rule: Some(AlertRule::AnswerRatioLow),
                ..AlertFilter::default()
            };
            assert_eq!(
                shown(&story, rest).await,
                all[index + 1..],
                "behind {}",
                row.subject
            );
        }
    }
}
