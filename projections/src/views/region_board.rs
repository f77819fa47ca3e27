//! The view of calls by campaign and region of the callee: dialed, answered, converted, talk time (REP-2).
//!
//! No event states where a callee lives. The region is what the rules of the permit saw: the time zones in
//! which the calling window was checked and, if a preset asks for it, the home location; if neither was
//! checked, it is `unknown`. A call stays in the region of its permit. A correction changes the region's
//! conversions and calls answered by a person.

use crate::cells::{Cells, change_or_begin, columns};
use crate::database::{ReadDb, Select, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::call::event::CallEvent;
use domain::call::{AccountChange, CallStep};
use domain::compliance::{CustomerGrant, NumberGrant, Verdict};
use domain::ids::CampaignId;
use serde::Serialize;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "region_board";

/// Most rows in one response: those with the most calls. There are a few hundred time zones.
pub const REGIONS_MAX: usize = 1_000;

/// The region of a call if its permit has none.
pub const UNKNOWN: &str = "unknown";

/// The view of calls by region.
pub struct RegionBoard;

static TABLES: [Table; 2] = [
    Table {
        name: "region_board",
        ddl: &[
            "create table region_board (campaign text not null, region text not null,
            home_location text not null, dialed bigint not null, answered bigint not null,
            converted bigint not null, talk_ms bigint not null, person_answered bigint not null,
            pos bigint not null,
            primary key (campaign, region, home_location))",
        ],
        key_columns: 3,
    },
    // Written at the permit and at the answer, and kept, because a correction may come years later.
    Table {
        name: "region_board_call",
        ddl: &[
            "create table region_board_call (call text primary key, campaign text not null,
            region text not null, home_location text not null, answered bigint not null,
            pos bigint not null)",
        ],
        key_columns: 1,
    },
];
static REGIONS: &Table = &TABLES[0];
static CALLS: &Table = &TABLES[1];

columns! {
    enum Column { Campaign, Region, HomeLocation, Dialed, Answered, Converted, TalkMs, PersonAnswered, Pos }
}

columns! {
    enum CallColumn { Call, Campaign, Region, HomeLocation, Answered, Pos }
}

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 2,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[
        CallEvent::PERMITTED,
        CallEvent::DIALING,
        CallEvent::ANSWERED,
        CallEvent::ENDED,
        CallEvent::CORRECTED,
    ]),
};

impl View for RegionBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn reads(&self, event: &ViewEvent, keys: &mut Vec<(&'static Table, Vec<Val>)>) {
        if event.envelope.kind != CallEvent::PERMITTED {
            keys.push((CALLS, vec![Val::text(event.envelope.stream.id())]));
        }
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let AnyEvent::Call(fact) = event.event()? else {
            return Ok(());
        };
        if let CallEvent::Permitted {
            customer_grant,
            number_grant,
            ..
        } = fact
        {
            return tx.append_row(CALLS, permitted(event, customer_grant, number_grant)?);
        }
        match CallStep::of(fact) {
            Some(step) => count(tx, event, step),
            None => Ok(()),
        }
    }
}

fn permitted(
    event: &ViewEvent,
    customer: &CustomerGrant,
    number: &NumberGrant,
) -> Result<Vec<Val>, ProjectionError> {
    let verdicts = || customer.verdicts.iter().chain(&number.verdicts);
    let fact = |rule: &str, name: &str| {
        let mut of_rule = verdicts().filter(|verdict: &&Verdict| verdict.rule == rule);
        of_rule.find_map(|verdict| verdict.facts.get(name).cloned())
    };
    Ok(vec![
        Val::text(event.call()?),
        Val::text(&customer.campaign),
        Val::Text(fact("calling_window", "time_zones").unwrap_or_else(|| UNKNOWN.to_owned())),
        Val::Text(fact("home_location", "home_location").unwrap_or_default()),
        Val::Int(0),
        Val::position(event.position),
    ])
}

/// Adds what a step changes to the region of the event's call. Does nothing if the call's permit is unknown
/// or nothing changes.
fn count(tx: &mut dyn Tx, event: &ViewEvent, step: CallStep) -> Result<(), ProjectionError> {
    let pos = Val::position(event.position);
    let Some(mut call) = tx.row(CALLS, &[Val::text(event.call()?)])? else {
        return Ok(());
    };
    let mut cells = Cells(&mut call);
    let sums = AccountChange::new(step, cells.int(CallColumn::Answered) == 1).sums();
    if step == CallStep::Answered {
        cells.set(CallColumn::Answered, Val::Int(1));
        cells.set(CallColumn::Pos, pos.clone());
        tx.put(CALLS, call.clone())?;
    }
    let change = [
        (Column::Dialed, sums.dialed),
        (Column::Answered, sums.answered),
        (Column::Converted, sums.conversions),
        (Column::TalkMs, sums.talk_ms),
        (Column::PersonAnswered, sums.person_answered),
    ];
    if change.iter().all(|(_, more)| *more == 0) {
        return Ok(());
    }
    let key: Vec<Val> = call.into_iter().skip(1).take(REGIONS.key_columns).collect();
    let changed = |cells: &mut Cells<'_>| {
        for (column, more) in change {
            cells.add(column, more);
        }
        cells.set(Column::Pos, pos.clone());
    };
    let nothing = || {
        let mut row = key.clone();
        row.extend([const { Val::Int(0) }; 5]);
        row.push(Val::Null);
        row
    };
    change_or_begin(tx, REGIONS, &key, &nothing, &changed)
}

