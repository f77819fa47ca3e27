//! `model_tiers` of a campaign's body: the published models for customers with a grade or value.

use crate::members::Members;
use domain::grouping::RFM_GRADES;
use domain::model::ModelSelector;
use domain::model_tier::{GRADE, TIERS_MAX};
use schemars::JsonSchema;
use serde::Deserialize;

/// Longest name or value of a tier in bytes.
const TIER_TEXT_BYTES_MAX: usize = 128;

/// One tier of `model_tiers` as it is sent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ModelTierRequest", extend("examples" = [{ "grade": "lost", "model": "zh_outbound@2" }]))]
pub(crate) struct ModelTierRequest {
    /// An RFM grade (recency, frequency, monetary value), from the list's column or the attribute
    /// `rfm_grade`.
    #[serde(default)]
    grade: Option<String>,
    /// Alternatively, a column of the list or an attribute, with its value.
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    is: Option<String>,
    /// A published model with its version, NAME@V.
    #[schemars(example = &"zh_outbound@2")]
    model: String,
}

/// One tier: customers with the value `is` in the column or attribute `by` get this model, named but not
/// yet resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedModelTier {
    pub by: String,
    pub is: String,
    pub model: ModelSelector,
}

impl ModelTierRequest {
    fn read(self) -> Result<NamedModelTier, String> {
        let model: ModelSelector = self.model.parse().map_err(|error| format!("model: {error}"))?;
        if model.version.is_none() {
            return Err("model has no version: use NAME@V".to_owned());
        }
        let (by, is) = match (self.grade, self.by, self.is) {
            (Some(grade), None, None) => {
                if !RFM_GRADES.iter().any(|known| known.code == grade) {
                    let known: Vec<&str> = RFM_GRADES.iter().map(|known| known.code).collect();
                    return Err(format!("grade is one of {}", known.join(", ")));
                }
                (GRADE.to_owned(), grade)
            }
            (None, Some(by), Some(is)) => (by, is),
            _ => return Err("needs grade, or by and is".to_owned()),
        };
        let fits = |text: &String| (1..=TIER_TEXT_BYTES_MAX).contains(&text.trim().len());
        if !fits(&by) || !fits(&is) {
            return Err(format!("by and is have 1 to {TIER_TEXT_BYTES_MAX} bytes"));
        }
        Ok(NamedModelTier { by, is, model })
    }
}

/// Reads `model_tiers` of the body; empty if absent. Notes an error for each invalid tier, and if there are
/// more than `TIERS_MAX`.
pub(crate) fn tiers_of(body: &mut Members) -> Vec<NamedModelTier> {
    let sent = body
        .value::<Vec<ModelTierRequest>>("model_tiers")
        .unwrap_or_default();
    if sent.len() > TIERS_MAX {
        body.wrong("model_tiers", format!("has at most {TIERS_MAX}"));
    }
    let mut tiers = Vec::new();
    for (at, one) in sent.into_iter().take(TIERS_MAX).enumerate() {
        match one.read() {
            Ok(tier) => tiers.push(tier),
            Err(why) => body.wrong(&format!("model_tiers[{at}]"), why),
        }
    }
    tiers
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(tiers: Value) -> (Vec<NamedModelTier>, bool) {
        let object = json!({ "model_tiers": tiers });
        let mut body = Members::new(object.as_object().unwrap().clone());
        let tiers = tiers_of(&mut body);
        (tiers, body.finish().is_ok())
    }

    #[test]
    fn a_tier_has_a_grade_or_a_value_and_a_model_with_its_version() {
        let (tiers, is_right) = read(json!([
            { "grade": "champion", "model": "best@2" },
            { "by": "customer_level", "is": "VIP", "model": "good@1" },
        ]));
        assert!(is_right);
        let tiers_read: Vec<(&str, &str, String)> = tiers
            .iter()
            .map(|one| (one.by.as_str(), one.is.as_str(), one.model.to_string()))
            .collect();
        assert_eq!(
            tiers_read,
            [
                ("rfm_grade", "champion", "best@2".to_owned()),
                ("customer_level", "VIP", "good@1".to_owned())
            ]
        );
        for wrong in [
            json!([{ "grade": "champion", "model": "best" }]),
            json!([{ "grade": "grand", "model": "best@2" }]),
            json!([{ "grade": "champion", "by": "a", "is": "b", "model": "best@2" }]),
            json!([{ "by": "a", "model": "best@2" }]),
            json!([{ "by": "", "is": "b", "model": "best@2" }]),
            json!([{ "grade": "champion", "model": "best@2", "colour": "red" }]),
            json!({ "grade": "champion", "model": "best@2" }),
            Value::Array(vec![json!({ "grade": "champion", "model": "best@2" }); 11]),
        ] {
            assert!(!read(wrong.clone()).1, "{wrong}");
        }
    }
}
