//! The customers of a frozen segment as rows of a list: their ids, numbers, and attributes as values of
//! variables.

use super::visibility::SegmentVisibility;
use crate::installation::Installation;
use crate::lists::readability_check::check_any_enrollable;
use crate::lists::report::ROUNDED_TO;
use domain::campaign::CampaignState;
use domain::campaign::command::CampaignCommand;
use domain::campaign::event::FrozenSegment;
use domain::customer::CustomerState;
use domain::ids::{CampaignId, CustomerId};
use domain::problem::Problem;
use domain::stored_event::Cause;
use intake::mapping::Member;
use intake::row::{ConsentLocation, RowRules};
use serde_json::{Map, Value};

/// A campaign's segment, frozen, and its customers as records of a list.
pub struct FrozenList {
    pub frozen: FrozenSegment,
    pub records: Vec<Map<String, Value>>,
    /// The rules to check them by. Consent must be on record; each grant checks it.
    pub rules: RowRules,
    /// Customers without a number, or with values that cannot be read. They are not called.
    pub unreachable_count: u64,
}

impl Installation {
    /// Freezes the segment of a campaign and returns its customers as records of a list. If the campaign
    /// already has this segment, it is evaluated again as of the first time, so an interrupted list
    /// continues with the same customers, except those erased since.
    pub async fn freeze_for(
        &self,
        campaign: &CampaignId,
        sql: &str,
        sight: SegmentVisibility,
        cause: Cause,
    ) -> Result<FrozenList, Problem> {
        let state = self.entities.campaigns.state(campaign).await?.state;
        let before = frozen_before(&state, sql)?;
        let members = self.members_of_segment(sql, before.as_ref()).await?;
        if sight.rounds(&super::read(sql)?) && members.frozen.count < ROUNDED_TO {
            return Err(too_few());
        }
        let is_new = before.is_none();
        let now_sha256 = members.frozen.members_sha256.clone();
        let frozen = before.unwrap_or(members.frozen);
        let rules = RowRules {
            consents: ConsentLocation::OnRecord,
            ..self.list_rules(campaign, &frozen.members_sha256).await?
        };
        let is_closed = state.lists().get(&rules.list).is_some_and(Option::is_some);
        if !is_closed {
            refuse_others(&frozen, &now_sha256)?;
        }
        let (mut records, mut unreachable_count) = (Vec::with_capacity(members.ids.len()), 0);
        for customer in &members.ids {
            match self.record_of(customer).await? {
                Some(record) => records.push(record),
                None => unreachable_count += 1,
            }
        }
        if is_new {
            if frozen.count > 0 {
                self.refuse_unenrollable(&records, &rules).await?;
            }
            let command = CampaignCommand::FreezeSegment(Box::new(frozen.clone()));
            self.entities.campaigns.ask(campaign, command, cause).await?;
        }
        Ok(FrozenList {
            frozen,
            records,
            rules,
            unreachable_count,
        })
    }

    /// Fails if no customer of the segment can be enrolled, with the reason of the first: a frozen segment
    /// cannot be changed.
    async fn refuse_unenrollable(
        &self,
        records: &[Map<String, Value>],
        rules: &RowRules,
    ) -> Result<(), Problem> {
        let Err(first) = check_any_enrollable(records, rules, &self.environment.vault, self.tasks()).await
        else {
            return Ok(());
        };
        let why = first.map_or_else(
            || "none of its people has a number".to_owned(),
            |bad| format!("{}: {}", bad.column, bad.reason),
        );
        Err(Problem::refused(
            "segment-enrols-nobody",
            format!("no customer of the segment can be enrolled: {why}"),
        ))
    }

    async fn record_of(&self, customer: &CustomerId) -> Result<Option<Map<String, Value>>, Problem> {
        let loaded = self.entities.customers.state(customer).await?;
        Ok(record(&loaded.state))
    }
}

/// Returns the refusal of a segment with fewer than `ROUNDED_TO` customers: a list of a few would reveal
/// the sealed attribute of each.
fn too_few() -> Problem {
    let detail = format!(
        "fewer than {ROUNDED_TO} customers: a segment that uses encrypted attributes needs customers:reveal \
         for a result this small"
    );
    Problem::refused("segment-too-small", detail)
}

/// Refuses a frozen segment with LIMIT if its customers changed. Erased customers have no row, even for the
/// past, so LIMIT would take in others who were neither frozen nor approved.
fn refuse_others(frozen: &FrozenSegment, now_sha256: &str) -> Result<(), Problem> {
    let has_limit = super::read(&frozen.sql)?.limit().is_some();
    if has_limit && frozen.members_sha256 != now_sha256 {
        let why = "a customer of the frozen segment was erased, so its LIMIT would admit another customer: undo \
                   the list";
        return Err(Problem::refused("segment-means-others", why));
    }
    Ok(())
}

fn frozen_before(state: &CampaignState, sql: &str) -> Result<Option<FrozenSegment>, Problem> {
    let digest = super::read(sql)?.digest();
    let frozen = state.frozen_segment();
    Ok(frozen.filter(|frozen| frozen.sha256 == digest).cloned())
}

/// Returns the customer as a record of a list; `None` if the customer has no id in clear or no valid
/// number.
fn record(state: &CustomerState) -> Option<Map<String, Value>> {
    let open = state.external_id()?.value()?;
    let mut numbers = state.numbers().iter().filter(|known| !known.invalid);
    let phone = numbers.find_map(|known| known.phone.value())?;
    let mut record = Map::new();
    record.insert("customer_id".to_owned(), open.clone().into());
    record.insert("phone".to_owned(), phone.clone().into());
    if let Some(name) = state.name().and_then(|name| name.value()) {
        record.insert("customer_name".to_owned(), name.clone().into());
    }
    let known = state.profile().into_iter().flat_map(|known| known.values());
    let variables: Map<String, Value> = known
        .map(|(attribute, value)| (attribute.to_string(), value.written().into()))
        // Consents, agents, zones and places of numbers come from a list, not from attributes.
        .filter(|(name, _)| Member::from_name(name).is_none())
        .collect();
    record.insert("variables".to_owned(), variables.into());
    Some(record)
}
