//! `ledgerline audit prove`: one file that proves a call, a customer, an event or a campaign's events.

use crate::commands::audit::selection::Selection;
use crate::kit::failure::Failure;
use crate::kit::named::OwnIds;
use crate::kit::output;
use crate::kit::taken_away::TakingArgs;
use domain::event_filter::EventFilter;
use domain::ids::{CallId, CampaignId, CustomerId, EventId, InvalidId, StreamId};
use domain::ports::event_store::EventStore;
use host::app::ReadOnly;
use host::data_dir::signing_key_file;
use host::store_spec::LogArgs;
use http::taken_away::{Taken, Taking};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use store::proof::bundle::{BundleContent, BundleSubject, ProvedEvent, write_bundle, write_stamped_bundle};
use store::proof::{
    FileShelf, PROOF_DIR, SignedCheckpoint, SigningKey, StampShelf, Stamped, TileDir, leaf_of,
};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What is to be proved
    #[arg(value_enum)]
    subject: Subject,
    /// Its id: of a call, a customer (ours or your own customer_id), an event, or a campaign (its task_id);
    /// or, of a call, --campaign and --customer
    #[arg(required_unless_present = "customer", conflicts_with = "customer")]
    id: Option<String>,
    #[command(flatten)]
    own: OwnIds,
    /// Where the bundle is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    taking: TakingArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Subject {
    /// All events of one call, both grants, and what led to them
    Call,
    /// All events that name one customer, as far as the last checkpoint goes
    Customer,
    /// One event, and what led to it
    Event,
    /// All events of one campaign, as far as the last checkpoint goes: what its reports are computed from
    Report,
}

impl Subject {
    const fn word(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Customer => "customer",
            Self::Event => "event",
            Self::Report => "report",
        }
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let directory = args.log.directory()?.to_owned();
    let dir = directory.join(PROOF_DIR);
    let key = SigningKey::read(&signing_key_file(&directory, args.own.keys.dir().as_ref()))?;
    let checkpoint = FileShelf::new(&dir).read()?.ok_or_else(|| {
        Failure::refused(
            "no checkpoint is published; a running server or `ledgerline audit checkpoint` does it",
        )
    })?;
    let opened = ReadOnly::of(&args.log.spec()?).await?;
    let dense = opened.store.capabilities().dense;
    let selected = async {
        let id = resolved(&args, &opened).await?;
        let selection = select(args.subject, &id, opened.store.as_ref()).await?;
        Ok::<_, Failure>((id, selection))
    };
    let selected = selected.await;
    opened.close().await;
    let (id, selection) = selected?;
    let events = proved(args.subject, &dir, selection, &checkpoint, dense)?;
    let stamped = stamped_over(&dir, &checkpoint, &events)?;
    if events.is_empty() {
        return Err(Failure::refused(format!(
            "there is no {} {}",
            args.subject.word(),
            id
        )));
    }
    let taking = taking(args.subject, &id)?;
    args.taking.put_on_record(&args.log.spec()?, taking).await?;
    let count = events.len();
    let content = BundleContent {
        subject: BundleSubject {
            kind: args.subject.word().to_owned(),
            id,
        },
        events,
    };
    let tiles = TileDir::new(&dir);
    let bytes = match &stamped {
        Some(stamped) => write_stamped_bundle(content, &tiles, stamped, &key)?,
        None => write_bundle(content, &tiles, &checkpoint, &key)?,
    };
    std::fs::write(&args.out, &bytes)
        .map_err(|error| Failure::unavailable(format!("{}: {error}", args.out.display())))?;
    let under = stamped
        .as_ref()
        .map_or(&checkpoint, |stamped| &stamped.checkpoint);
    output::line(&format!(
        "{count} events proved under the checkpoint of {} events: {}",
        under.claimed().size,
        args.out.display()
    ))?;
    match &stamped {
        Some(stamped) => output::line(&format!(
            "stamp     {}, by the authority that was asked",
            stamped.stamp.at
        )),
        None => Ok(()),
    }
}

/// The earliest stamped checkpoint over all these events: it bounds their age the closest. One that fewer
/// have signed than the last is passed over, since who checks may demand a witness.
fn stamped_over(
    dir: &Path,
    last: &SignedCheckpoint,
    events: &[ProvedEvent],
) -> Result<Option<Stamped>, Failure> {
    let needed = events.iter().map(|event| event.index).max();
    let signers: Vec<&str> = last.signers().collect();
    let kept = StampShelf::new(dir).kept()?;
    Ok(kept.into_iter().find(|stamped| {
        let of = &stamped.checkpoint;
        let covers = needed.is_some_and(|index| index < of.claimed().size);
        covers && signers.iter().all(|name| of.signers().any(|has| has == *name))
    }))
}

