//! Who may call: decided by the process that listens, on the `authorization` header and the peer alone.

use async_trait::async_trait;
use domain::number_ids::NumberIds;
use domain::permission::CampaignScope;
use domain::ports::tasks::StopSignal;
use std::net::IpAddr;
use std::sync::Arc;

/// What a caller may do here.
#[derive(Clone)]
pub struct Admitted {
    pub may_read: bool,
    pub may_append: bool,
    /// Only events about these are shown; a stream without one does not exist.
    pub campaigns: CampaignScope,
    /// In which form the caller gets ids of phone numbers.
    pub number_ids: NumberIds,
    /// Ends what was opened, when the caller may no more; without it, only the server does.
    pub until: Option<Arc<dyn StopSignal>>,
}

impl Admitted {
    /// Everything, of all.
    pub const EVERYTHING: Self = Self {
        may_read: true,
        may_append: true,
        campaigns: CampaignScope::All,
        number_ids: NumberIds::AsStored,
        until: None,
    };
}

/// Looks at each call's `authorization` header (`Bearer KEY`, or `Basic` with the key as password).
///
/// ServerFeatures and Gossip are answered without asking, as KurrentDB does: clients ask them before they
/// send credentials, and they say nothing but the protocol's version.
#[async_trait]
pub trait Admission: Send + Sync {
    /// What the caller may; `None` for nobody who is known.
    async fn admits(&self, authorization: Option<&str>, peer: Option<IpAddr>) -> Option<Admitted>;
}

/// Admits every caller: for tests, and for who guards the listener in another way.
#[derive(Debug, Clone, Copy)]
pub struct Everyone;

#[async_trait]
impl Admission for Everyone {
    async fn admits(&self, _authorization: Option<&str>, _peer: Option<IpAddr>) -> Option<Admitted> {
        Some(Admitted::EVERYTHING)
    }
}
