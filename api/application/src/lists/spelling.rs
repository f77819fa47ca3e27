//! Ids that look alike: the normalised one, and the one that a file has, by which earlier versions stored
//! people.

use super::load::Enroller;
use super::reading::WrittenId;
use domain::customer::command::Enrolment;
use domain::ids::CustomerId;
use domain::problem::Problem;

/// Which spelling of an id the log knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// The normalised one, or neither.
    Normalized,
    /// Only the one with invisible characters, from before ids were normalised.
    Written,
    /// Both, as two customers.
    Both,
}

/// The text for two customers with ids that look alike; short enough that a report shows all of it.
pub(crate) fn two_spellings(normalized: &CustomerId, written: &CustomerId) -> String {
    format!(
        "two customers have this id, one with invisible characters: merge them (customer merge {normalized} {written}) / \
         该编号对应两个客户：请先合并"
    )
}

/// Gives the enrolment the spelling that the log knows; returns why the row is bad where it knows both.
pub(super) async fn spelled(
    enroller: &dyn Enroller,
    written: Option<WrittenId>,
    enrolment: &mut Enrolment,
) -> Result<Option<String>, Problem> {
    let Some(written) = written else {
        return Ok(None);
    };
    match enroller.spelling(&enrolment.customer, &written.customer).await? {
        Spelling::Normalized => Ok(None),
        Spelling::Written => {
            enrolment.customer = written.customer;
            enrolment.external_id = written.external_id;
            Ok(None)
        }
        Spelling::Both => Ok(Some(two_spellings(&enrolment.customer, &written.customer))),
    }
}
