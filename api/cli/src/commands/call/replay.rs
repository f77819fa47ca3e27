//! `ledgerline call replay`: an exported call, decided again by this build.

use crate::kit::failure::Failure;
use crate::kit::output;
use evidence::bundle::{self, Bundle, Replayed};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A bundle of `ledgerline call export`
    file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let bundle = Bundle::read(&args.file)?;
    let replayed = bundle::replay(&bundle)?;
    if args.json {
        output::json(&replayed.value())?;
    } else {
        show(&replayed)?;
    }
    if replayed.agrees() {
        return Ok(());
    }
    Err(Failure::found(format!(
        "this build decides {} of {} steps another way",
        replayed.differing_count(),
        replayed.steps.len()
    )))
}

fn show(replayed: &Replayed) -> Result<(), Failure> {
    for step in &replayed.steps {
        output::line(&format!(
            "{:>4}  {:>9} ms  {:<26} {:<15} {:<12} {}",
            step.n,
            step.after_ms,
            step.kind,
            step.phase,
            step.state,
            step.otherwise.as_deref().unwrap_or("same")
        ))?;
    }
    for told in &replayed.elsewhere {
        output::line(&format!("      {told}"))?;
    }
    output::line(&replayed.ending)
}
