//! `ledgerline audit prove`: writes one file that proves the events of a call, a customer or a campaign, or
//! one event.

use crate::kit::event_exports::{ExportRecordArgs, ExportedAmount};
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::own_ids::OwnIds;
use application::format_localized;
use domain::ids::InvalidId;
use evidence::event_bundles::{EventProofs, EvidenceBundleFile, Prover, Subject};
use host::app::ReadOnlyLog;
use host::data_dir::signing_key_file;
use host::store_spec::LogArgs;
use http::event_exports::{EventExport, EventExportKind};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use store::proof::SignedCheckpoint;
use store::proof::bundle::{Attachments, BundleSubject};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Kind of subject to prove
    #[arg(value_enum)]
    subject: ProofSubject,
    /// Id of the call, the customer (ours or your own customer_id), the event, or the campaign (its task_id).
    /// A call can also be given by --campaign and --customer
    #[arg(required_unless_present = "customer", conflicts_with = "customer")]
    id: Option<String>,
    #[command(flatten)]
    own: OwnIds,
    /// File to write the bundle to
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    taking: ExportRecordArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum ProofSubject {
    /// All events of one call, both grants, and their causes
    Call,
    /// All events that name one customer, up to the last checkpoint
    Customer,
    /// One event and its causes
    Event,
    /// All events of one campaign, up to the last checkpoint: the basis of its reports
    Report,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let directory = args.log.directory()?.to_owned();
    let opened = ReadOnlyLog::of(&args.log.spec()?).await?;
    let dense = opened.log.capabilities().dense;
    let selected = async {
        let key_file = signing_key_file(&directory, args.own.keys.dir().as_ref());
        let prover = Prover::of(&directory, &key_file, dense)?;
        let checkpoint = prover.checkpoint()?.ok_or_else(|| {
            Failure::refused(
                "no checkpoint is published; a running server or `ledgerline audit checkpoint` publishes one",
            )
        })?;
        hold_to_key(&prover, &checkpoint, &key_file)?;
        let subject = resolved(&args, &opened).await?;
        let selection = subject.select(opened.store.as_ref()).await?;
        Ok::<_, Failure>((prover, checkpoint, subject, selection))
    };
    let selected = selected.await;
    opened.close().await;
    let (prover, checkpoint, subject, selection) = selected?;
    let EventProofs { events, later_count } = prover.proved(selection, subject.later(), &checkpoint)?;
    if later_count > 0 {
        output::notice(&format!(
            "{later_count} later events are not in the bundle: the last checkpoint covers {} events; \
             `ledgerline audit checkpoint` publishes one that covers them",
            checkpoint.claimed().size
        ));
    }
    if events.is_empty() {
        return Err(Failure::refused(format!(
            "there is no {} {subject}",
            subject.word()
        )));
    }
    let on_record = args
        .taking
        .put_on_record(&args.log.spec()?, taking(&subject))
        .await?;
    let count = events.len();
    let of = BundleSubject {
        kind: subject.word().to_owned(),
        id: subject.to_string(),
    };
    let written = || {
        let made = prover.bundle(of, events, Attachments::new(), &checkpoint)?;
        std::fs::write(&args.out, &made.bytes)
            .map_err(|error| Failure::unavailable(format!("{}: {error}", args.out.display())))?;
        Ok(made)
    };
    let amount = |made: &EvidenceBundleFile| ExportedAmount {
        events: made.events,
        bytes: u64::try_from(made.bytes.len()).unwrap_or(u64::MAX),
    };
    let made = on_record.end(written(), amount).await?;
    output::line(&format_localized!(
        "已证明 {count} 条事件，依据含 {} 条事件的日志检查点：{}",
        "{count} events proved under the checkpoint of {} events: {}",
        made.size,
        args.out.display()
    ))?;
    match made.stamped_at {
        Some(at) => output::line(&format_localized!(
            "时间戳    {at}，由时间戳机构签发",
            "stamp     {at}, by the time stamping authority"
        )),
        None => Ok(()),
    }
}

/// Refuses unless `key_file` signed this log's last checkpoint. Called before any look-up with the keys and
/// before the export is recorded.
fn hold_to_key(prover: &Prover, checkpoint: &SignedCheckpoint, key_file: &Path) -> Result<(), Failure> {
    if prover.has_signed(checkpoint) {
        return Ok(());
    }
    Err(Failure::refused(format_localized!(
        "密钥 {} 属于另一个安装实例：本日志最新的检查点（{} 条事件）不是由它签名的。未写入任何内容。请用 --keys \
         指定本日志的密钥",
        "the key {} belongs to another installation: it did not sign the last checkpoint of this log, of {} events. \
         Nothing was written. Give the keys of this log with --keys",
        key_file.display(),
        checkpoint.claimed().size
    )))
}

/// Returns the subject to prove, by our id: the bundle contains no other ids.
async fn resolved(args: &Args, opened: &ReadOnlyLog) -> Result<Subject, Failure> {
    let log = &args.log;
    match (args.subject, &args.id) {
        (ProofSubject::Call, None) => {
            let call = args.own.call(log, opened).await?;
            call.map(Subject::Call)
                .ok_or_else(|| Failure::usage("give the call's id, or --campaign and --customer"))
        }
        (ProofSubject::Customer, Some(id)) => {
            Ok(Subject::Customer(args.own.customer(id, log, opened).await?))
        }
        (ProofSubject::Call, Some(id)) => parse(id).map(Subject::Call),
        (ProofSubject::Event, Some(id)) => parse(id).map(Subject::Event),
        (ProofSubject::Report, Some(id)) => parse(id).map(Subject::Report),
        (ProofSubject::Customer | ProofSubject::Event | ProofSubject::Report, None) => Err(Failure::usage(
            "--campaign and --customer name a call: `audit prove call`, or give the id of the subject",
        )),
    }
}

/// Returns the facts of the export event that records this bundle.
fn taking(subject: &Subject) -> EventExport {
    let mut taking = EventExport::all(EventExportKind::Proof);
    match subject {
        Subject::Call(id) => taking.call = Some(*id),
        Subject::Customer(id) => taking.customer = Some(id.clone()),
        Subject::Event(id) => taking.event = Some(*id),
        Subject::Report(id) => taking.campaign = Some(id.clone()),
    }
    taking
}

fn parse<T: FromStr<Err = InvalidId>>(id: &str) -> Result<T, Failure> {
    id.parse()
        .map_err(|error: InvalidId| Failure::usage(error.to_string()))
}
