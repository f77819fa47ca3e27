//! Entities as an engine: as many requests as a commit has events; and the same bytes in a plain file.

use crate::append::{Engine, Round};
use crate::bench_installation::BenchInstallation;
use async_trait::async_trait;
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use futures_util::future::try_join_all;
use std::ops::Range;
use std::sync::Arc;
use store::yardstick::RawFile;
use tokio::sync::oneshot;

/// The engine that appends through entities: as many requests as the round has events, all at the same
/// time, each to another entity.
pub(crate) struct ActorEngine {
    pub name: &'static str,
    pub(crate) workshop: Arc<BenchInstallation>,
}

#[async_trait]
impl Engine for ActorEngine {
    fn name(&self) -> &'static str {
        self.name
    }
    async fn commit(&mut self, round: &Round) -> Result<(), Problem> {
        run_in_tasks(self.workshop.tasks(), round.count, |askers| {
            let workshop = Arc::clone(&self.workshop);
            async move {
                let asks = askers.map(|index| workshop.ask(index));
                try_join_all(asks).await.map(drop)
            }
        })
        .await
        .map(drop)
    }
}

/// The tasks that share the requests of a round: as in a server, they are not all in one task.
const ASKER_TASKS: usize = 4;

/// Fewest requests of a task: to start more tasks costs more than fewer requests would gain.
const ASKERS_OF_A_TASK_MIN: usize = 16;

/// Runs all requests at the same time, a part of them in each task of the runtime, in order. None runs in the
/// caller's task, because the thread of that may not be one of the runtime's. Returns the result of each
/// part.
pub(crate) async fn run_in_tasks<T, F>(
    tasks: &dyn Tasks,
    askers_count: usize,
    mut part: impl FnMut(Range<usize>) -> F,
) -> Result<Vec<T>, Problem>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Problem>> + Send + 'static,
{
    let each = askers_count.div_ceil(ASKER_TASKS).max(ASKERS_OF_A_TASK_MIN);
    let mut parts = Vec::with_capacity(ASKER_TASKS);
    for first in (0..askers_count).step_by(each) {
        let (done, ended) = oneshot::channel();
        let asking = part(first..askers_count.min(first + each));
        tasks.spawn("askers", Box::pin(async move { drop(done.send(asking.await)) }));
        parts.push(ended);
    }
    let mut answers = Vec::with_capacity(parts.len());
    for ended in parts {
        answers.push(ended.await.map_err(|error| Problem::fault(error.to_string()))??);
    }
    Ok(answers)
}

/// The engine that writes the same number of bytes as the entities to a plain file, in one write and one
/// sync.
pub(crate) struct ActorRawFileEngine {
    name: &'static str,
    file: RawFile,
    record: Vec<u8>,
}

impl ActorRawFileEngine {
    pub(super) fn new(name: &'static str, file: RawFile, record_bytes: usize) -> Self {
        Self {
            name,
            file,
            record: vec![b'x'; record_bytes],
        }
    }
}

#[async_trait]
impl Engine for ActorRawFileEngine {
    fn name(&self) -> &'static str {
        self.name
    }
    async fn commit(&mut self, round: &Round) -> Result<(), Problem> {
        let records = std::iter::repeat_n(self.record.as_slice(), round.count);
        Ok(self.file.commit(records)?)
    }
}
