//! Refusals of a registry command. No event is stored.

use crate::problem::DomainRefusal;
use crate::working_calendar::Day;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryRefusal {
    #[error("a reason of 1 to {bytes_max} bytes is required")]
    Reason { bytes_max: usize },
    #[error("the list's own date {as_of} is in the future")]
    Ahead { as_of: Day },
    #[error("no number was imported: the list is not recorded as of {as_of}")]
    NoNumbers { as_of: Day },
    #[error(
        "{count} rows do not have the list's format, so the list is not recorded as of {as_of}: correct \
         them and import it again"
    )]
    BadRows { as_of: Day, count: u64 },
    #[error("the edition of {known} is already recorded; the edition of {as_of} is older")]
    NotNewer { as_of: Day, known: Day },
    #[error("the limit of {count} lists is reached")]
    TooMany { count: usize },
    #[error("the limit of {count} salts is reached; each salt adds a lookup to every dial")]
    TooManySalts { count: usize },
    #[error("a salt can have at most {bytes_max} bytes")]
    Salt { bytes_max: usize },
    #[error("an edition can list at most {count} area codes")]
    TooManyAreas { count: usize },
}

impl DomainRefusal for RegistryRefusal {}
