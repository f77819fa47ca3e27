//! Access control of the endpoint: the process that listens decides, based only on the `authorization` header
//! and the peer's address.

use async_trait::async_trait;
use domain::number_ids::NumberIdForm;
use domain::permission::CampaignScope;
use domain::ports::tasks::StopSignal;
use std::net::IpAddr;
use std::sync::Arc;

/// The permissions of a caller.
#[derive(Clone)]
pub struct CallerPermissions {
    pub may_read: bool,
    pub may_append: bool,
    /// The campaigns with events that the caller may see. A stream without any of them does not exist for
    /// the caller.
    pub campaigns: CampaignScope,
    /// The form in which the caller gets ids of phone numbers.
    pub number_ids: NumberIdForm,
    /// Ends open replies when the caller's access ends. Without it, only the end of the server does.
    pub until: Option<Arc<dyn StopSignal>>,
}

impl CallerPermissions {
    /// Permits reading and appending, for all campaigns.
    pub const EVERYTHING: Self = Self {
        may_read: true,
        may_append: true,
        campaigns: CampaignScope::All,
        number_ids: NumberIdForm::AsStored,
        until: None,
    };
}

/// Decides about each call by its `authorization` header (`Bearer KEY`, or `Basic` with the key as password).
///
/// ServerFeatures and Gossip need no admission, as in KurrentDB: clients call them before they send
/// credentials, and the answers contain nothing but the protocol's version and this node's address.
#[async_trait]
pub trait Admission: Send + Sync {
    /// Returns the caller's permissions; `None` for an unknown caller.
    async fn admits(&self, authorization: Option<&str>, peer: Option<IpAddr>) -> Option<CallerPermissions>;
}

/// Admits every caller: for tests, and for listeners that are protected in another way.
#[derive(Debug, Clone, Copy)]
pub struct OpenAdmission;

#[async_trait]
impl Admission for OpenAdmission {
    async fn admits(&self, _authorization: Option<&str>, _peer: Option<IpAddr>) -> Option<CallerPermissions> {
        Some(CallerPermissions::EVERYTHING)
    }
}
