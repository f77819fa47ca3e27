//! Refusals of a registry command. No event is stored.

use crate::problem::Explained;
use crate::working_calendar::Day;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryRefusal {
    #[error("a reason of 1 to {bytes_max} bytes is needed")]
    Reason { bytes_max: usize },
    #[error("the date {as_of} of the list is in the future")]
    Ahead { as_of: Day },
    #[error("the list of {as_of} has no numbers: it was not recorded")]
    NoNumbers { as_of: Day },
    #[error("{count} rows of the list of {as_of} cannot be read: correct them and import the list again")]
    BadRows { as_of: Day, count: u64 },
    #[error("an edition of {known} is known, and that of {as_of} is older")]
    NotNewer { as_of: Day, known: Day },
    #[error("there are {count} lists, the most that can be stored")]
    TooMany { count: usize },
    #[error("there are {count} salts, the most that can be checked at every dial")]
    TooManySalts { count: usize },
    #[error("a salt has at most {bytes_max} bytes")]
    Salt { bytes_max: usize },
    #[error("an edition names at most {count} area codes")]
    TooManyAreas { count: usize },
}

impl Explained for RegistryRefusal {}
