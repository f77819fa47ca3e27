//! The view of trunk quality by Beijing day: legs dialed, rung, answered, failed and by which side's fault,
//! the delay until ringing, and the final codes of the network.
//!
//! A leg stays on its own trunk and on the day on which it was dialed. The post-dial delay is the time from
//! dialing to the first ringing (LIN-5). What the callee does (busy, declined, no answer) is never a failure
//! of the trunk. Whether a person answered a leg is known when its call has ended, and a correction may
//! change it, so the row of an answered leg is kept.

use crate::cells::{Cells, columns};
use crate::database::{ReadDb, RowAction, Table, Tx, read_as};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::calendar::{BEIJING_MICROS, DAY_MICROS};
use domain::call::event::CallEvent;
use domain::call::progress::derive_failure_disposition;
use domain::call::{AccountChange, CallStep};
use domain::ids::CallId;
use domain::ports::line::LegFailure;
use domain::time::Timestamp;
use serde::Serialize;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "trunk_quality";

/// Most rows in one response: a hundred trunks for a month.
pub const ROWS_MAX: usize = 3_000;

/// The view of trunk quality.
pub struct TrunkQuality;

const DAYS: Table = Table {
    name: "trunk_quality",
    ddl: &[
        "create table trunk_quality (trunk text not null, day_at bigint not null, legs bigint not null,
        rang bigint not null, answered bigint not null, failed_trunk bigint not null,
        failed_other bigint not null, post_dial_ms bigint not null, post_dial_count bigint not null,
        person_answered bigint not null, pos bigint not null, primary key (trunk, day_at))",
    ],
    key_columns: 2,
};

/// Counts of final SIP codes or, if the network gave none, of failure causes.
const CODES: Table = Table {
    name: "trunk_quality_code",
    ddl: &[
        "create table trunk_quality_code (trunk text not null, day_at bigint not null,
        code text not null, count bigint not null, pos bigint not null, primary key (trunk, day_at, code))",
    ],
    key_columns: 3,
};

/// Legs that are open, and those that were answered, because a correction may come years later.
const LEGS: Table = Table {
    name: "trunk_quality_leg",
    ddl: &[
        "create table trunk_quality_leg (call text primary key, leg bigint not null, trunk text not null,
        day_at bigint not null, dialed_at bigint not null, rang bigint not null, answered bigint not null,
        pos bigint not null)",
    ],
    key_columns: 1,
};

static TABLES: [Table; 3] = [DAYS, CODES, LEGS];
static DAY_TABLE: &Table = &TABLES[0];
static CODE_TABLE: &Table = &TABLES[1];
static LEG_TABLE: &Table = &TABLES[2];

/// The counted columns of a day's row, by index.
#[derive(Clone, Copy)]
enum Column {
    Legs = 2,
    Rang = 3,
    Answered = 4,
    FailedTrunk = 5,
    FailedOther = 6,
    PostDialMs = 7,
    PostDialCount = 8,
    PersonAnswered = 9,
}

columns! {
    enum LegColumn { Call, Leg, Trunk, DayAt, DialedAt, Rang, Answered, Pos }
}

/// Number of columns of a day's row; the last one is the position.
const DAY_COLUMNS: usize = 11;

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 2,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[
        CallEvent::DIALING,
        CallEvent::RINGING,
        CallEvent::ANSWERED,
        CallEvent::LEG_FAILED,
        CallEvent::ENDED,
        CallEvent::CORRECTED,
    ]),
};

impl View for TrunkQuality {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let AnyEvent::Call(fact) = event.event()? else {
            return Ok(());
        };
        let mut quality = QualityWriter {
            tx,
            call: event.call()?,
            at: event.at(),
            pos: Val::position(event.position),
        };
        match fact {
            CallEvent::Dialing { leg, trunk, .. } => quality.dialing(*leg, trunk),
            CallEvent::Ringing { .. } => quality.ringing(),
            CallEvent::Answered { .. } => quality.answered(),
            CallEvent::LegFailed { failure, .. } => quality.failed(failure),
            _ => CallStep::of(fact).map_or(Ok(()), |step| quality.found(step)),
        }
    }
}

/// A leg of a call, as its row describes it.
struct OpenLeg {
    trunk: String,
    day_at: i64,
    dialed_at: Timestamp,
    rang: bool,
    answered: bool,
}

