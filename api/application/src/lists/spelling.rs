//! Two spellings of an id: the normalized one, and the one written in a file with invisible characters,
//! under which earlier versions stored customers.

use super::load::Enroller;
use super::row_reader::WrittenId;
use domain::customer::command::Enrolment;
use domain::ids::CustomerId;
use domain::problem::Problem;

/// Which spelling of an id the log knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// The normalized one, or neither.
    Normalized,
    /// Only the written one with invisible characters, stored before ids were normalized.
    Written,
    /// Both spellings are in use, as two customers.
    Both,
}

/// Returns the reason of a bad row for two customers with ids that look alike, with the command that merges
/// them.
pub(crate) fn two_spellings(normalized: &CustomerId, written: &CustomerId) -> String {
    format!(
        "two customers have this id, one with invisible characters: merge them (customer merge {normalized} {written}) / \
         该编号对应两个客户：请先合并"
    )
}

/// Sets the enrolment's customer id to the spelling under which the log knows the customer. Returns the
/// reason of a bad row if it knows both as different customers.
pub(super) async fn apply_known_spelling(
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
