//! The secret of one anonymization, and the ids of its copies.

use super::{ended_contacts, words};
use crate::installation::Installation;
use domain::anonymous_transcript::{AnonymousTranscriptEvent, secret_name};
use domain::event_filter::EventFilter;
use domain::hex;
use domain::ids::{AnonymousTranscriptId, CampaignId, CustomerId, EventId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::ports::vault::PersonKey;
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::transcript::TranscriptParent;
use ended_contacts::EndedContactReader;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Returns the secret of an anonymization, and creates it at the first call. `None` if it was destroyed
/// because the anonymization is complete. Fails if the secret is missing although copies exist: with a new
/// secret every copy would be made twice.
pub(in crate::campaigns) async fn secret(
    installation: &Installation,
    campaign: &CampaignId,
    begun: EventId,
) -> Result<Option<PersonKey>, Problem> {
    let (vault, name) = (installation.vault(), secret_name(begun));
    if vault.destroyed(&name).await?.is_some() {
        return Ok(None);
    }
    if let Some(key) = vault.existing_key(&name).await? {
        return Ok(Some(key));
    }
    let made = count_copies(installation, campaign, begun).await?;
    if made > 0 {
        let why = format!(
            "the key store lacks the secret of this anonymization, which already created {made} \
             transcripts; a new secret would create them twice: restore a key backup taken after the \
             anonymization started"
        );
        return Err(Problem::refused("anonymization-secret-missing", why));
    }
    Ok(Some(vault.key(&name).await?))
}

/// Destroys the secret of an anonymization, so that the key store alone cannot lead from a call to its
/// copy. Changes nothing if it is destroyed.
pub(in crate::campaigns) async fn destroy_secret(
    installation: &Installation,
    begun: EventId,
) -> Result<(), Problem> {
    let name = secret_name(begun);
    installation.vault().destroy(&name, installation.now()).await?;
    Ok(())
}

/// Returns the number of copies that an anonymization has made.
pub(in crate::campaigns) async fn count_copies(
    installation: &Installation,
    campaign: &CampaignId,
    begun: EventId,
) -> Result<u64, Problem> {
    let filter = EventFilter {
        kinds: vec![AnonymousTranscriptEvent::KEPT.to_owned()],
        campaign: Some(campaign.clone()),
        ..EventFilter::default()
    };
    let (mut after, mut count) = (Position(0), 0);
    loop {
        let store = installation.store();
        let page = store.read_matching(&filter, after, PAGE_EVENTS_MAX).await?;
        for stored in &page.events {
            let envelope = stored.envelope();
            let envelope = envelope.map_err(|error| Problem::fault(error.to_string()))?;
            count += u64::from(envelope.causation == Some(begun));
        }
        if page.reached == after {
            return Ok(count);
        }
        after = page.reached;
    }
}

/// Returns the id of the copy of a call or conversation: the first 128 bits of HMAC-SHA-256 under the
/// secret, so that the same one always gets the same id.
pub(super) fn copy_id(secret: &PersonKey, of: TranscriptParent) -> AnonymousTranscriptId {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.bytes());
    let mut mac = mac.expect("HMAC takes a key of any length");
    mac.update(b"anonymous_transcript:");
    mac.update(of.key().as_str().as_bytes());
    let bytes = mac.finalize().into_bytes();
    hex::encode_first(16, &bytes)
        .try_into()
        .expect("16 bytes are 32 lower-case hexadecimal digits")
}

/// Returns an id for a dry run, in which nothing is copied.
pub(super) fn placeholder_copy_id(of: TranscriptParent) -> AnonymousTranscriptId {
    let digits = of.key().to_string();
    digits
        .try_into()
        .expect("both are 32 lower-case hexadecimal digits")
}

/// Returns true if every utterance of a customer in the campaign has a copy or cannot be read. Called
/// directly before the erasure, because a customer who was under a hold a moment ago has no copies.
pub(in crate::campaigns) async fn is_all_copied(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    secret: &PersonKey,
) -> Result<bool, Problem> {
    let mut all = EndedContactReader::of(campaign, Some(customer));
    while let Some(page) = all.next(installation).await? {
        for over in page {
            let said = ended_contacts::find_ending(installation, over.of).await?;
            if said.is_none_or(|said| said.is_disposed) {
                continue;
            }
            let copies = &installation.entities.anonymous_transcripts;
            let is_kept = copies.state(&copy_id(secret, over.of)).await?.state.is_kept();
            if !is_kept && words::words(installation, over.of, customer).await?.is_some() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