struct QualityWriter<'a> {
    tx: &'a mut dyn Tx,
    call: CallId,
    at: Timestamp,
    pos: Val,
}

impl QualityWriter<'_> {
    fn dialing(&mut self, leg: u8, trunk: &str) -> Result<(), ProjectionError> {
        let local = self.at.micros().saturating_add(BEIJING_MICROS);
        let day_at = self.at.micros() - local.rem_euclid(DAY_MICROS);
        let row = vec![
            Val::text(self.call),
            Val::count(leg),
            Val::text(trunk),
            Val::Int(day_at),
            Val::at(self.at),
            Val::Int(0),
            Val::Int(0),
            self.pos.clone(),
        ];
        self.tx.put(LEG_TABLE, row)?;
        self.add(trunk, day_at, &[(Column::Legs, 1)])
    }

    fn open(&mut self) -> Result<Option<OpenLeg>, ProjectionError> {
        let Some(row) = self.tx.row(LEG_TABLE, &[Val::text(self.call)])? else {
            return Ok(None);
        };
        let mut row = Row::new(row);
        row.val()?;
        row.val()?;
        Ok(Some(OpenLeg {
            trunk: row.text()?,
            day_at: row.int()?,
            dialed_at: row.at()?,
            rang: row.flag()?,
            answered: row.flag()?,
        }))
    }

    /// Sets this column of the call's leg to 1.
    fn note(&mut self, column: LegColumn) -> Result<(), ProjectionError> {
        let pos = self.pos.clone();
        self.tx.edit(LEG_TABLE, &[Val::text(self.call)], &mut |row| {
            let mut leg = Cells(row);
            leg.set(column, Val::Int(1));
            leg.set(LegColumn::Pos, pos.clone());
            Ok(RowAction::Write)
        })?;
        Ok(())
    }

    fn ringing(&mut self) -> Result<(), ProjectionError> {
        let Some(leg) = self.open()?.filter(|leg| !leg.rang) else {
            return Ok(());
        };
        self.note(LegColumn::Rang)?;
        let waited = i64::try_from(self.at.ms_since(leg.dialed_at)).unwrap_or(i64::MAX);
        self.add(
            &leg.trunk,
            leg.day_at,
            &[
                (Column::Rang, 1),
                (Column::PostDialMs, waited),
                (Column::PostDialCount, 1),
            ],
        )
    }

    fn answered(&mut self) -> Result<(), ProjectionError> {
        let Some(leg) = self.open()? else { return Ok(()) };
        self.note(LegColumn::Answered)?;
        self.add(&leg.trunk, leg.day_at, &[(Column::Answered, 1)])
    }

    /// Counts the leg if a person answered it, by the call's end or a correction. The end removes the row of
    /// a leg that was not answered.
    fn found(&mut self, step: CallStep) -> Result<(), ProjectionError> {
        match self.open()? {
            Some(leg) if leg.answered => match AccountChange::new(step, true).sums().person_answered {
                0 => Ok(()),
                people => self.add(&leg.trunk, leg.day_at, &[(Column::PersonAnswered, people)]),
            },
            Some(_) if matches!(step, CallStep::Ended { .. }) => self.over(),
            Some(_) | None => Ok(()),
        }
    }

    fn failed(&mut self, failure: &LegFailure) -> Result<(), ProjectionError> {
        let Some(leg) = self.open()? else { return Ok(()) };
        let disposed = derive_failure_disposition(failure);
        let column = match disposed.trunk_attributable() {
            true => Column::FailedTrunk,
            false => Column::FailedOther,
        };
        self.add(&leg.trunk, leg.day_at, &[(column, 1)])?;
        let code = failure
            .sip_code
            .map_or_else(|| crate::view::code_of(&failure.cause), |code| code.to_string());
        let key = [Val::text(&leg.trunk), Val::Int(leg.day_at), Val::Text(code)];
        let counted = match self.tx.row(CODE_TABLE, &key)?.as_deref() {
            Some([_, _, _, Val::Int(count), _]) => *count,
            Some(_) | None => 0,
        };
        let mut row = key.to_vec();
        row.extend([Val::Int(counted.saturating_add(1)), self.pos.clone()]);
        self.tx.put(CODE_TABLE, row)?;
        self.over()
    }

    fn over(&mut self) -> Result<(), ProjectionError> {
        self.tx.write_rows(LEG_TABLE, &[], &[vec![Val::text(self.call)]])
    }

    /// Adds to columns of a trunk's day, and creates its row if there is none.
    fn add(&mut self, trunk: &str, day_at: i64, what: &[(Column, i64)]) -> Result<(), ProjectionError> {
        let key = [Val::text(trunk), Val::Int(day_at)];
        let mut row = match self.tx.row(DAY_TABLE, &key)? {
            Some(row) => row,
            None => {
                let mut row = key.to_vec();
                row.resize(DAY_COLUMNS, Val::Int(0));
                row
            }
        };
        for (column, more) in what {
            if let Some(Val::Int(value)) = row.get_mut(*column as usize) {
                *value = value.saturating_add(*more);
            }
        }
        if let Some(pos) = row.last_mut() {
            *pos = self.pos.clone();
        }
        self.tx.put(DAY_TABLE, row)
    }
}

