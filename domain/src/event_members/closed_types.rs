//! Implements `EventMembers` for the closed types: ids, times, codes and settings, whose values contain
//! no text about a person. A member of such a type is never sealed.

use super::{EventMembers, PersonalMembers, Pointer};
use crate::deal::Currency;
use crate::past_call::PastCallId;
use crate::personal::LookupHash;
use crate::preferred_times::PreferredTime;
use crate::ranking::CallValue;
use crate::record::stored_event::{Position, RequestMark, StreamVersion};
use crate::registry_book::AreaCode;
use crate::screening::NumberListName;
use crate::time::Timestamp;
use crate::working_calendar::Day;
use values::call_caps::CallCap;
use values::digest::SecretDigest;
use values::disposition::{Disposition, InterestLevel, Outcome};
use values::emotion::EmotionReading;
use values::go_live::Stage;
use values::ids;
use values::key_rule::KeyRule;
use values::message_method::MessageMethod;
use values::permission::{CampaignScope, Permission, Role};
use values::preset_name::Preset;
use values::routing_score::Weights;
use values::transfer_reason::TransferReason;

/// Implements `EventMembers` for types without personal members.
macro_rules! closed {
    ($($closed:ty),* $(,)?) => {
        $(impl EventMembers for $closed {
            const MAY_BE_PERSONAL: bool = false;
            fn list_personal<'a>(&'a mut self, _: &Pointer<'_>, _: &mut PersonalMembers<'a>) {}
        })*
    };
}

closed! {
    bool,
    ids::ApprovalId, ids::CallId, ids::CampaignId, ids::ConversationId, ids::CustomerId, ids::EventId,
    ids::FlowId, ids::KeyId, ids::KnowledgeId, ids::ListId, ids::MessageId, ids::ModelId, ids::NumberId,
    ids::PersonRequestId, ids::TeamId, ids::UserId, ids::WebhookId, PastCallId,
    Position, RequestMark, StreamVersion, Timestamp, LookupHash, SecretDigest,
    AreaCode, CallCap, CallValue, CampaignScope, Currency, Day, Disposition, EmotionReading, InterestLevel,
    KeyRule, NumberListName, Outcome, Permission, PreferredTime, Preset, Role, Stage, TransferReason,
    MessageMethod, Weights,
}
