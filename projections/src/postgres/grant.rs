//! What the role of a read database lacks so that the server bounds the temporary files of its questions:
//! asked as a question's connection asks it, for `doctor`.

use super::connect::{Address, Purpose, failed, read_url};
use super::questions::bounded;
use crate::ask::space::{self, TemporarySpace};
use crate::error::ProjectionError;
use domain::ports::tasks::Tasks;
use tokio::sync::oneshot;

/// The grant that a superuser gives, in SQL; `None` where the role needs none.
pub async fn missing_grant(url: &str, tasks: &dyn Tasks) -> Result<Option<String>, ProjectionError> {
    let address = bounded(&read_url(url)?);
    let (send, said) = oneshot::channel();
    let look = move || {
        // Whoever asked may have gone.
        drop(send.send(look(&address)));
    };
    tasks.thread("questions grant", Box::new(look));
    let gone = |_| ProjectionError::Unavailable("the read database was not asked: stopping".to_owned());
    said.await.map_err(gone)?
}

fn look(address: &Address) -> Result<Option<String>, ProjectionError> {
    let failed = |error: &postgres::Error| failed(error, Purpose::Read);
    let mut client = address.connect().map_err(|error| failed(&error))?;
    match space::hold(&mut client).map_err(|error| failed(&error))? {
        TemporarySpace::Bounded => Ok(None),
        TemporarySpace::Unbounded { grant } => Ok(Some(grant)),
    }
}
