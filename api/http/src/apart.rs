//! What takes a while, apart from the requests that others wait for.

use crate::described::Read;
use application::installation::Installation;
use domain::problem::Problem;

/// Runs what takes a while on a thread of its own, at the place of rehearsals. What it is handed says whether
/// anybody waits for it still: whoever works long asks now and then, and ends with nothing where nobody does.
pub(crate) async fn apart<T: Send + 'static>(
    installation: &Installation,
    work: impl FnOnce(&dyn Fn() -> bool) -> Result<Option<T>, Problem> + Send + 'static,
) -> Result<Read<T>, Problem> {
    let told = installation
        .past
        .rehearsed(&installation.environment, move |apart| {
            work(&|| (apart.goes_on)())
        })
        .await?;
    match told.transpose()?.flatten() {
        Some(found) => Ok(Read(found)),
        None => Err(Problem::unavailable(
            "the server is shutting down, or the request took too long",
        )),
    }
}