/// The figures of a campaign's calls with one region (time zones of the calling-window check) and one home
/// location. A region has one row per home location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RegionRow {
    /// The time zones in which the calling window was checked, separated by commas; `unknown` if none was.
    pub region: String,
    /// The home location that the rule `home_location` found; absent if no preset asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_location: Option<String>,
    /// Calls that were dialed, counted at their first leg.
    pub dialed: u64,
    /// Calls that a person or a machine answered.
    pub answered: u64,
    pub converted: u64,
    pub talk_ms: u64,
    /// Calls that a person answered and that have ended.
    pub person_answered: u64,
}

/// Returns a campaign's regions, the one with the most calls first; at most `REGIONS_MAX`.
pub async fn regions(db: &dyn ReadDb, campaign: &CampaignId) -> Result<Vec<RegionRow>, ProjectionError> {
    let (sql, values) = Select::new(
        "select region, home_location, dialed, answered, converted, talk_ms, person_answered from region_board",
    )
    .when("campaign =", Some(Val::text(campaign)))
    .limited("dialed desc, region, home_location", REGIONS_MAX);
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(read_row).collect()
}

fn read_row(mut row: Row) -> Result<RegionRow, ProjectionError> {
    Ok(RegionRow {
        region: row.text()?,
        home_location: Some(row.text()?).filter(|location| !location.is_empty()),
        dialed: row.count()?,
        answered: row.count()?,
        converted: row.count()?,
        talk_ms: row.count()?,
        person_answered: row.count()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cells::names;
    use crate::testing::{TestHistory, call, campaign, columns_of, flow_ref, sealed};
    use domain::compliance::Decision;
    use domain::disposition::{Disposition, Outcome};
    use std::collections::BTreeMap;

    fn verdict(rule: &str, name: &str, value: &str) -> Verdict {
        Verdict {
            rule: rule.to_owned(),
            version: 1,
            effective_from: "2026-01-01".to_owned(),
            decision: Decision::Allow,
            facts: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        }
    }

    fn permitted(story: &mut TestHistory, of: u32, verdicts: Vec<Verdict>) {
        let customer_grant = CustomerGrant {
            verdicts,
            ..story.customer_grant("T", of, 1)
        };
        let event = CallEvent::Permitted {
            attempt: 1,
            callee: sealed("callee", true),
            customer_grant: Box::new(customer_grant),
            number_grant: Box::new(story.number_grant("T", of, 1)),
            flow: flow_ref(),
        };
        story.call(call("T", of, 1), event);
    }

    async fn shown(story: &TestHistory) -> Vec<RegionRow> {
        let (db, _runner) = story.shown_by(RegionBoard).await;
        regions(db.as_ref(), &campaign("T")).await.unwrap()
    }

    fn row(region: &str, counts: [u64; 5]) -> RegionRow {
        let [dialed, answered, converted, talk_ms, person_answered] = counts;
        RegionRow {
            region: region.to_owned(),
            home_location: None,
            dialed,
            answered,
            converted,
            talk_ms,
            person_answered,
        }
    }

    #[tokio::test]
    async fn columns_stand_as_named() {
        let (db, _runner) = TestHistory::new().shown_by(RegionBoard).await;
        assert_eq!(columns_of(db.as_ref(), REGIONS).await, names::<Column>());
        assert_eq!(columns_of(db.as_ref(), CALLS).await, names::<CallColumn>());
    }

    #[tokio::test]
    async fn a_call_counts_in_the_time_zones_its_permit_saw_and_a_correction_moves_what_it_found() {
        let mut story = TestHistory::new();
        let zone = |name: &str| vec![verdict("calling_window", "time_zones", name)];
        permitted(&mut story, 2, zone("Asia/Shanghai"));
        permitted(&mut story, 3, zone("Asia/Shanghai"));
        permitted(&mut story, 4, zone("America/Chicago, America/New_York"));
        let id = call("T", 2, 1);
        // A second leg is not a second call.
        story.dialing(id, 1, "first").dialing(id, 2, "second");
        story.answered(id, 2);
        story.ended(id, Disposition::Answered, Some(Outcome::Success), 4_000);
        story.dialing(call("T", 3, 1), 1, "first");
        story.ended(call("T", 3, 1), Disposition::Busy, None, 0);
        story.dialing(call("T", 4, 1), 1, "first");
        let american = row("America/Chicago, America/New_York", [1, 0, 0, 0, 0]);
        assert_eq!(
            shown(&story).await,
            [row("Asia/Shanghai", [2, 1, 1, 4_000, 1]), american.clone()]
        );
        let before = (Disposition::Answered, Some(Outcome::Success));
        story.corrected(id, before, (Disposition::Machine, None));
        assert_eq!(
            shown(&story).await,
            [row("Asia/Shanghai", [2, 1, 0, 4_000, 0]), american.clone()]
        );
        // This call was not answered; a later correction does not change that.
        let busy = call("T", 3, 1);
        story.corrected(busy, (Disposition::Busy, None), (Disposition::Answered, None));
        assert_eq!(
            shown(&story).await,
            [row("Asia/Shanghai", [2, 1, 0, 4_000, 0]), american]
        );
    }

    #[tokio::test]
    async fn a_region_that_no_rule_saw_is_unknown_and_a_home_location_is_separate() {
        let mut story = TestHistory::new();
        permitted(&mut story, 2, Vec::new());
        permitted(
            &mut story,
            3,
            vec![verdict("home_location", "home_location", "elsewhere")],
        );
        for of in [2, 3] {
            story.dialing(call("T", of, 1), 1, "first");
        }
        let elsewhere = RegionRow {
            home_location: Some("elsewhere".to_owned()),
            ..row(UNKNOWN, [1, 0, 0, 0, 0])
        };
        assert_eq!(shown(&story).await, [row(UNKNOWN, [1, 0, 0, 0, 0]), elsewhere]);
        assert_eq!(shown(&TestHistory::new()).await, []);
    }
}
