//! Why an edition of a list can be refused: a rule said no, nothing was written.

use crate::problem::Explained;
use crate::working_calendar::Day;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryRefusal {
    #[error("a reason of 1 to {bytes_max} bytes is needed")]
    Reason { bytes_max: usize },
    #[error("the list's own date {as_of} lies ahead")]
    Ahead { as_of: Day },
    #[error("no number was taken: the list is not as of {as_of}")]
    NoNumbers { as_of: Day },
    #[error(
        "{count} rows are none of the list's form, so it is not as of {as_of}: correct them and import it again"
    )]
    BadRows { as_of: Day, count: u64 },
    #[error("an edition of {known} is known, and that of {as_of} is older")]
    NotNewer { as_of: Day, known: Day },
    #[error("there are {count} lists, and no further one is kept")]
    TooMany { count: usize },
    #[error("{count} salts are known, each of which costs a look at every dial; no further one is taken")]
    TooManySalts { count: usize },
    #[error("a salt has at most {bytes_max} bytes")]
    Salt { bytes_max: usize },
    #[error("an edition names at most {count} area codes")]
    TooManyAreas { count: usize },
}

impl Explained for RegistryRefusal {}
