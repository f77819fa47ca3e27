//! What a campaign says of its seller to who answered and finds no agent free; the words are the value's.

use crate::calling_plan::{CallingPlan, Preset};
use crate::flow::FlowDefinition;
pub use values::seller::Seller;
use values::seller::SellerMessage;

impl CallingPlan {
    /// What is said to who answered and finds no agent free, in the language of the flow and with its key;
    /// nothing where the plan names no seller, or robots take the calls.
    pub fn seller_message(&self, flow: Option<&FlowDefinition>) -> Option<String> {
        let seller = self.seller.as_deref()?;
        let message = SellerMessage {
            seller,
            language: flow.map_or("", |flow| flow.lang.as_str()),
            sells: self.sells(),
            refusing_key: flow.and_then(FlowDefinition::refusing_key),
        };
        self.dialing_mode().needs_agents().then(|| message.text())
    }

    /// Whether its calls are to sell something, by the presets that bind it.
    pub fn sells(&self) -> bool {
        self.presets()
            .any(|preset| matches!(preset, Preset::UsTsr | Preset::CnMarketing))
    }
}