/// Our id of what is named: the bundle holds no other.
async fn resolved(args: &Args, opened: &ReadOnly) -> Result<String, Failure> {
    let log = &args.log;
    match (args.subject, &args.id) {
        (Subject::Call, None) => {
            let call = args.own.call(log, opened).await?;
            let call =
                call.ok_or_else(|| Failure::usage("give the call's id, or --campaign and --customer"))?;
            Ok(call.to_string())
        }
        (Subject::Customer, Some(id)) => Ok(args.own.customer(id, log, opened).await?.to_string()),
        (Subject::Call | Subject::Event | Subject::Report, Some(id)) => Ok(id.clone()),
        (Subject::Customer | Subject::Event | Subject::Report, None) => Err(Failure::usage(
            "--campaign and --customer name a call: `audit prove call`, or give the id of what is to be proved",
        )),
    }
}

async fn select(subject: Subject, id: &str, store: &dyn EventStore) -> Result<Selection, Failure> {
    let mut selection = Selection::default();
    match subject {
        Subject::Call => {
            let call: CallId = parse(id)?;
            let filter = EventFilter {
                streams: vec![StreamId::new("call", &call).as_str().to_owned()],
                ..EventFilter::default()
            };
            selection.add_matching(store, filter).await?;
            selection.add_grants(store, &call.to_string()).await?;
            selection.add_causes(store).await?;
        }
        Subject::Event => {
            selection.add_event(store, parse::<EventId>(id)?).await?;
            selection.add_causes(store).await?;
        }
        Subject::Customer => {
            let filter = EventFilter {
                customer: Some(parse::<CustomerId>(id)?),
                ..EventFilter::default()
            };
            selection.add_matching(store, filter).await?;
        }
        Subject::Report => {
            let filter = EventFilter {
                campaign: Some(parse::<CampaignId>(id)?),
                ..EventFilter::default()
            };
            selection.add_matching(store, filter).await?;
        }
    }
    Ok(selection)
}

/// What is put on record of the bundle.
fn taking(subject: Subject, id: &str) -> Result<Taking, Failure> {
    let mut taking = Taking::all(Taken::Proof);
    match subject {
        Subject::Call => taking.call = Some(parse(id)?),
        Subject::Customer => taking.customer = Some(parse(id)?),
        Subject::Event => taking.event = Some(parse(id)?),
        Subject::Report => taking.campaign = Some(parse(id)?),
    }
    Ok(taking)
}

fn parse<T: FromStr<Err = InvalidId>>(id: &str) -> Result<T, Failure> {
    id.parse()
        .map_err(|error: InvalidId| Failure::usage(error.to_string()))
}

/// Each event with its leaf, where the checkpoint covers it. A call or an event is proved whole; of a
/// customer and a campaign, whose history goes on, what it does not cover is left out and counted.
fn proved(
    subject: Subject,
    dir: &Path,
    selection: Selection,
    checkpoint: &SignedCheckpoint,
    dense: bool,
) -> Result<Vec<ProvedEvent>, Failure> {
    let size = checkpoint.claimed().size;
    let mut events = Vec::with_capacity(selection.events.len());
    let mut later_count = 0_usize;
    for (position, (reason, event)) in selection.events {
        match (leaf_of(dir, position, dense)?, subject) {
            (Some(index), _) if index < size => events.push(ProvedEvent { index, reason, event }),
            (Some(_) | None, Subject::Customer | Subject::Report) => later_count += 1,
            (Some(_) | None, Subject::Call | Subject::Event) => {
                return Err(Failure::unavailable(format!(
                    "position {position} is not covered by the last checkpoint yet; `ledgerline audit \
                     checkpoint` publishes one that covers it"
                )));
            }
        }
    }
    if later_count > 0 && events.is_empty() {
        return Err(Failure::unavailable(format!(
            "none of its {later_count} events is covered by the last checkpoint yet; `ledgerline audit \
             checkpoint` publishes one that covers them"
        )));
    }
    if later_count > 0 {
        output::notice(&format!(
            "{later_count} later events are not in it: the last checkpoint is over {size} events; \
             `ledgerline audit checkpoint` publishes one that covers them"
        ));
    }
    Ok(events)
}
