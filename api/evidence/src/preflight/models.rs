//! Checks whether the process that answers can use the models of a campaign: their bytes are stored next to
//! the log, not in it.

use application::installation::Installation;
use application::models::{ModelBlobFault, ModelBlobStore};
use domain::calling_plan::CallingPlan;
use domain::model::ModelRef;
use domain::problem::Problem;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use tokio::sync::oneshot;

/// One model that the campaign uses.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CampaignModel {
    #[schemars(example = &"zh_outbound@3")]
    pub model: String,
    /// The tier that uses the model, as variable and value; null for the campaign's own model.
    #[schemars(example = &"rfm_grade=champion")]
    pub tier: Option<String>,
    pub state: ModelPresence,
    /// What to do if the model is missing: until then the bundled model is used for those calls.
    pub en: Option<String>,
    pub zh: Option<&'static str>,
}

/// Whether the model is present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelPresence {
    Here,
    Missing,
    /// The file has other content or cannot be read.
    Damaged,
}

/// Returns the models that a campaign uses, its own first, then its tiers in order, each with whether its
/// file is usable here. The files (up to ten megabytes each) are read on a thread of their own.
pub(super) async fn models(
    installation: &Installation,
    plan: &CallingPlan,
) -> Result<Vec<CampaignModel>, Problem> {
    let named = named(plan);
    if named.is_empty() {
        return Ok(Vec::new());
    }
    let shelf = ModelBlobStore::of(installation);
    let (sender, receiver) = oneshot::channel();
    let work = move || {
        // Read from the disk: another campaign's copy in memory is lost with the process.
        let found = found(named, |model| shelf.bytes(&model.model, &model.digest).err());
        // The caller may be gone.
        let _gone = sender.send(found);
    };
    installation.tasks().thread("models", Box::new(work));
    receiver
        .await
        .map_err(|_gone| Problem::unavailable("the server is shutting down"))
}

/// A model and the tier that uses it.
type ModelWithTier = (ModelRef, Option<String>);

fn named(plan: &CallingPlan) -> Vec<ModelWithTier> {
    let own = plan.model.as_deref().map(|model| (model.clone(), None));
    let tiers = plan.model_tiers.tiers().iter();
    let tiers = tiers.map(|tier| (tier.model.clone(), Some(format!("{}={}", tier.by, tier.is))));
    own.into_iter().chain(tiers).collect()
}

/// Checks the file of each content once, even if several names refer to it.
fn found(
    named: Vec<ModelWithTier>,
    look: impl Fn(&ModelRef) -> Option<ModelBlobFault>,
) -> Vec<CampaignModel> {
    let mut looked: BTreeMap<String, Option<ModelBlobFault>> = BTreeMap::new();
    named
        .into_iter()
        .map(|(model, tier)| {
            let fault = looked.entry(model.digest.clone()).or_insert_with(|| look(&model));
            described(&model, tier, fault.as_ref())
        })
        .collect()
}

fn described(model: &ModelRef, tier: Option<String>, fault: Option<&ModelBlobFault>) -> CampaignModel {
    let (state, zh) = match fault {
        None => (ModelPresence::Here, None),
        Some(ModelBlobFault::Missing { .. }) => (
            ModelPresence::Missing,
            Some("本机没有该模型的文件：请在此再次发布；此前相关呼叫由自带模型理解"),
        ),
        Some(
            ModelBlobFault::Damaged { .. } | ModelBlobFault::Unreadable { .. } | ModelBlobFault::Disk(_),
        ) => (
            ModelPresence::Damaged,
            Some("本机的模型文件已损坏：请在此再次发布；此前相关呼叫由自带模型理解"),
        ),
    };
    CampaignModel {
        model: model.to_string(),
        tier,
        state,
        en: fault.map(|fault| said_of(fault, model)),
        zh,
    }
}

/// Returns the fault in words with the name of this model: the same content may have been checked under
/// another name.
fn said_of(fault: &ModelBlobFault, model: &ModelRef) -> String {
    let named = model.model.to_string();
    match fault {
        ModelBlobFault::Missing { .. } => ModelBlobFault::Missing { named }.to_string(),
        ModelBlobFault::Damaged { .. } => ModelBlobFault::Damaged { named }.to_string(),
        ModelBlobFault::Unreadable { fault, .. } => format!("model {named}: {fault}"),
        ModelBlobFault::Disk(_) => fault.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn model(name: &str, digest: &str) -> ModelRef {
        ModelRef {
            model: name.parse().unwrap(),
            version: 1,
            digest: digest.to_owned(),
        }
    }

    #[test]
    fn each_content_is_looked_at_once_and_said_of_each_name() {
        let named = vec![
            (model("zh", "aa"), None),
            (model("zh", "bb"), Some("rfm_grade=lost".to_owned())),
            (model("of_old", "aa"), Some("rfm_grade=champion".to_owned())),
        ];
        let looked = RefCell::new(Vec::new());
        let all = found(named, |model| {
            looked.borrow_mut().push(model.digest.clone());
            let named = model.model.to_string();
            (model.digest == "aa").then_some(ModelBlobFault::Missing { named })
        });
        assert_eq!(looked.into_inner(), ["aa", "bb"]);
        let states: Vec<ModelPresence> = all.iter().map(|one| one.state).collect();
        let (missing, here) = (ModelPresence::Missing, ModelPresence::Here);
        assert_eq!(states, [missing, here, missing]);
        let said = all[2].en.as_deref().unwrap();
        assert!(said.contains("of_old") && !said.contains("zh"), "{said}");
        assert_eq!(all[2].tier.as_deref(), Some("rfm_grade=champion"));
    }
}
