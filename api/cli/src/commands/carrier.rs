//! `ledgerline carrier`: runs a simulated carrier in a process of its own, for rehearsals.

use crate::kit::failure::Failure;
use crate::kit::output;
use host::rehearsal::{Carrier, CarrierSettings};
use host::signals::Signals;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Run a simulated carrier with seeded customers behind its numbers, on real SIP and RTP
///
/// Its customers answer early, late or never, are busy, decline, hang up in the middle, press keys or stay
/// silent; the seed decides the behavior of each number. Its CDR has one JSON line at the INVITE and one at
/// the end; the last line of a Call-ID counts. Numbers are in clear: the carrier is the outside world.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    /// SIP address to listen on
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// Seed that decides how each number behaves
    #[arg(long, value_name = "N")]
    seed: u64,
    /// File to which call detail records are appended
    #[arg(long, value_name = "FILE")]
    cdr: PathBuf,
    /// Mix of customers, as YAML or JSON
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Challenge every INVITE and accept only this user
    #[arg(long, value_name = "USER:PASSWORD")]
    auth: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let auth = match args.auth.as_deref().map(|text| text.split_once(':')) {
        None => None,
        Some(Some((user, password))) => Some((user.to_owned(), password.to_owned())),
        Some(None) => return Err(Failure::usage("--auth takes USER:PASSWORD")),
    };
    let profile = match &args.profile {
        None => None,
        Some(path) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?,
        ),
    };
    let carrier = Carrier::start(CarrierSettings {
        listen: args.listen,
        seed: args.seed,
        cdr: args.cdr,
        profile,
        auth,
    })?;
    output::line(&format!(
        "carrier listens on sip:{}, seed {}",
        carrier.address(),
        args.seed
    ))?;
    signals.next().await;
    tokio::select! {
        biased;
        () = signals.next() => {}
        () = carrier.stop() => {}
    }
    Ok(())
}
