//! Alternative wordings of one text, compared by a metric after a stated number of calls.

use super::fault::DefinitionFault;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Most wordings of one text; more are a fault. More would need more calls than a campaign has.
pub const ARMS_MAX: usize = 5;

/// Alternative wordings of a node's text. Each call uses one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variants {
    /// The metric that decides.
    pub metric: VariantMetric,
    /// Number of calls after which the comparison is decided; before that, no wording is called better.
    pub stop_after_calls: u32,
    /// The wordings, by name. Without a call, the node's own `text` is used.
    pub arms: BTreeMap<String, Arm>,
}

/// The metric by which wordings are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VariantMetric {
    /// Answered calls with the outcome `success`.
    Conversion,
    /// Calls that reached an end of the flow.
    Completion,
    /// Calls with the outcome `opted_out`; fewer is better.
    OptOut,
}

/// One wording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VariantArm")]
pub struct Arm {
    pub text: String,
    /// Its share of the calls, relative to the weights of the other wordings.
    #[serde(default = "one")]
    pub weight: u32,
}

const fn one() -> u32 {
    1
}

impl Variants {
    /// Returns name and wording for a call, selected by a hash of `call` and `node` in proportion to the
    /// weights: the same arguments always give the same wording. `None` if all weights are zero.
    pub fn chosen(&self, call: &str, node: &str) -> Option<(&str, &Arm)> {
        let total: u64 = self.arms.values().map(|arm| u64::from(arm.weight)).sum();
        let digest = Sha256::digest(format!("{call}/{node}").as_bytes());
        let (first, _) = digest.split_first_chunk::<8>()?;
        let mut drawn = u64::from_be_bytes(*first).checked_rem(total)?;
        for (name, arm) in &self.arms {
            match drawn.checked_sub(u64::from(arm.weight)) {
                Some(rest) => drawn = rest,
                None => return Some((name, arm)),
            }
        }
        None
    }

    /// Adds a fault if there are more than `ARMS_MAX` wordings, no weight above zero, or no number of
    /// calls; `member` is their path.
    pub(super) fn check(&self, member: &str, faults: &mut Vec<DefinitionFault>) {
        let weighed = self.arms.values().any(|arm| arm.weight > 0);
        if !weighed || self.arms.len() > ARMS_MAX || self.stop_after_calls == 0 {
            faults.push(DefinitionFault::BadVariants {
                member: member.to_owned(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_always_has_the_same_wording_and_calls_share_by_weight() {
        let arm = |text: &str, weight| Arm {
            text: text.to_owned(),
            weight,
        };
        let variants = Variants {
            metric: VariantMetric::Conversion,
            stop_after_calls: 1_000,
            arms: [("a".to_owned(), arm("甲", 3)), ("b".to_owned(), arm("乙", 1))].into(),
        };
        let mut of_a = 0;
        for number in 0..2_000 {
            let call = format!("call-{number}");
            let (name, _) = variants.chosen(&call, "greeting").unwrap();
            assert_eq!(variants.chosen(&call, "greeting").unwrap().0, name);
            of_a += i32::from(name == "a");
        }
        assert!((1_400..1_600).contains(&of_a), "{of_a}");
        let without_variants = Variants {
            arms: [("a".to_owned(), arm("甲", 0))].into(),
            ..variants
        };
        assert_eq!(without_variants.chosen("call-1", "greeting"), None);
    }
}
