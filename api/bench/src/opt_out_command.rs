//! The smallest command that becomes an event: a number opts out.

use application::installation::Installation;
use domain::ids::NumberId;
use domain::number::NumberCommand;
use domain::number::event::OptOutSource;
use domain::problem::Problem;
use domain::stored_event::Cause;

/// Opts one number out, by its own command.
pub(crate) async fn opt_out(installation: &Installation, number: &str) -> Result<(), Problem> {
    let id: NumberId = installation.vault().derive_number(number);
    let command = NumberCommand::OptOut {
        reason: "a measurement".to_owned(),
        source: OptOutSource::Import,
        call: None,
    };
    let cause = Cause::outside(installation.new_command());
    installation.entities.numbers.ask(&id, command, cause).await?;
    Ok(())
}
