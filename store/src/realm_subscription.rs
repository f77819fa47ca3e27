//! A subscription to the events of one realm: those of the other realm are left out.

use crate::realm_store::of_realm;
use async_trait::async_trait;
use domain::ports::event_store::{StoreError, Subscription};
use domain::realm::RealmName;
use domain::stored_event::StoredEvent;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A live reader of one realm.
pub(crate) struct RealmSubscription {
    pub(crate) log: Box<dyn Subscription>,
    pub(crate) realm: RealmName,
    pub(crate) has_gaps: Arc<AtomicBool>,
}

#[async_trait]
impl Subscription for RealmSubscription {
    async fn next(&mut self) -> Result<Vec<StoredEvent>, StoreError> {
        // Cancel-safe: nothing waits between a page and its return.
        loop {
            let page = self.log.next().await?;
            let own = of_realm(self.realm, &self.has_gaps, page)?;
            if !own.is_empty() {
                return Ok(own);
            }
        }
    }
}
