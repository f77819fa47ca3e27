//! `ledgerline report pdca`: a page for people, from the rows beside a running server or without one.

use super::{PeriodArgs, write};
use crate::app::ReadOnly;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::pdca::{Ask, gather, page};
use crate::read_db_spec::ReadDbArgs;
use crate::store_spec::LogArgs;
use domain::ids::CampaignId;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    period: PeriodArgs,
    /// Only this campaign
    #[arg(long, value_name = "ID")]
    campaign: Option<CampaignId>,
    /// Where the page goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    read_db: ReadDbArgs,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let (data, spec) = args.log.place()?;
    let opened = ReadOnly::of(&spec).await?;
    let gathered = async {
        let rows = opened.rows(&args.read_db.spec(&data)).await?;
        let ask = Ask {
            length: args.period.period,
            day: args.period.day(opened.store.as_ref()).await?,
            campaign: args.campaign.clone(),
        };
        let gathered = gather(rows.as_ref(), opened.store.as_ref(), ask).await?;
        Ok::<_, Failure>(gathered)
    }
    .await;
    opened.close().await;
    let gathered = gathered?;
    write(&args.out, page(&gathered).as_bytes())?;
    let (period, position) = (&gathered.period.label, gathered.position);
    if args.json {
        return output::json(
            &json!({ "report": "pdca", "period": period, "position": position.to_string(),
            "out": args.out.display().to_string() }),
        );
    }
    output::line(&format!(
        "pdca {period}: rows complete up to position {position}; written to {}",
        args.out.display()
    ))
}
