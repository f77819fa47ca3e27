//! `ledgerline call export`: a bug bundle of one call. It opens nothing sealed, and so needs no key.

use crate::kit::failure::Failure;
use crate::kit::named::OwnIds;
use crate::kit::output;
use domain::ids::CallId;
use evidence::bundle;
use host::app::ReadOnly;
use host::store_spec::LogArgs;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The call's id; or give --campaign and --customer
    #[arg(required_unless_present = "customer", conflicts_with = "customer")]
    id: Option<CallId>,
    #[command(flatten)]
    own: OwnIds,
    /// Replace everything of the person; there is no other way to export a call
    #[arg(long)]
    masked: bool,
    /// Where the bundle is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    if !args.masked {
        return Err(Failure::usage(
            "a bundle leaves this installation: say --masked. Unmasked calls are not exported at all: who may \
             read them reads them here, and `ledgerline audit prove call` proves them",
        ));
    }
    let opened = ReadOnly::of(&args.log.spec()?).await?;
    let gathered = async {
        let own = args.own.call(&args.log, &opened).await?;
        let call = own
            .or(args.id)
            .ok_or_else(|| Failure::usage("give the call's id"))?;
        Ok::<_, Failure>(bundle::gather(opened.store.as_ref(), call).await?)
    };
    let gathered = gathered.await;
    opened.close().await;
    let made = bundle::make(&gathered?)?;
    let bytes = made.to_bytes()?;
    std::fs::write(&args.out, &bytes)
        .map_err(|error| Failure::unavailable(format!("{}: {error}", args.out.display())))?;
    let replayed = bundle::replay(&made)?;
    output::line(&format!(
        "{} events, masked, {} bytes: {}; this build {}",
        made.events.len(),
        bytes.len(),
        args.out.display(),
        if replayed.agrees() {
            "decides it the same way"
        } else {
            "decides it another way: see `ledgerline call replay`"
        }
    ))
}
