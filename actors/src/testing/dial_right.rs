//! A right to dial that a test grants and withdraws.

use crate::dial_right::DialRight;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::watch;

/// The right to dial: held (`Some(true)`), held by another process (`Some(false)`), or unknown (`None`).
pub(crate) struct FakeRight(watch::Sender<Option<bool>>);

impl FakeRight {
    pub(crate) fn new(known: Option<bool>) -> Arc<Self> {
        Arc::new(Self(watch::channel(known).0))
    }

    pub(crate) fn set(&self, known: Option<bool>) {
        self.0.send_replace(known);
    }
}

#[async_trait]
impl DialRight for FakeRight {
    fn is_held(&self) -> bool {
        *self.0.borrow() == Some(true)
    }

    fn is_of_another(&self) -> bool {
        *self.0.borrow() == Some(false)
    }

    async fn held(&self) -> bool {
        let mut known = self.0.subscribe();
        known.wait_for(Option::is_some).await.unwrap().unwrap()
    }
}
