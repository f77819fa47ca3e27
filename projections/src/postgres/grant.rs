//! Finds the grant that the role of a read database lacks, without which the server cannot limit the
//! temporary files of its queries. For `doctor`; it tries as a query connection does.

use super::connect::{Address, Purpose, classify_error, read_url};
use super::questions::configure_for_queries;
use crate::ask::space::{self, TemporarySpace};
use crate::error::ProjectionError;
use domain::ports::tasks::Tasks;
use tokio::sync::oneshot;

/// Returns the SQL of the grant that the URL's role lacks, for a superuser to run; `None` if the role needs
/// none.
pub async fn missing_grant(url: &str, tasks: &dyn Tasks) -> Result<Option<String>, ProjectionError> {
    let address = configure_for_queries(&read_url(url)?);
    let (send, said) = oneshot::channel();
    let look = move || {
        // The caller may have gone.
        drop(send.send(look(&address)));
    };
    tasks.thread("questions grant", Box::new(look));
    let gone = |_| {
        ProjectionError::Unavailable("the server is stopping; the read database was not queried".to_owned())
    };
    said.await.map_err(gone)?
}

fn look(address: &Address) -> Result<Option<String>, ProjectionError> {
    let failed = |error: &postgres::Error| classify_error(error, Purpose::Read);
    let mut client = address.connect().map_err(|error| failed(&error))?;
    match space::limit_temporary_space(&mut client).map_err(|error| failed(&error))? {
        TemporarySpace::Bounded => Ok(None),
        TemporarySpace::Unbounded { grant } => Ok(Some(grant)),
    }
}
