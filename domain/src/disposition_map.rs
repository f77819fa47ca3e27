//! The disposition map of a campaign: what follows each disposition, in precedence over the retry policy:
//! call again, mark the customer, or stop (CMP-3).
//!
//! Dispositions that are not named follow the policy. A customer who opted out is never called again, and a
//! number that the network or the callee closed is not retried: no map changes that.

use crate::calling_plan::{CallingPlan, RetryRule};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use values::disposition::Disposition;

/// The most attempts for one disposition; more are refused. Above any sensible policy.
pub const ATTEMPTS_MAX: u32 = 20;

/// The longest wait before an attempt, in milliseconds; a longer one is refused. 30 days.
pub const AFTER_MS_MAX: u64 = 30 * 86_400_000;

/// The most bytes of the tag with which a disposition marks a customer; a longer one is refused.
pub const MARK_BYTES_MAX: usize = 64;

/// An outcome that users write among the dispositions, which is refused with its own reason.
const OPTED_OUT: &str = "opted_out";

/// What follows one disposition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum DispositionAction {
    /// Called again `after_ms` after the end, at most `attempts` times.
    Retry { after_ms: u64, attempts: u32 },
    /// Not called again in this campaign, and tagged at the level behavior.
    Mark {
        #[schemars(length(min = 1, max = MARK_BYTES_MAX), example = &"晚点再说")]
        tag: String,
    },
    /// Not called again in this campaign.
    Stop {},
}

/// The map by disposition; see this file's description.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, DispositionAction>")]
pub struct DispositionMap(BTreeMap<Disposition, DispositionAction>);

/// The reasons why a disposition map is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DispositionMapFault {
    #[error("{0:?} is not a disposition: use busy, no_answer, unreachable, rejected, machine …")]
    Unknown(String),
    #[error("{0}: an opted-out customer is never called again; a campaign cannot loosen this")]
    OptedOut(&'static str),
    #[error("{}: a call with this disposition cannot be retried; use mark or stop", .0.code())]
    NotRetried(Disposition),
    #[error("{}: 1 to {ATTEMPTS_MAX} attempts, each at most 30 days after the end", .0.code())]
    OutOfBounds(Disposition),
    #[error("{}: a tag must have 1 to {MARK_BYTES_MAX} bytes and no control characters", .0.code())]
    Tag(Disposition),
    #[error(
        "{}: {attempts} attempts, but retry_policy allows {retries_max} over all dispositions: correct one \
         of the two",
        disposition.code()
    )]
    Contradicts {
        disposition: Disposition,
        attempts: u32,
        retries_max: u32,
    },
}

impl TryFrom<BTreeMap<String, DispositionAction>> for DispositionMap {
    type Error = DispositionMapFault;

    fn try_from(given: BTreeMap<String, DispositionAction>) -> Result<Self, DispositionMapFault> {
        let mut map = BTreeMap::new();
        for (name, after) in given {
            if name == OPTED_OUT {
                match after {
                    // This is what happens anyway.
                    DispositionAction::Stop {} => continue,
                    DispositionAction::Retry { .. } | DispositionAction::Mark { .. } => {
                        return Err(DispositionMapFault::OptedOut(OPTED_OUT));
                    }
                }
            }
            let disposition = Disposition::from_code(&name).ok_or(DispositionMapFault::Unknown(name))?;
            check(disposition, &after)?;
            map.insert(disposition, after);
        }
        Ok(Self(map))
    }
}

fn check(disposition: Disposition, after: &DispositionAction) -> Result<(), DispositionMapFault> {
    match after {
        DispositionAction::Retry { .. } if !may_be_retried(disposition) => {
            Err(DispositionMapFault::NotRetried(disposition))
        }
        DispositionAction::Retry { after_ms, attempts }
            if !(1..=ATTEMPTS_MAX).contains(attempts) || *after_ms > AFTER_MS_MAX =>
        {
            Err(DispositionMapFault::OutOfBounds(disposition))
        }
        DispositionAction::Mark { tag }
            if tag.trim().is_empty() || tag.len() > MARK_BYTES_MAX || tag.chars().any(char::is_control) =>
        {
            Err(DispositionMapFault::Tag(disposition))
        }
        DispositionAction::Retry { .. } | DispositionAction::Mark { .. } | DispositionAction::Stop {} => {
            Ok(())
        }
    }
}

/// Returns false for dispositions that are never retried: a completed conversation, a closed number, and a
/// call that was not dialed.
const fn may_be_retried(disposition: Disposition) -> bool {
    !matches!(
        disposition,
        Disposition::Answered
            | Disposition::InvalidNumber
            | Disposition::Blocked
            | Disposition::Withdrawn
            | Disposition::NotPermitted
    )
}

impl DispositionMap {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn get(&self, disposition: Disposition) -> Option<&DispositionAction> {
        self.0.get(&disposition)
    }

    /// Refuses a map with more attempts for a disposition than the retry policy allows over all
    /// dispositions.
    pub fn check_against(&self, policy_retries_max: u32) -> Result<(), DispositionMapFault> {
        for (disposition, after) in &self.0 {
            if let DispositionAction::Retry { attempts, .. } = after
                && *attempts > policy_retries_max
            {
                return Err(DispositionMapFault::Contradicts {
                    disposition: *disposition,
                    attempts: *attempts,
                    retries_max: policy_retries_max,
                });
            }
        }
        Ok(())
    }
}

