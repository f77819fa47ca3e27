//! Opens a log in a KurrentDB cluster, in builds that have its client (feature `kurrent`).

use crate::app::closable::ClosableResource;
use crate::app::error::AppError;
use domain::ports::clock::Clock;
use domain::ports::event_store::EventStore;
use domain::ports::tasks::Tasks;
use std::sync::Arc;

/// An open KurrentDB store: as the log, and as the resource that is closed at the end.
type OpenKurrent = (Arc<dyn EventStore>, Arc<dyn ClosableResource>);

#[cfg(feature = "kurrent")]
mod built {
    use super::{AppError, Arc, Clock, ClosableResource, OpenKurrent, Tasks};
    use async_trait::async_trait;
    use store::{KurrentEventStore, KurrentOptions};

    #[async_trait]
    impl ClosableResource for KurrentEventStore {
        async fn close(&self) {
            Self::close(self).await;
        }
    }

    pub(crate) async fn open(
        url: &str,
        clock: Arc<dyn Clock>,
        tasks: &dyn Tasks,
    ) -> Result<OpenKurrent, AppError> {
        let options = KurrentOptions::default();
        let store = Arc::new(KurrentEventStore::connect(url, clock, tasks, &options).await?);
        Ok((Arc::<KurrentEventStore>::clone(&store), store))
    }
}

#[cfg(not(feature = "kurrent"))]
mod built {
    use super::{AppError, Arc, Clock, OpenKurrent, Tasks};
    use std::future::{Ready, ready};

    /// The error text of a build without the KurrentDB client.
    const NO_KURRENT: &str = "this build has no KurrentDB client; build with --features kurrent";

    pub(crate) fn open(
        _url: &str,
        _clock: Arc<dyn Clock>,
        _tasks: &dyn Tasks,
    ) -> Ready<Result<OpenKurrent, AppError>> {
        ready(Err(AppError::NotBuilt(NO_KURRENT)))
    }
}

pub(super) use built::open;
