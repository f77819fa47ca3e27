//! Decides which quotas a customer counts for at the moment of the grant, by a segment evaluated for one
//! person in memory or by a tag. Also checks if a plan's quotas can be evaluated.

use crate::customer::{CustomerState, Profile};
use crate::quota::{FullQuota, QUOTA_NAME_BYTES_MAX, QUOTA_WHERE_BYTES_MAX, QUOTAS_MAX, Quota, QuotaPerson};
use crate::segment::Segment;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use values::ids::{CampaignId, CustomerId};

/// The groups of a plan's quotas, parsed once for many customers.
#[derive(Debug)]
pub struct QuotaMatcher(Vec<Group>);

#[derive(Debug)]
enum Group {
    Segment(Box<Segment>),
    Tag(String),
}

/// The error for a quota of a plan that cannot be evaluated; its campaign must not dial.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("quota {name} cannot be evaluated: {why}")]
pub struct QuotaFault {
    pub name: String,
    /// What is wrong with the quota's condition.
    pub why: String,
}

impl QuotaFault {
    /// Returns the fault as a quota that stays full, which stops the dialing of the campaign's customers.
    pub fn as_full(&self) -> FullQuota {
        let facts = [("quota", &self.name), ("not_evaluated", &self.why)];
        FullQuota {
            facts: facts.map(|(name, fact)| (name.to_owned(), fact.clone())).into(),
            until: None,
        }
    }
}

impl QuotaMatcher {
    /// Parses the quotas of a plan. Fails for a condition that this build refuses: quotas are checked when
    /// the plan is stored, but another build may have accepted more.
    pub fn of(quotas: &[Quota]) -> Result<Self, QuotaFault> {
        let group = |quota: &Quota| match segment_of(&quota.group) {
            None => Ok(Group::Tag(quota.group.trim().to_owned())),
            Some(Ok(segment)) => Ok(Group::Segment(Box::new(segment))),
            Some(Err(why)) => Err(QuotaFault {
                name: quota.name.clone(),
                why,
            }),
        };
        quotas.iter().map(group).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the indexes, in the plan, of the quotas that a customer belongs to at `now`.
    pub fn judge(&self, state: &CustomerState, now: Timestamp) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let profile: Profile = state.whole_profile();
        let is_of = |group: &Group| match group {
            Group::Segment(segment) => segment.holds(&profile, now),
            Group::Tag(tag) => profile.tag_names().any(|own| own == tag),
        };
        let places = (0..).zip(&self.0);
        places
            .filter(|(_, group)| is_of(group))
            .map(|(place, _)| place)
            .collect()
    }

    /// Returns a customer of a campaign with the quotas it belongs to, for a batch request; `None` if the
    /// customer is not enrolled.
    pub fn person(
        &self,
        customer: &CustomerId,
        state: &CustomerState,
        campaign: &CampaignId,
        now: Timestamp,
    ) -> Option<QuotaPerson> {
        let enrolment = state.enrolment(campaign)?;
        Some(QuotaPerson {
            customer: customer.clone(),
            attempt: enrolment.attempts.saturating_add(1),
            quotas: self.judge(state, now),
        })
    }
}

/// Returns true if a quota depends on sealed data: a tag, a sealed attribute, or a condition that cannot be
/// parsed.
pub fn asks_of_sealed(quota: &Quota) -> bool {
    match segment_of(&quota.group) {
        Some(Ok(segment)) => !segment.sealed_columns().is_empty(),
        Some(Err(_)) | None => true,
    }
}

/// Parses a quota's group as a segment; `None` if it is a tag.
fn segment_of(text: &str) -> Option<Result<Segment, String>> {
    let first = text.split_whitespace().next()?;
    if !first.eq_ignore_ascii_case("select") {
        return None;
    }
    Some(
        Segment::read(text)
            .map_err(|fault| fault.to_string())
            .and_then(whole),
    )
}

/// Returns the segment if it can be evaluated for one customer; fails for ORDER BY and LIMIT.
fn whole(segment: Segment) -> Result<Segment, String> {
    match segment.order().is_empty() && segment.limit.is_none() {
        true => Ok(segment),
        false => Err("a quota's segment has no ORDER BY and no LIMIT".to_owned()),
    }
}

/// Returns what is wrong with the quotas of a plan; `None` if they are valid.
pub fn fault_of(quotas: &[Quota]) -> Option<String> {
    if quotas.len() > QUOTAS_MAX {
        return Some(format!("at most {QUOTAS_MAX} quotas"));
    }
    let names: BTreeSet<&str> = quotas.iter().map(|quota| quota.name.as_str()).collect();
    if names.len() != quotas.len() {
        return Some("two quotas have the same name: give each its own".to_owned());
    }
    quotas.iter().find_map(fault)
}

fn fault(quota: &Quota) -> Option<String> {
    let name = &quota.name;
    if name.trim().is_empty() || name.len() > QUOTA_NAME_BYTES_MAX {
        return Some(format!("a quota has a name of 1 to {QUOTA_NAME_BYTES_MAX} bytes"));
    }
    let said = [quota.dials, quota.connected, quota.completed];
    let most: Vec<u32> = said.into_iter().flatten().collect();
    if most.len() != 1 || most.contains(&0) {
        return Some(format!(
            "{name}: set exactly one of dials, connected and completed, at least 1"
        ));
    }
    if quota.group.trim().is_empty() || quota.group.len() > QUOTA_WHERE_BYTES_MAX {
        return Some(format!("{name}: where must be a segment or a tag"));
    }
    let why = segment_of(&quota.group)?.err()?;
    Some(format!("{name}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(json: &str) -> Quota {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_condition_that_cannot_be_read_any_more_is_a_fault_with_its_name() {
        let unread = quota(
            r#"{"name":"east","where":"SELECT * FROM customers WHERE region ==","dials":3,"per":"day"}"#,
        );
        let fault = QuotaMatcher::of(&[unread]).expect_err("it is no condition");
        assert_eq!(fault.name, "east");
        assert!(
            fault.to_string().starts_with("quota east cannot be evaluated: "),
            "{fault}"
        );
    }

    #[test]
    fn what_makes_no_quota_is_refused_with_its_reason() {
        let good = quota(
            r#"{"name":"east","where":"SELECT * FROM customers WHERE region = '上海'","dials":10,"per":"day"}"#,
        );
        assert_eq!(fault_of(std::slice::from_ref(&good)), None);
        for (wrong, word) in [
            (r#"{"name":"","where":"VIP","dials":1,"per":"day"}"#, "a name"),
            (r#"{"name":"a","where":"VIP","per":"day"}"#, "one of"),
            (
                r#"{"name":"a","where":"VIP","dials":0,"per":"day"}"#,
                "at least 1",
            ),
            (
                r#"{"name":"a","where":"VIP","dials":1,"connected":1,"per":"day"}"#,
                "one of",
            ),
            (r#"{"name":"a","where":" ","dials":1,"per":"day"}"#, "a tag"),
            (
                r#"{"name":"a","where":"SELECT * FROM customers WHERE age > 'x'","dials":1,"per":"day"}"#,
                "a: ",
            ),
            (
                r#"{"name":"a","where":"SELECT * FROM customers LIMIT 5","dials":1,"per":"day"}"#,
                "LIMIT",
            ),
        ] {
            let fault = fault_of(&[quota(wrong)]).unwrap_or_default();
            assert!(fault.contains(word), "{wrong}: {fault}");
        }
        assert!(fault_of(&[good.clone(), good]).is_some(), "two of one name");
    }
}
