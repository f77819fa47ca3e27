//! Secrets that a command line names and does not hold: they stand in the environment.

use crate::kit::failure::Failure;
use host::config::named_variable;

/// The value of the variable that is named, where one is.
pub(crate) fn from_env(variable: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(variable) = variable else { return Ok(None) };
    let unset = || Failure::refused(format!("the environment variable {variable} is not set"));
    named_variable(variable).map(Some).ok_or_else(unset)
}
