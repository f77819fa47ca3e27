//! Kinds that may begin a chain of causes: reads, and rebuilds of the rows that are read.

use super::beginning::Beginning;
use domain::inquiry::event::InquiryEvent;
use domain::view::event::ViewEvent;

/// Kind, origin, and the reason why it may have no cause; see [`super::beginning`].
pub(super) const BY_READING: &[(&str, Beginning, &str)] = &[
    (
        InquiryEvent::QUERIED,
        Beginning::Outside,
        "a user runs a SQL query",
    ),
    (
        InquiryEvent::SEARCHED,
        Beginning::Outside,
        "a user searches the audit trail",
    ),
    (
        InquiryEvent::COMPARED,
        Beginning::Outside,
        "a user compares a value with sealed values of others",
    ),
    (
        InquiryEvent::EXPORTED,
        Beginning::Outside,
        "a user exports rows or events",
    ),
    (
        InquiryEvent::PERSONAL_DATA_READ,
        Beginning::Outside,
        "a user reads personal data",
    ),
    (
        ViewEvent::REBUILD_BEGUN,
        Beginning::Outside,
        "a user rebuilds the rows of a view",
    ),
    (
        ViewEvent::SWITCHED,
        Beginning::Outside,
        "a user switches to the rebuilt rows",
    ),
    (
        ViewEvent::REBUILD_CANCELED,
        Beginning::Outside,
        "a user cancels a rebuild",
    ),
];
