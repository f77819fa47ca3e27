//! The seller message of a plan for callees when no agent is free; the wording is in `SellerMessage`.

use crate::calling_plan::{CallingPlan, Preset};
use crate::flow::FlowDefinition;
pub use values::seller::Seller;
use values::seller::SellerMessage;

impl CallingPlan {
    /// Returns the message that a callee hears if no agent is free, in the flow's language and with its
    /// opt-out key. `None` if the plan names no seller, or robots take the calls.
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

    /// Returns true if the campaign's calls sell something, which its presets say (`us-tsr`,
    /// `cn-marketing`).
    pub fn sells(&self) -> bool {
        self.presets()
            .any(|preset| matches!(preset, Preset::UsTsr | Preset::CnMarketing))
    }
}