/// The figures of one trunk on one Beijing day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrunkDay {
    pub trunk: String,
    /// When the day began.
    pub day_at: Timestamp,
    pub legs: u64,
    pub rang: u64,
    pub answered: u64,
    /// Failures caused by the trunk (LIN-4).
    pub failed_trunk: u64,
    /// Other failures: busy, declined, no answer and the like.
    pub failed_other: u64,
    /// The sum of post-dial delays in milliseconds, over `post_dial_count` legs.
    pub post_dial_ms: u64,
    pub post_dial_count: u64,
    /// Legs that a person answered, of calls that have ended.
    pub person_answered: u64,
    /// Final codes or causes with their counts, the most frequent first.
    pub codes: Vec<(String, u64)>,
}

/// Returns the days from `from` up to but not including `until`, by day and trunk; at most `ROWS_MAX`.
pub async fn days(
    db: &dyn ReadDb,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<TrunkDay>, ProjectionError> {
    read_as(db, move |tx| {
        let values = [Val::at(from), Val::at(until), Val::count(ROWS_MAX)];
        let rows = tx.query(
            "select trunk, day_at, legs, rang, answered, failed_trunk, failed_other, post_dial_ms,
             post_dial_count, person_answered from trunk_quality where day_at >= $1 and day_at < $2
             order by day_at, trunk limit $3",
            &values,
        )?;
        let mut days: Vec<TrunkDay> = rows.into_iter().map(read_day).collect::<Result<_, _>>()?;
        for day in &mut days {
            let codes = tx.query(
                "select code, count from trunk_quality_code where trunk = $1 and day_at = $2
                 order by count desc, code limit 20",
                &[Val::text(&day.trunk), Val::at(day.day_at)],
            )?;
            let read = |mut row: Row| Ok((row.text()?, row.count()?));
            day.codes = codes
                .into_iter()
                .map(read)
                .collect::<Result<_, ProjectionError>>()?;
        }
        Ok(days)
    })
    .await
}

fn read_day(mut row: Row) -> Result<TrunkDay, ProjectionError> {
    Ok(TrunkDay {
        trunk: row.text()?,
        day_at: row.at()?,
        legs: row.count()?,
        rang: row.count()?,
        answered: row.count()?,
        failed_trunk: row.count()?,
        failed_other: row.count()?,
        post_dial_ms: row.count()?,
        post_dial_count: row.count()?,
        person_answered: row.count()?,
        codes: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::names;
    use crate::testing::{TestHistory, call, columns_of, ten};
    use domain::disposition::Disposition;
    use domain::ports::line::FailureCause;

    fn failed(sip_code: Option<u16>, cause: FailureCause) -> CallEvent {
        CallEvent::LegFailed {
            leg: 1,
            failure: LegFailure {
                sip_code,
                reason_header: None,
                q850: None,
                cause,
                definite: sip_code.is_some(),
                rang: false,
                after_ms: 20,
                retry_after_s: None,
                lack: None,
            },
        }
    }

    async fn shown(story: &TestHistory) -> Vec<TrunkDay> {
        let (db, _runner) = story.shown_by(TrunkQuality).await;
        let far = ten().plus_ms(864_000_000);
        days(db.as_ref(), ten().minus_ms(864_000_000), far).await.unwrap()
    }

    #[tokio::test]
    async fn a_leg_counts_on_its_own_trunk_and_the_day_it_was_dialed() {
        let mut story = TestHistory::new();
        let id = call("T", 1, 1);
        // One second before midnight in Beijing.
        story.at = ten().plus_ms(14 * 3_600_000 - 2_000);
        story.permitted("T", 1, 1).dialing(id, 1, "first");
        story.call(id, failed(Some(503), FailureCause::default()));
        story.dialing(id, 2, "second");
        let ringing = CallEvent::Ringing {
            leg: 2,
            sip_code: 180,
            early_media: false,
        };
        story.call(id, ringing.clone()).call(id, ringing).answered(id, 2);
        story.ended(id, Disposition::Answered, None, 500);
        let rows = shown(&story).await;
        assert_eq!(rows.len(), 2);
        let (first, second) = (&rows[0], &rows[1]);
        assert_eq!(
            (
                first.trunk.as_str(),
                first.legs,
                first.failed_trunk,
                first.answered
            ),
            ("first", 1, 1, 0)
        );
        assert_eq!(first.codes, [("503".to_owned(), 1)]);
        assert_eq!((second.legs, second.rang, second.answered), (1, 1, 1));
        assert_eq!(
            (second.post_dial_ms, second.post_dial_count),
            (1_000, 1),
            "to the first ringing only"
        );
        assert!(second.day_at > first.day_at, "after midnight");
    }

    #[tokio::test]
    async fn what_the_callee_does_is_not_the_trunks_failure() {
        let mut story = TestHistory::new();
        for (of, code) in [(1, 486), (2, 486), (3, 603)] {
            let id = call("T", of, 1);
            story.permitted("T", of, 1).dialing(id, 1, "first");
            story.call(id, failed(Some(code), FailureCause::default()));
        }
        let row = shown(&story).await.remove(0);
        assert_eq!((row.failed_trunk, row.failed_other), (0, 3));
        assert_eq!(row.codes, [("486".to_owned(), 2), ("603".to_owned(), 1)]);
    }

    #[tokio::test]
    async fn an_unanswered_leg_that_is_over_leaves_no_row() {
        let mut story = TestHistory::new();
        let id = call("T", 1, 1);
        story.permitted("T", 1, 1).dialing(id, 1, "first");
        story.ended(id, Disposition::NoAnswer, None, 0);
        let (db, _runner) = story.shown_by(TrunkQuality).await;
        let left = db
            .query("select call from trunk_quality_leg", Vec::new())
            .await
            .unwrap();
        assert!(left.is_empty());
    }

    #[tokio::test]
    async fn people_are_counted_on_the_leg_they_answered_and_a_correction_moves_them() {
        let mut story = TestHistory::new();
        let (second, machine, busy) = (call("T", 1, 1), call("T", 2, 1), call("T", 3, 1));
        story.permitted("T", 1, 1).dialing(second, 1, "first");
        story.call(second, failed(Some(503), FailureCause::default()));
        story.dialing(second, 2, "second").answered(second, 2);
        story.ended(second, Disposition::Answered, None, 500);
        story
            .permitted("T", 2, 1)
            .dialing(machine, 1, "second")
            .answered(machine, 1);
        story.ended(machine, Disposition::Machine, None, 500);
        story.permitted("T", 3, 1).dialing(busy, 1, "second");
        story.ended(busy, Disposition::Busy, None, 0);
        let people = async |story: &TestHistory| {
            let rows = shown(story).await;
            rows.iter()
                .map(|row| (row.answered, row.person_answered))
                .collect::<Vec<_>>()
        };
        assert_eq!(people(&story).await, [(0, 0), (2, 1)]);
        // The last one was not answered; a later correction does not change that.
        for (id, before) in [(machine, Disposition::Machine), (busy, Disposition::Busy)] {
            story.corrected(id, (before, None), (Disposition::Answered, None));
        }
        assert_eq!(people(&story).await, [(0, 0), (2, 2)]);
        story.corrected(
            second,
            (Disposition::Answered, None),
            (Disposition::Screened, None),
        );
        assert_eq!(people(&story).await, [(0, 0), (2, 1)]);
    }

    #[tokio::test]
    async fn columns_stand_as_named() {
        let (db, _runner) = TestHistory::new().shown_by(TrunkQuality).await;
        assert_eq!(columns_of(db.as_ref(), LEG_TABLE).await, names::<LegColumn>());
    }
}
