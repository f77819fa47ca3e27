//! The choice of an intent model for a call, by the facts known about the customer and the campaign's model
//! tiers. It is a recorded fact before the first prompt.

use super::OfferFacts;
use crate::attribute::{Attribute, normalize_text};
use crate::model::ModelRef;
use crate::model_tier::ModelTiers;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The model that was chosen for a call before anything was said. The customer's value behind the choice is
/// not stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers)]
#[serde(deny_unknown_fields)]
#[open(tier, by)]
pub struct ModelChosenFact {
    /// The model of the tier. Absent for the campaign's own or the bundled model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    pub reason: ModelReason,
    /// Index of the tier, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u32>,
    /// Name of the variable or attribute that decided.
    #[serde(rename = "tier_by", default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"rfm_grade")]
    pub by: Option<String>,
}

/// Why this model was chosen.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, derive::EventMembers,
)]
#[serde(rename_all = "snake_case")]
pub enum ModelReason {
    /// It is the model of the first tier that matches.
    Tier,
    /// No tier matches, or nothing is known.
    NoTier,
    /// The customer refuses the use of personal data, or it is restricted.
    Restricted,
}

impl ModelReason {
    /// Returns the labels of the reason: Chinese, then English.
    pub const fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Tier => ("按档次", "by a tier"),
            Self::NoTier => ("不属任何档次", "of no tier"),
            Self::Restricted => ("客户拒绝或限制个性化", "refused or restricted"),
        }
    }
}

impl ModelChosenFact {
    /// Returns one line for reports: the model and the reason.
    pub fn in_words(&self) -> String {
        let (zh, en) = self.reason.labels();
        let model = self
            .model
            .as_ref()
            .map_or_else(|| "—".to_owned(), ToString::to_string);
        let by = self
            .by
            .as_deref()
            .map_or_else(String::new, |by| format!(" ({by})"));
        format!("{model}: {zh} / {en}{by}")
    }

    /// Returns a copy without the names of models and columns of the installation.
    pub const fn masked(&self) -> Self {
        Self {
            model: None,
            reason: self.reason,
            tier: self.tier,
            by: None,
        }
    }

    /// Returns false: a tier is information about a person.
    pub const fn is_anonymous(&self) -> bool {
        false
    }
}

/// Returns which model a customer's call uses, by the first tier that matches, and why; `None` if the
/// campaign has no tiers.
pub fn model_of(
    tiers: &ModelTiers,
    variables: &BTreeMap<String, String>,
    known: &OfferFacts,
) -> Option<ModelChosenFact> {
    if tiers.is_empty() {
        return None;
    }
    let without = |reason| ModelChosenFact {
        model: None,
        reason,
        tier: None,
        by: None,
    };
    if *known == OfferFacts::Restricted {
        return Some(without(ModelReason::Restricted));
    }
    let mut all = tiers.tiers().iter().enumerate();
    let meant = all.find(|(_, tier)| {
        let value = value_of(&tier.by, variables, known);
        value.is_some_and(|value| normalize_text(value.trim()) == normalize_text(tier.is.trim()))
    });
    Some(match meant {
        Some((at, tier)) => ModelChosenFact {
            model: Some(tier.model.clone()),
            reason: ModelReason::Tier,
            tier: u32::try_from(at).ok(),
            by: Some(tier.by.clone()),
        },
        None => without(ModelReason::NoTier),
    })
}

fn value_of(name: &str, variables: &BTreeMap<String, String>, known: &OfferFacts) -> Option<String> {
    let listed = variables.get(name).filter(|value| !value.trim().is_empty());
    if let Some(value) = listed {
        return Some(value.clone());
    }
    match known {
        OfferFacts::Known(profile) => {
            let attribute = Attribute::named(name).ok()?;
            profile.value(&attribute).map(|value| value.written())
        }
        OfferFacts::Restricted | OfferFacts::NotRead => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::Profile;
    use crate::model_tier::{GRADE, ModelTier};

    fn model(name: &str, version: u32) -> ModelRef {
        serde_json::from_value(serde_json::json!({
            "model": name, "version": version, "digest": "a".repeat(64),
        }))
        .unwrap()
    }

    fn tiers() -> ModelTiers {
        let tier = |by: &str, is: &str, name| ModelTier {
            by: by.to_owned(),
            is: is.to_owned(),
            model: model(name, 2),
        };
        ModelTiers::new(vec![
            tier(GRADE, "champion", "best"),
            tier("customer_level", "VIP", "good"),
        ])
    }

    fn facts(values: &[(&str, &str)]) -> OfferFacts {
        let values = values.iter().map(|(name, text)| {
            let attribute = Attribute::named(name).unwrap();
            let value = attribute.read(text).unwrap();
            (attribute, value)
        });
        OfferFacts::of(
            Profile::of_registered(values.collect(), std::collections::BTreeSet::new()),
            false,
        )
    }

    #[test]
    fn the_first_tier_that_is_meant_names_the_model_and_why() {
        let list = |value: &str| BTreeMap::from([(GRADE.to_owned(), value.to_owned())]);
        let nothing = BTreeMap::new();
        let refuses = facts(&[("rfm_grade", "champion"), ("is_profiling_refused", "true")]);
        for (variables, known, tier, reason) in [
            (&list("champion"), facts(&[]), Some(0), ModelReason::Tier),
            (
                &nothing,
                facts(&[("rfm_grade", "Champion")]),
                Some(0),
                ModelReason::Tier,
            ),
            (
                &nothing,
                facts(&[("customer_level", "vip")]),
                Some(1),
                ModelReason::Tier,
            ),
            (
                &list("lost"),
                facts(&[("rfm_grade", "champion")]),
                None,
                ModelReason::NoTier,
            ),
            (&nothing, facts(&[]), None, ModelReason::NoTier),
            (&nothing, OfferFacts::NotRead, None, ModelReason::NoTier),
            (&nothing, refuses.clone(), None, ModelReason::Restricted),
            (&list("champion"), refuses, None, ModelReason::Restricted),
        ] {
            let chosen = model_of(&tiers(), variables, &known).unwrap();
            assert_eq!(
                (chosen.tier, chosen.reason),
                (tier, reason),
                "{variables:?} {known:?}"
            );
            assert_eq!(chosen.model.is_some(), tier.is_some());
        }
        assert_eq!(
            model_of(&ModelTiers::default(), &list("champion"), &facts(&[])),
            None
        );
    }
}
