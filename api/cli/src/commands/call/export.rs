//! `ledgerline call export`: writes a bug bundle of one call. Nothing is decrypted, so no key is needed.

use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::own_ids::OwnIds;
use application::format_localized;
use application::language::localized;
use domain::ids::CallId;
use evidence::bundle;
use host::app::ReadOnlyLog;
use host::store_spec::LogArgs;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id of the call; alternatively give --campaign and --customer
    #[arg(required_unless_present = "customer", conflicts_with = "customer")]
    id: Option<CallId>,
    #[command(flatten)]
    own: OwnIds,
    /// Mask all personal data; required
    #[arg(long)]
    masked: bool,
    /// File to write the bundle to
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    if !args.masked {
        return Err(Failure::usage(
            "a bundle leaves this installation, so --masked is required. Unmasked calls are never exported: \
             read them here, or prove them with `ledgerline audit prove call`",
        ));
    }
    let opened = ReadOnlyLog::of(&args.log.spec()?).await?;
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
    output::line(&format_localized!(
        "{} 条事件，已脱敏，{} 字节：{}；本版本{}",
        "{} events, masked, {} bytes: {}; this build {}",
        made.events.len(),
        bytes.len(),
        args.out.display(),
        if replayed.agrees() {
            localized("得出相同的判断", "reaches the same decisions")
        } else {
            localized(
                "得出不同的判断：见 `ledgerline call replay`",
                "reaches other decisions: see `ledgerline call replay`",
            )
        }
    ))
}
