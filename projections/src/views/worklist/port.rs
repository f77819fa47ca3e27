//! The port `Worklist` over the view's rows, for drivers.

use super::NAME;
use crate::database::ReadDb;
use crate::error::ProjectionError;
use crate::progress::Progress;
use crate::value::{Row, Val};
use async_trait::async_trait;
use domain::ids::{CampaignId, CustomerId};
use domain::ports::worklist::{
    CampaignWork, DueEnrolment, NAMED_MAX, OpenCall, OpenGrant, RankedEnrolment, UnclosedCall, Worklist,
    WorklistError,
};
use domain::ranking::{RankingBucket, RankingFacts};
use domain::stored_event::Position;
use domain::time::Timestamp;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most unfinished campaigns that `SqlWorklist` returns; further ones (by id) wait until earlier ones
/// finish.
const CAMPAIGNS_MAX: usize = 10_000;

/// The port `Worklist` in SQL: reads the view's rows, and waits for them through the runner's progress.
pub struct SqlWorklist {
    db: Arc<dyn ReadDb>,
    progress: Arc<Progress>,
}

impl SqlWorklist {
    /// Makes the port. `wait_for` returns when `progress` shows that the rows are complete to the position.
    pub const fn over(db: Arc<dyn ReadDb>, progress: Arc<Progress>) -> Self {
        Self { db, progress }
    }

    async fn read<T>(
        &self,
        sql: &str,
        values: Vec<Val>,
        read: fn(Row) -> Result<T, ProjectionError>,
    ) -> Result<Vec<T>, WorklistError> {
        let rows = self.db.query(sql, values).await.map_err(failed)?;
        rows.into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(failed)
    }
}

fn read_due(mut row: Row) -> Result<DueEnrolment, ProjectionError> {
    Ok(DueEnrolment {
        campaign: row.parse()?,
        customer: row.parse()?,
        number: row.parse()?,
        due_at: row.at()?,
    })
}

/// Lists unfinished campaigns. Next due times are the first entries of parts of an index, and open calls
/// are counted in one pass, so the cost does not grow with the number of waiting enrolments.
pub(super) const UNFINISHED_CAMPAIGNS: &str =
    "select worklist_campaign.campaign, status = 'running', enrolled, settled, coalesce(open_count, 0),
     (select min(due_at) from worklist_enrolment where in_list = 0
      and worklist_enrolment.campaign = worklist_campaign.campaign and state = 'waiting'),
     (select min(due_at) from worklist_enrolment where in_list = 1
      and worklist_enrolment.campaign = worklist_campaign.campaign and state = 'waiting'),
     start_scheduled = 1
     from worklist_campaign left join
     (select campaign as open_in, count(*) as open_count from worklist_call
      where customer is not null and ended_pos is null
      and (dialed_at is not null or customer_side = 'granted' or number_side = 'granted')
      group by campaign) as open_calls on open_in = worklist_campaign.campaign
     where status not in ('completed', 'stopped')
     order by worklist_campaign.campaign limit $1";

/// Lists due enrolments: those with requested calls and callbacks first, then those of lists. Both are
/// ranges of an index, so that waiting enrolments that are not due are not read.
pub(super) const DUE: &str = "select campaign, customer, number, due_at from
     (select * from (select campaign, customer, number, due_at, in_list from worklist_enrolment
       where campaign = $1 and state = 'waiting' and in_list = 0 and due_at <= $2
       order by due_at, customer limit $3) as of_orders
      union all
      select * from (select campaign, customer, number, due_at, in_list from worklist_enrolment
       where campaign = $1 and state = 'waiting' and in_list = 1 and due_at <= $2
       order by due_at, customer limit $3) as of_lists) as of_both
     order by in_list, due_at, customer limit $3";

/// Finds the next due time after now with one lookup in each part of the index, however many enrolments
/// wait.
pub(super) const NEXT_DUE: &str = "select
     (select min(due_at) from worklist_enrolment where in_list = 0
      and campaign = $1 and state = 'waiting' and due_at > $2),
     (select min(due_at) from worklist_enrolment where in_list = 1
      and campaign = $1 and state = 'waiting' and due_at > $2)";

/// Returns the statement that lists the due enrolments among this many customers. Each is one lookup of the
/// primary key; `cross join` keeps SQLite from scanning the campaign's waiting enrolments instead.
pub(super) fn due_of_sql(names_count: usize) -> String {
    let named: Vec<String> = (3..names_count + 3).map(|place| format!("(${place})")).collect();
    format!(
        "with named(person) as (values {})
         select campaign, customer, number, due_at
         from named cross join worklist_enrolment
         where campaign = $1 and customer = person and state = 'waiting' and due_at <= $2
         order by in_list, due_at, customer",
        named.join(", ")
    )
}

/// Returns the statement that lists due enrolments with requested calls, and the first ones of each value
/// of a call. Each part is a range of an index: enrolments that are not due are not read, and nothing is
/// sorted.
fn first_of_each(values_count: usize) -> String {
    let first = |of: &str| {
        format!(
            "select * from (select campaign, customer, number, due_at, in_list = 0 as asked,
             coalesce(call_value, 0) as worth from worklist_enrolment
             where campaign = $1 and state = 'waiting' and {of} and due_at <= $2
             order by due_at, customer limit $3) as first_of"
        )
    };
    let of_values =
        (4..values_count + 4).map(|place| first(&format!("in_list = 1 and call_value = ${place}")));
    let parts: Vec<String> = std::iter::once(first("in_list = 0")).chain(of_values).collect();
    parts.join(" union all ")
}

