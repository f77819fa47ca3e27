//! `ledgerline voiceprint`: manages consents and voiceprints of customers, and compares voices.

use crate::kit::api::{get, post};
use crate::kit::failure::Failure;
use crate::kit::reader::ReaderArgs;
use crate::kit::request_args::{RequestArgs, remove_nulls};
use application::percent::encode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::ids::CampaignId;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Largest file of one utterance, in bytes: the server's limit.
const FILE_BYTES_MAX: u64 = 400_000;

/// Voiceprints (声纹) of consenting customers: a hint that the same person speaks, not an authentication
///
/// Off until the setting voiceprints.on is 1. Files are WAV of 8 or 16 kHz, mono, 16 bit; each contains the
/// same sentence, in one to six seconds. Audio is never stored; a template is sealed under a key of its own.
#[derive(Debug, clap::Args)]
#[command(after_help = crate::kit::failure::EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Args)]
struct VoiceprintCustomerArgs {
    /// The institution's own customer_id, or our id
    customer: String,
    #[command(flatten)]
    asking: RequestArgs,
}

impl VoiceprintCustomerArgs {
    fn path(&self, verb: &str) -> String {
        format!("/api/v1/customers/{}/voiceprint{verb}", encode(&self.customer))
    }

    async fn tell(&self, runtime: Arc<Runtime>, verb: &str, body: Value) -> Result<(), Failure> {
        let path = self.path(verb);
        self.asking.show(runtime, post(&path, &remove_nulls(body))).await
    }
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Record the separate consent (单独同意) that a voiceprint needs
    Consent {
        #[command(flatten)]
        customer: VoiceprintCustomerArgs,
        /// Source of the consent; no personal data
        #[arg(long, value_name = "TEXT")]
        source: String,
        /// Wording that the customer agreed to
        #[arg(long, value_name = "TEXT")]
        wording: String,
        /// Evidence; stored sealed
        #[arg(long, value_name = "TEXT")]
        evidence: String,
        /// End of the consent, within 366 days
        #[arg(long, value_name = "INSTANT")]
        until: Timestamp,
    },
    /// Withdraw the consent (撤回同意): the voiceprint is deleted at once
    Withdraw {
        #[command(flatten)]
        customer: VoiceprintCustomerArgs,
        /// Source of the withdrawal; no personal data
        #[arg(long, value_name = "TEXT")]
        source: String,
    },
    /// Create the voiceprint from two to five files of one sentence
    Enrol {
        #[command(flatten)]
        customer: VoiceprintCustomerArgs,
        /// WAV files
        #[arg(required = true, value_name = "WAV")]
        takes: Vec<PathBuf>,
        /// Reason, for the record; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Compare a voice saying the sentence with the voiceprint: a hint, not an authentication
    Compare {
        #[command(flatten)]
        customer: VoiceprintCustomerArgs,
        /// WAV file
        #[arg(value_name = "WAV")]
        take: PathBuf,
        /// Campaign for which it is compared, if any
        #[arg(long, value_name = "ID")]
        campaign: Option<CampaignId>,
        /// Reason, for the record; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Delete the voiceprint (删除声纹): its key is destroyed
    Delete {
        #[command(flatten)]
        customer: VoiceprintCustomerArgs,
        /// Reason, for the record; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show the consent and the last comparison, never the voice
    Show {
        #[command(flatten)]
        customer: VoiceprintCustomerArgs,
        #[command(flatten)]
        reader: ReaderArgs,
    },
}

pub(crate) async fn run(args: Args, runtime: Arc<Runtime>) -> Result<(), Failure> {
    match args.action {
        Action::Consent {
            customer,
            source,
            wording,
            evidence,
            until,
        } => {
            let body = json!({
                "source": source, "wording": wording, "evidence": evidence, "until": until,
            });
            customer.tell(runtime, "/consent", body).await
        }
        Action::Withdraw { customer, source } => {
            customer
                .tell(runtime, "/withdraw", json!({ "source": source }))
                .await
        }
        Action::Enrol {
            customer,
            takes,
            reason,
        } => {
            let takes: Result<Vec<String>, Failure> = takes.iter().map(|file| text_of(file)).collect();
            let body = json!({ "takes": takes?, "reason": reason });
            customer.tell(runtime, "/enrol", body).await
        }
        Action::Compare {
            customer,
            take,
            campaign,
            reason,
        } => {
            let body = json!({ "take": text_of(&take)?, "campaign": campaign, "reason": reason });
            customer.tell(runtime, "/compare", body).await
        }
        Action::Delete { customer, reason } => {
            customer
                .tell(runtime, "/delete", json!({ "reason": reason }))
                .await
        }
        Action::Show { customer, reader } => {
            let path = reader.put(&customer.path(""));
            customer.asking.show(runtime, get(&path)).await
        }
    }
}

fn text_of(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        let shown = path.display();
        return Err(Failure::refused(format!(
            "{shown} is larger than {FILE_BYTES_MAX} bytes: a take has one to six seconds of speech"
        )));
    }
    Ok(STANDARD.encode(bytes))
}
