//! Secrets that a command line names by environment variable instead of containing them.

use crate::kit::failure::Failure;
use host::config::named_variable;

/// Returns the value of the named environment variable, or `None` if no variable was named. Refuses if the
/// variable is not set.
pub(crate) fn from_env(variable: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(variable) = variable else { return Ok(None) };
    let unset = || Failure::refused(format!("the environment variable {variable} is not set"));
    named_variable(variable).map(Some).ok_or_else(unset)
}
