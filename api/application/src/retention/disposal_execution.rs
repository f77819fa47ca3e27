//! Carries out one disposal that is in the log: for each thing, checks again whether it is held, then
//! destroys it. If it is done again after a crash, what is already destroyed is skipped.

use super::complaint_subjects::ComplaintSubjects;
use super::due_data::is_used;
use super::transcripts;
use crate::decision_execution::{derive_cause, erase, wait_for_certificates};
use crate::installation::Installation;
use domain::call::command::CallCommand;
use domain::customer::Erasure;
use domain::decider::Decider;
use domain::ids::{CallId, CustomerId, EventId};
use domain::problem::Problem;
use domain::retention::{
    DataClass, DisposalResult, OpenDisposal, Retention, RetentionCommand, RetentionEvent,
};
use domain::stored_event::StreamVersion;

/// Events read in one page to find the one that began a disposal. After it, the stream can only have new
/// periods.
const LOOKED_BACK: u64 = 100;

/// Destroys what the open disposal names, except what is held now, and records its completion in the log. A
/// repetition after a crash skips what is destroyed already.
pub(super) async fn carry_out(
    installation: &Installation,
    class: DataClass,
    under_way: &OpenDisposal,
) -> Result<DisposalResult, Problem> {
    let begun = begun(installation, class, under_way.disposal).await?;
    let complained = ComplaintSubjects::now(installation).await?;
    let mut result = DisposalResult::default();
    match class {
        DataClass::Recordings => {
            for call in &under_way.what.calls {
                let outcome = recording(installation, *call, under_way, begun, &complained).await?;
                outcome.count_in(&mut result);
            }
        }
        DataClass::Transcripts => {
            for of in transcripts::named(&under_way.what) {
                let outcome = transcripts::dispose(installation, of, under_way, begun, &complained).await?;
                outcome.count_in(&mut result);
            }
        }
        DataClass::Persons => {
            let mut erased = Vec::new();
            for customer in &under_way.what.customers {
                let outcome = person(installation, customer, under_way, begun, &complained).await?;
                outcome.count_in(&mut result);
                erased.extend((outcome != DisposalOutcome::Kept).then(|| customer.clone()));
            }
            wait_for_certificates(installation, &erased).await?;
        }
    }
    let command = RetentionCommand::CompleteDisposal {
        disposal: under_way.disposal,
        result,
    };
    let cause = derive_cause(begun, "complete");
    installation
        .entities
        .retentions
        .ask(&class, command, cause)
        .await?;
    Ok(result)
}

/// What happened to one thing of a disposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DisposalOutcome {
    Destroyed,
    Gone,
    Kept,
}

impl DisposalOutcome {
    const fn count_in(self, result: &mut DisposalResult) {
        let count = match self {
            Self::Destroyed => &mut result.destroyed,
            Self::Gone => &mut result.gone,
            Self::Kept => &mut result.kept,
        };
        *count = count.saturating_add(1);
    }
}

async fn recording(
    installation: &Installation,
    call: CallId,
    under_way: &OpenDisposal,
    begun: EventId,
    complained: &ComplaintSubjects,
) -> Result<DisposalOutcome, Problem> {
    let state = installation.entities.calls.state(&call).await?.state;
    if let Some(customer) = state.customer() {
        let person = installation.entities.customers.state(customer).await?.state;
        if person.held().is_some() || complained.names_call(call, customer, &person) {
            return Ok(DisposalOutcome::Kept);
        }
    }
    let was_there = installation.recordings.delete(call).await;
    let was_there = was_there.map_err(|error| Problem::unavailable(error.to_string()))?;
    let command = CallCommand::DisposeRecording {
        disposal: under_way.disposal,
        preset: under_way.under.preset,
        days: under_way.under.days,
    };
    let cause = derive_cause(begun, &format!("recording:{call}"));
    installation.entities.calls.ask(&call, command, cause).await?;
    Ok(if was_there {
        DisposalOutcome::Destroyed
    } else {
        DisposalOutcome::Gone
    })
}

async fn person(
    installation: &Installation,
    customer: &CustomerId,
    under_way: &OpenDisposal,
    begun: EventId,
    complained: &ComplaintSubjects,
) -> Result<DisposalOutcome, Problem> {
    let person = installation.entities.customers.state(customer).await?.state;
    if !matches!(person.erasure(), Erasure::None) {
        return Ok(DisposalOutcome::Gone);
    }
    let is_held = person.held().is_some() || complained.names(customer, &person);
    if is_held || is_used(installation, &person).await? {
        return Ok(DisposalOutcome::Kept);
    }
    let reason = format!(
        "retention: disposal {} of persons, kept for {} days",
        under_way.disposal, under_way.under.days
    );
    let is_erased = erase(installation, customer, begun, reason).await?;
    Ok(if is_erased {
        DisposalOutcome::Destroyed
    } else {
        DisposalOutcome::Kept
    })
}

/// Returns the id of the event that began the disposal with this number.
async fn begun(installation: &Installation, class: DataClass, disposal: u64) -> Result<EventId, Problem> {
    let loaded = installation.entities.retentions.state(&class).await?;
    let stream = Retention::stream(&class);
    let mut after = loaded.version.0.saturating_sub(LOOKED_BACK);
    loop {
        let limit = usize::try_from(LOOKED_BACK).unwrap_or(usize::MAX);
        let page = installation
            .store()
            .read_stream(&stream, StreamVersion(after), limit)
            .await?;
        for stored in page.iter().rev() {
            let envelope = stored
                .envelope()
                .map_err(|error| Problem::fault(error.to_string()))?;
            let event = domain::stored_event::read_event::<Retention>(&envelope);
            let event = event.map_err(|error| Problem::fault(error.to_string()))?;
            if matches!(event, RetentionEvent::DisposalBegun { disposal: of, .. } if of == disposal) {
                return Ok(envelope.id);
            }
        }
        if after == 0 {
            return Err(Problem::fault(format!(
                "nothing began disposal {disposal} of {class}"
            )));
        }
        after = after.saturating_sub(LOOKED_BACK);
    }
}
