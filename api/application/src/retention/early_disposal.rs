//! Transcripts that a request disposes of before their period ends. The disposal is recorded in the log
//! before and after, as usual. It needs the floor to be past and the customer not to be held.

use super::complaint_subjects::ComplaintSubjects;
use super::disposal_execution::carry_out;
use super::run::acquire_disposal_permit;
use super::transcripts::{is_held, things};
use crate::decision_execution::derive_cause;
use crate::installation::Installation;
use domain::call::RecordingStatus;
use domain::calling_plan::Preset;
use domain::ids::{CustomerId, EventId};
use domain::problem::Problem;
use domain::retention::{
    DISPOSAL_ITEMS_MAX, DataClass, DisposalBasis, DisposalRequest, RetentionCommand, compute_cutoff,
};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;

/// Which transcripts a request may dispose of before their period ends, as of now.
pub(crate) struct EarlyDisposal<'a> {
    installation: &'a Installation,
    complained: ComplaintSubjects,
    /// Retention of the thing must have begun at this time or before.
    latest: Timestamp,
}

impl<'a> EarlyDisposal<'a> {
    /// Returns what may be disposed of for a campaign with these presets.
    pub(crate) async fn now(installation: &'a Installation, presets: &[Preset]) -> Result<Self, Problem> {
        let (_, latest) = longest(installation, presets).await?;
        Ok(Self {
            installation,
            complained: ComplaintSubjects::now(installation).await?,
            latest,
        })
    }

    /// Returns true if the transcript may be disposed of now: it ended by `latest`, the customer is not
    /// held, and it has a key of its own, since destroying the customer's key would destroy
    /// other data too. False if a recording of the same call, which has the same content, is kept.
    pub(crate) async fn has(
        &self,
        of: TranscriptParent,
        customer: &CustomerId,
        ended_at: Timestamp,
    ) -> Result<bool, Problem> {
        if ended_at > self.latest {
            return Ok(false);
        }
        if let TranscriptParent::Call(call) = of {
            let state = self.installation.entities.calls.state(&call).await?.state;
            if state.recording() == RecordingStatus::Kept {
                return Ok(false);
            }
        }
        let key = self.installation.vault().existing_key(&of.key()).await?;
        Ok(key.is_some() && !is_held(self.installation, &self.complained, of, customer).await?)
    }
}

/// Returns the preset with the longest period for transcripts, and the latest time at which the retention
/// of a due one can have begun.
async fn longest(installation: &Installation, presets: &[Preset]) -> Result<(Preset, Timestamp), Problem> {
    let class = DataClass::Transcripts;
    let state = installation.entities.retentions.state(&class).await?.state;
    let preset = state.longest_of_order(class, presets);
    let days = state.period_of_order(class, preset).days;
    Ok((preset, compute_cutoff(installation.now(), days)))
}

/// Completes a disposal of transcripts that a crash interrupted, whatever began it, so that every destroyed
/// transcript is on record. Does nothing if there is none.
pub(crate) async fn finish_left_over(installation: &Installation) -> Result<(), Problem> {
    let retentions = &installation.entities.retentions;
    let state = retentions.state(&DataClass::Transcripts).await?.state;
    if state.under_way().is_none() {
        return Ok(());
    }
    let _place = acquire_disposal_permit()?;
    finish(installation).await
}

async fn finish(installation: &Installation) -> Result<(), Problem> {
    let class = DataClass::Transcripts;
    let state = installation.entities.retentions.state(&class).await?.state;
    if let Some(under_way) = state.under_way() {
        carry_out(installation, class, under_way).await?;
    }
    Ok(())
}

/// Disposes of these transcripts (each with its end), because of the event `begun`. Returns how many of
/// them are destroyed.
pub(crate) async fn dispose(
    installation: &Installation,
    presets: &[Preset],
    transcripts: &[(TranscriptParent, Timestamp)],
    begun: EventId,
) -> Result<u64, Problem> {
    if transcripts.is_empty() {
        return Ok(0);
    }
    let class = DataClass::Transcripts;
    let _place = acquire_disposal_permit()?;
    let retentions = &installation.entities.retentions;
    finish(installation).await?;
    // A period may have been set since the candidates were found.
    let (preset, latest) = longest(installation, presets).await?;
    let mut due = Vec::with_capacity(transcripts.len());
    for (of, at) in transcripts {
        if *at <= latest && !is_disposed(installation, *of).await? {
            due.push((*of, *at));
        }
    }
    due.sort_by_key(|(_, at)| *at);
    for part in due.chunks(DISPOSAL_ITEMS_MAX) {
        let (Some((first, oldest_at)), Some((last, newest_at))) = (part.first(), part.last()) else {
            continue;
        };
        let command = RetentionCommand::BeginDisposal(Box::new(DisposalRequest {
            class,
            preset,
            oldest_at: *oldest_at,
            newest_at: *newest_at,
            what: things(part.iter().map(|(of, _)| *of).collect()),
            under: DisposalBasis::Order,
        }));
        let what = format!("transcripts:{}:{}:{}", first.key(), last.key(), part.len());
        let answer = retentions
            .ask(&class, command, derive_cause(begun, &what))
            .await?;
        if let Some(under_way) = answer.state.under_way() {
            carry_out(installation, class, under_way).await?;
        }
    }
    let mut gone: u64 = 0;
    for (of, _) in transcripts {
        gone = gone.saturating_add(u64::from(is_disposed(installation, *of).await?));
    }
    Ok(gone)
}

/// Returns true if the events of the call or conversation record that its transcript was disposed of.
async fn is_disposed(installation: &Installation, of: TranscriptParent) -> Result<bool, Problem> {
    let entities = &installation.entities;
    Ok(match of {
        TranscriptParent::Call(call) => entities.calls.state(&call).await?.state.is_transcript_disposed(),
        TranscriptParent::Conversation(conversation) => {
            let state = entities.conversations.state(&conversation).await?.state;
            state.is_transcript_disposed()
        }
    })
}
