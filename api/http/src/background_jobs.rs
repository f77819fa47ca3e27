//! Background jobs: work that takes long enough to delay other requests.

use crate::api_description::ReadReply;
use application::installation::Installation;
use domain::problem::Problem;

/// Runs long work on a thread of the pool for rehearsals and returns its result. `work` gets a function that
/// returns false when the caller has gone; it should check it regularly and then return `None`. Fails with
/// `unavailable` if there is no result: the process ends, or it took too long.
pub(crate) async fn run_in_background<T: Send + 'static>(
    installation: &Installation,
    work: impl FnOnce(&dyn Fn() -> bool) -> Result<Option<T>, Problem> + Send + 'static,
) -> Result<ReadReply<T>, Problem> {
    let result = installation
        .past
        .run_rehearsal(&installation.environment, move |apart| {
            work(&|| (apart.goes_on)())
        })
        .await?;
    match result.transpose()?.flatten() {
        Some(found) => Ok(ReadReply(found)),
        None => Err(Problem::unavailable(
            "the server is shutting down, or the request took too long",
        )),
    }
}
