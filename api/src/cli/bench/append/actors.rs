//! Entities as an engine: as many askers as a commit has events; and the same bytes in a plain file.

use super::{Engine, Round};
use crate::cli::bench::workshop::Workshop;
use crate::cli::failure::Failure;
use async_trait::async_trait;
use futures_util::future::try_join_all;
use std::sync::Arc;
use store::yardstick::RawFile;

/// As many askers as the round has events, all waiting at once, each of another entity.
pub(super) struct ActorEngine {
    pub(super) name: &'static str,
    pub(super) workshop: Arc<Workshop>,
}

#[async_trait]
impl Engine for ActorEngine {
    fn name(&self) -> &'static str {
        self.name
    }
    async fn commit(&mut self, round: &Round) -> Result<(), Failure> {
        let asks = (0..round.count).map(|index| self.workshop.ask(index));
        try_join_all(asks).await?;
        Ok(())
    }
}

/// The same number of bytes as the entities write, in one write and one sync.
pub(super) struct RawOfActors {
    name: &'static str,
    file: RawFile,
    record: Vec<u8>,
}

impl RawOfActors {
    pub(super) fn new(name: &'static str, file: RawFile, record_bytes: usize) -> Self {
        Self {
            name,
            file,
            record: vec![b'x'; record_bytes],
        }
    }
}

#[async_trait]
impl Engine for RawOfActors {
    fn name(&self) -> &'static str {
        self.name
    }
    async fn commit(&mut self, round: &Round) -> Result<(), Failure> {
        let records = std::iter::repeat_n(self.record.as_slice(), round.count);
        Ok(self.file.commit(records)?)
    }
}
