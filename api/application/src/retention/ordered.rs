//! Transcripts that an order disposes of before their period would: by the same disposals, on record before
//! and after, where the floor is past and nobody is held.

use super::carry_out::carry_out;
use super::complained::Complained;
use super::run::only_one;
use super::transcripts::{is_held, things};
use crate::carried_out::caused;
use crate::installation::Installation;
use domain::calling_plan::Preset;
use domain::ids::{CustomerId, EventId};
use domain::problem::Problem;
use domain::retention::{Beginning, DISPOSAL_ITEMS_MAX, DataClass, RetentionCommand, Under, kept_from};
use domain::time::Timestamp;
use domain::transcript::TranscriptOf;

/// What an order may dispose of, as it stands now.
pub(crate) struct Orderable<'a> {
    installation: &'a Installation,
    complained: Complained,
    /// What came to rest at this instant or before.
    latest: Timestamp,
}

impl<'a> Orderable<'a> {
    pub(crate) async fn now(installation: &'a Installation, preset: Preset) -> Result<Self, Problem> {
        let class = DataClass::Transcripts;
        let state = installation.entities.retentions.state(&class).await?.state;
        let days = state.period_of_order(class, preset).days;
        Ok(Self {
            installation,
            complained: Complained::now(installation).await?,
            latest: kept_from(installation.now(), days),
        })
    }

    /// Only what has a key of its own: destroying the person's would take along what others need.
    pub(crate) async fn has(
        &self,
        of: TranscriptOf,
        customer: &CustomerId,
        ended_at: Timestamp,
    ) -> Result<bool, Problem> {
        let is_past = ended_at <= self.latest;
        Ok(is_past
            && self.installation.vault().existing_key(&of.key()).await?.is_some()
            && !is_held(self.installation, &self.complained, of, customer).await?)
    }
}

/// Disposes of them, as many as there are; answers how many were destroyed. What a crash left is done first.
pub(crate) async fn dispose(
    installation: &Installation,
    preset: Preset,
    mut transcripts: Vec<(TranscriptOf, Timestamp)>,
    begun: EventId,
) -> Result<u64, Problem> {
    if transcripts.is_empty() {
        return Ok(0);
    }
    let class = DataClass::Transcripts;
    let _place = only_one()?;
    let retentions = &installation.entities.retentions;
    let mut destroyed: u64 = 0;
    if let Some(under_way) = retentions.state(&class).await?.state.under_way() {
        let result = carry_out(installation, class, under_way).await?;
        destroyed = destroyed.saturating_add(result.destroyed);
    }
    transcripts.sort_by_key(|(_, at)| *at);
    for part in transcripts.chunks(DISPOSAL_ITEMS_MAX) {
        let (Some((first, oldest_at)), Some((last, newest_at))) = (part.first(), part.last()) else {
            continue;
        };
        let command = RetentionCommand::BeginDisposal(Box::new(Beginning {
            class,
            preset,
            oldest_at: *oldest_at,
            newest_at: *newest_at,
            what: things(part.iter().map(|(of, _)| *of).collect()),
            under: Under::Order,
        }));
        let what = format!("transcripts:{}:{}:{}", first.key(), last.key(), part.len());
        let answer = retentions.ask(&class, command, caused(begun, &what)).await?;
        if let Some(under_way) = answer.state.under_way() {
            let result = carry_out(installation, class, under_way).await?;
            destroyed = destroyed.saturating_add(result.destroyed);
        }
    }
    Ok(destroyed)
}
