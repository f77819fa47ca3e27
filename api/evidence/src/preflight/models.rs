//! Whether the models that a campaign names can be used by the process that answers: their bytes are beside
//! its log, and not in it.

use application::installation::Installation;
use application::models::{ModelShelf, ShelfFault};
use domain::calling_plan::CallingPlan;
use domain::model::ModelRef;
use schemars::JsonSchema;
use serde::Serialize;

/// One model that the campaign names.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ModelFound {
    #[schemars(example = &"zh_outbound@3")]
    pub model: String,
    /// For whom: the tier's variable and its value; null of the campaign's own model.
    #[schemars(example = &"rfm_grade=champion")]
    pub tier: Option<String>,
    pub state: ModelFoundState,
    /// What is to be done where it is not here: the calls concerned are understood by the bundled model.
    pub en: Option<String>,
    pub zh: Option<&'static str>,
}

/// Whether it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelFoundState {
    Here,
    Missing,
    /// Its file is another one, or cannot be read.
    Damaged,
}

/// The campaign's own model first, then its tiers in their order.
pub(super) fn models(installation: &Installation, plan: &CallingPlan) -> Vec<ModelFound> {
    let shelf = ModelShelf::of(installation);
    let own = plan.model.as_deref().map(|model| (model, None));
    let tiers = plan.model_tiers.tiers().iter();
    let tiers = tiers.map(|tier| (&tier.model, Some(format!("{}={}", tier.by, tier.is))));
    own.into_iter()
        .chain(tiers)
        .map(|(model, tier)| found(&shelf, model, tier))
        .collect()
}

fn found(shelf: &ModelShelf, model: &ModelRef, tier: Option<String>) -> ModelFound {
    // From the disk: what another campaign has in memory is gone with the process.
    let fault = shelf.bytes(&model.model, &model.digest).err();
    let (state, zh) = match &fault {
        None => (ModelFoundState::Here, None),
        Some(ShelfFault::Missing { .. }) => (
            ModelFoundState::Missing,
            Some("本机没有该模型的文件：请在此再次发布；此前相关呼叫由自带模型理解"),
        ),
        Some(ShelfFault::Damaged { .. } | ShelfFault::Unreadable { .. } | ShelfFault::Disk(_)) => (
            ModelFoundState::Damaged,
            Some("本机的模型文件已损坏：请在此再次发布；此前相关呼叫由自带模型理解"),
        ),
    };
    ModelFound {
        model: model.to_string(),
        tier,
        state,
        en: fault.map(|fault| fault.to_string()),
        zh,
    }
}