impl schemars::JsonSchema for DispositionMap {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DispositionMap".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let after = generator.subschema_for::<DispositionAction>();
        let example = serde_json::json!({ "busy": { "do": "retry", "after_ms": 600_000, "attempts": 2 },
            "machine": { "do": "mark", "tag": "answering machine" }, "rejected": { "do": "stop" } });
        schemars::json_schema!({ "type": "object", "additionalProperties": after,
            "description": "By disposition: call again, mark or stop; others as retry_policy says",
            "examples": [example] })
    }
}

impl CallingPlan {
    /// Returns the rule for calling again after a disposition, from the map, else from the retry policy;
    /// `None` if there is no further call.
    pub fn retry_rule(&self, disposition: Disposition) -> Option<RetryRule> {
        match self.dispositions.get(disposition) {
            Some(DispositionAction::Retry { after_ms, attempts }) => Some(RetryRule {
                waits_ms: vec![*after_ms],
                retries_max: *attempts,
            }),
            Some(DispositionAction::Mark { .. } | DispositionAction::Stop {}) => None,
            None => self.retry_policy.rules.get(&disposition).cloned(),
        }
    }

    /// Returns true if the map ends all further calls after a disposition: retries, recycling rounds and
    /// further numbers.
    pub fn ends_after(&self, disposition: Disposition) -> bool {
        match self.dispositions.get(disposition) {
            Some(DispositionAction::Mark { .. } | DispositionAction::Stop {}) => true,
            Some(DispositionAction::Retry { .. }) | None => false,
        }
    }

    /// Returns the tag with which the map marks a customer after a disposition; `None` if it has none.
    pub fn mark_of(&self, disposition: Disposition) -> Option<&str> {
        match self.dispositions.get(disposition)? {
            DispositionAction::Mark { tag } => Some(tag),
            DispositionAction::Retry { .. } | DispositionAction::Stop {} => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calling_plan::Preset;
    use crate::compliance::testing::campaign_facts;

    fn read(text: &str) -> Result<DispositionMap, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn each_disposition_is_retried_marked_or_stopped_and_the_rest_is_as_the_policy_says() {
        let map = r#"{"busy":{"do":"retry","after_ms":60000,"attempts":2},
            "machine":{"do":"mark","tag":"mailbox"},"no_answer":{"do":"stop"},"opted_out":{"do":"stop"}}"#;
        let mut plan = campaign_facts(Preset::CnService).plan;
        let unnamed = plan.retry_rule(Disposition::Congestion);
        assert!(unnamed.is_some() && plan.retry_rule(Disposition::NoAnswer).is_some());
        plan.dispositions = read(map).unwrap();
        let busy = plan.retry_rule(Disposition::Busy).unwrap();
        assert_eq!((busy.waits_ms.as_slice(), busy.retries_max), (&[60_000][..], 2));
        assert_eq!(plan.retry_rule(Disposition::NoAnswer), None);
        assert_eq!(plan.retry_rule(Disposition::Machine), None);
        assert_eq!(plan.mark_of(Disposition::Machine), Some("mailbox"));
        assert!(plan.ends_after(Disposition::Machine) && plan.ends_after(Disposition::NoAnswer));
        assert!(!plan.ends_after(Disposition::Busy) && !plan.ends_after(Disposition::Congestion));
        assert_eq!(plan.retry_rule(Disposition::Congestion), unnamed);
        // Written in one order, and without entries that have no effect.
        let written = serde_json::to_string(&plan.dispositions).unwrap();
        let again = read(&written).unwrap();
        assert_eq!(again, plan.dispositions);
        assert!(!written.contains("opted_out"), "{written}");
    }

    #[test]
    fn what_is_unknown_contradictory_or_would_loosen_an_opt_out_is_refused() {
        for (wrong, why) in [
            (r#"{"hung_up_early":{"do":"stop"}}"#, "is not a disposition"),
            (
                r#"{"opted_out":{"do":"retry","after_ms":1,"attempts":1}}"#,
                "never called again",
            ),
            (
                r#"{"answered":{"do":"retry","after_ms":1,"attempts":1}}"#,
                "cannot be retried",
            ),
            (
                r#"{"invalid_number":{"do":"retry","after_ms":1,"attempts":1}}"#,
                "cannot be retried",
            ),
            (r#"{"busy":{"do":"retry","after_ms":1,"attempts":0}}"#, "attempts"),
            (
                r#"{"busy":{"do":"retry","after_ms":2592000001,"attempts":1}}"#,
                "30 days",
            ),
            (r#"{"busy":{"do":"retry","after_ms":1}}"#, "attempts"),
            (r#"{"busy":{"do":"mark","tag":" "}}"#, "a tag must have"),
            (r#"{"busy":{"do":"stop","attempts":1}}"#, "unknown field"),
            (r#"{"busy":{"do":"ring"}}"#, "unknown variant"),
        ] {
            let said = read(wrong).unwrap_err();
            assert!(said.contains(why), "{wrong}: {said}");
        }
        let four = read(r#"{"busy":{"do":"retry","after_ms":1,"attempts":4}}"#).unwrap();
        let said = four.check_against(3).unwrap_err().to_string();
        assert!(said.contains("4 attempts") && said.contains("allows 3"), "{said}");
        assert_eq!(four.check_against(4), Ok(()));
    }
}
