//! Kinds that may begin a chain of causes: reads, and rebuilds of the rows that are read.

use super::cause_origins::CauseOrigin;
use domain::inquiry::event::InquiryEvent;
use domain::view::event::ViewEvent;

/// Kind, origin, and the reason why it may have no cause; see [`super::cause_origins`].
pub(super) const BY_READING: &[(&str, CauseOrigin, &str)] = &[
    (
        InquiryEvent::QUERIED,
        CauseOrigin::Outside,
        "a user runs a SQL query",
    ),
    (
        InquiryEvent::SEARCHED,
        CauseOrigin::Outside,
        "a user searches the audit trail",
    ),
    (
        InquiryEvent::COMPARED,
        CauseOrigin::Outside,
        "a user compares a value with sealed values of others",
    ),
    (
        InquiryEvent::EXPORTED,
        CauseOrigin::Outside,
        "a user exports rows or events",
    ),
    (
        InquiryEvent::PERSONAL_DATA_READ,
        CauseOrigin::Outside,
        "a user reads personal data",
    ),
    (
        ViewEvent::REBUILD_BEGUN,
        CauseOrigin::Outside,
        "a user rebuilds the rows of a view",
    ),
    (
        ViewEvent::SWITCHED,
        CauseOrigin::Outside,
        "a user switches to the rebuilt rows",
    ),
    (
        ViewEvent::REBUILD_CANCELED,
        CauseOrigin::Outside,
        "a user cancels a rebuild",
    ),
];
