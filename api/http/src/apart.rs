//! What takes a while, apart from the requests that others wait for.

use crate::described::Read;
use application::installation::Installation;
use domain::problem::Problem;

/// Runs what takes a while on a thread of its own, at one of the few places of long questions.
pub(crate) async fn apart<T: Send + 'static>(
    installation: &Installation,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<Read<T>, Problem> {
    let told = installation
        .past
        .apart(&installation.environment, move |_| work())
        .await?;
    match told {
        Some(found) => found.map(Read),
        None => Err(Problem::unavailable("the process ends, or it took too long")),
    }
}