fn read_ranked(mut row: Row) -> Result<RankedEnrolment, ProjectionError> {
    let due = DueEnrolment {
        campaign: row.parse()?,
        customer: row.parse()?,
        number: row.parse()?,
        due_at: row.at()?,
    };
    let asked = row.flag()?;
    let rung = RankingBucket::of_code(row.count()?);
    let standing = RankingFacts {
        asked,
        due_at: due.due_at,
        value: rung.value,
        times_group: rung.group,
    };
    Ok(RankedEnrolment { due, standing })
}

fn failed(error: ProjectionError) -> WorklistError {
    WorklistError(error.to_string())
}

#[async_trait]
impl Worklist for SqlWorklist {
    async fn position(&self) -> Result<Position, WorklistError> {
        let rows = self
            .read(
                "select position from checkpoint where view = $1",
                vec![Val::text(NAME)],
                |mut row| row.position(),
            )
            .await?;
        Ok(rows.first().copied().unwrap_or_default())
    }

    async fn wait_for(&self, position: Position) -> Result<(), WorklistError> {
        // A driver waits without urgency: the decision is made, and no user waits for it.
        let waited = self.progress.wait_patiently(Some(NAME), position).await;
        waited.map_err(failed)
    }

    async fn due(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<DueEnrolment>, WorklistError> {
        self.read(
            DUE,
            vec![Val::text(campaign), Val::at(now), Val::count(limit)],
            read_due,
        )
        .await
    }

    async fn due_ranked(
        &self,
        campaign: &CampaignId,
        rungs: &[RankingBucket],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<RankedEnrolment>, WorklistError> {
        let mut arguments = vec![Val::text(campaign), Val::at(now), Val::count(limit)];
        arguments.extend(rungs.iter().map(|rung| Val::Int(i64::from(rung.code()))));
        self.read(&first_of_each(rungs.len()), arguments, read_ranked)
            .await
    }

    async fn due_of(
        &self,
        campaign: &CampaignId,
        customers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Vec<DueEnrolment>, WorklistError> {
        if customers.is_empty() {
            return Ok(Vec::new());
        }
        let named: BTreeSet<&CustomerId> = customers.iter().take(NAMED_MAX).collect();
        let sql = due_of_sql(named.len());
        let mut values = vec![Val::text(campaign), Val::at(now)];
        values.extend(named.into_iter().map(Val::text));
        self.read(&sql, values, read_due).await
    }

    async fn next_due_after(
        &self,
        campaign: &CampaignId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, WorklistError> {
        let first = |mut row: Row| Ok([row.maybe_at()?, row.maybe_at()?].into_iter().flatten().min());
        let rows = self
            .read(NEXT_DUE, vec![Val::text(campaign), Val::at(now)], first)
            .await?;
        Ok(rows.into_iter().flatten().min())
    }

    async fn open_grants(&self, limit: usize) -> Result<Vec<OpenGrant>, WorklistError> {
        self.read(
            "select call, campaign, customer, number, permitted, number_side = 'granted'
             from worklist_call where dialed_at is null and customer is not null
             and (customer_side = 'granted' or number_side = 'granted') order by call limit $1",
            vec![Val::count(limit)],
            |mut row| {
                Ok(OpenGrant {
                    call: row.parse()?,
                    campaign: row.parse()?,
                    customer: row.parse()?,
                    number: row.parse()?,
                    permitted: row.flag()?,
                    number_granted: row.flag()?,
                })
            },
        )
        .await
    }

    async fn open_calls(&self, limit: usize) -> Result<Vec<OpenCall>, WorklistError> {
        self.read(
            "select call, campaign, customer, number, dialed_at from worklist_call
             where dialed_at is not null and ended_pos is null order by dialed_at, call limit $1",
            vec![Val::count(limit)],
            |mut row| {
                Ok(OpenCall {
                    call: row.parse()?,
                    campaign: row.parse()?,
                    customer: row.parse()?,
                    number: row.parse()?,
                    dialed_at: row.at()?,
                })
            },
        )
        .await
    }

    async fn unclosed_calls(&self, limit: usize) -> Result<Vec<UnclosedCall>, WorklistError> {
        self.read(
            "select call, customer, number, ended_pos, customer_side = 'told', number_side = 'told'
             from worklist_call where dialed_at is not null and ended_pos is not null
             order by ended_pos limit $1",
            vec![Val::count(limit)],
            |mut row| {
                Ok(UnclosedCall {
                    call: row.parse()?,
                    customer: row.parse()?,
                    number: row.parse()?,
                    ended: row.position()?,
                    customer_closed: row.flag()?,
                    number_closed: row.flag()?,
                })
            },
        )
        .await
    }

    async fn unfinished_campaigns(&self) -> Result<Vec<CampaignWork>, WorklistError> {
        self.read(
            UNFINISHED_CAMPAIGNS,
            vec![Val::count(CAMPAIGNS_MAX)],
            |mut row| {
                Ok(CampaignWork {
                    campaign: row.parse()?,
                    running: row.flag()?,
                    enrolled_count: row.count()?,
                    settled_count: row.count()?,
                    open_count: row.count()?,
                    next_due_at: [row.maybe_at()?, row.maybe_at()?].into_iter().flatten().min(),
                    start_scheduled: row.flag()?,
                })
            },
        )
        .await
    }

    async fn callbacks_of_stopped(&self, limit: usize) -> Result<Vec<DueEnrolment>, WorklistError> {
        self.read(
            "select campaign, customer, number, due_at from worklist_enrolment
             where callback = 1 and state = 'waiting'
             and campaign in (select campaign from worklist_campaign where status = 'stopped')
             order by campaign, customer limit $1",
            vec![Val::count(limit)],
            read_due,
        )
        .await
    }
}
