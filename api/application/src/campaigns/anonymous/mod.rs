//! Copies of what was said in a campaign, without whoever said it, made before anything of the persons is
//! destroyed.
//!
//! A copy's id is an HMAC of the call under a secret of this one order, which lies in the vault and is
//! destroyed when the order is carried out: until then whoever goes on behind a crash meets each copy again
//! and makes none twice, and from then on nothing leads from a call to its copy. They are made in the order
//! of these ids, all before the first person is erased, so that no place in the log tells either.

mod reading;
mod spoken;
mod words;

pub use reading::{AnonymousFound, AnonymousWords, anonymous_with, anonymous_words};

use super::anonymizing::{WhyKnown, why_known};
use crate::carried_out::caused;
use crate::installation::Installation;
use crate::retention::Orderable;
use domain::anonymous_transcript::{AnonymousTranscriptCommand, AnonymousTranscriptEvent, KeptFact};
use domain::calling_plan::Preset;
use domain::customer::Erasure;
use domain::event_filter::EventFilter;
use domain::ids::{AnonymousTranscriptId, CampaignId, CommandId, CustomerId, EventId};
use domain::ports::event_store::PAGE_EVENTS_MAX;
use domain::ports::vault::{PersonKey, VaultError};
use domain::problem::Problem;
use domain::stored_event::Position;
use domain::time::Timestamp;
use domain::transcript::TranscriptOf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use spoken::{AllOver, Ending, Over, Said};
use std::collections::{BTreeMap, BTreeSet};

/// Most that are remembered at once to be copied, in the order of their ids: some megabytes.
const PENDING_MAX: usize = 20_000;

/// Most transcripts of persons who are still known that one request disposes of.
const DISPOSED_MAX: usize = 5_000;

/// Fewest persons who said something: of fewer each would be known. Keywords ask for as many.
const PERSONS_MIN: usize = 3;

/// What was found and done.
#[derive(Debug, Default)]
pub(super) struct Copied {
    pub(super) copied: u64,
    pub(super) without_words: u64,
    pub(super) too_few: u64,
    pub(super) transcripts_disposed: u64,
    pub(super) transcripts_kept: u64,
    /// To be copied yet.
    pub(super) left: u64,
    /// More than one request disposes of.
    pub(super) left_to_dispose: u64,
    /// Of persons who are still known, each with a copy: to be disposed of now.
    pub(super) to_dispose: Vec<(TranscriptOf, Timestamp)>,
}

/// The secret of one order; nothing where it was destroyed: then all of it is done.
pub(super) async fn secret(
    installation: &Installation,
    begun: EventId,
) -> Result<Option<PersonKey>, Problem> {
    match installation.vault().key(&secret_name(begun)).await {
        Ok(key) => Ok(Some(key)),
        Err(VaultError::Destroyed(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Who has the key store from here on has nothing that leads from a call to its copy.
pub(super) async fn destroy_secret(installation: &Installation, begun: EventId) -> Result<(), Problem> {
    let name = secret_name(begun);
    installation.vault().destroy(&name, installation.now()).await?;
    Ok(())
}

/// How many copies an order made.
pub(super) async fn made_by(
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

/// Keys are named as persons are, by 32 hexadecimal digits; nobody's are these.
fn secret_name(begun: EventId) -> CustomerId {
    let name = CommandId::derive_from_text(&format!("anonymization/{begun}"));
    let digits = name.uuid().simple().to_string();
    digits
        .try_into()
        .expect("a UUID without hyphens has 32 lower-case hexadecimal digits")
}

/// First 128 bits of HMAC-SHA-256 under the order's secret.
fn copy_id(secret: &PersonKey, of: TranscriptOf) -> AnonymousTranscriptId {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.bytes());
    let mut mac = mac.expect("HMAC takes a key of any length");
    mac.update(b"anonymous_transcript:");
    mac.update(of.key().as_str().as_bytes());
    let bytes = mac.finalize().into_bytes();
    let digits: String = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    digits
        .try_into()
        .expect("16 bytes are 32 lower-case hexadecimal digits")
}

/// One to be copied.
struct Pending {
    over: Over,
    ending: Ending,
    /// The person is still known afterwards: the transcript goes behind its copy.
    goes_alone: bool,
}

/// What a look at all of a campaign found.
#[derive(Default)]
struct Found {
    pending: BTreeMap<AnonymousTranscriptId, Pending>,
    /// Further on in the order of ids than is remembered.
    beyond: u64,
    /// Persons who said something that is or will be copied; as many as matter.
    persons: BTreeSet<CustomerId>,
    /// How calls ended, and of how many persons.
    endings: BTreeMap<Ending, BTreeSet<CustomerId>>,
}

/// A look at a campaign, and the copies that are made of it.
pub(super) struct Copying<'a> {
    installation: &'a Installation,
    campaign: &'a CampaignId,
    orderable: Orderable<'a>,
    /// Nothing where it is only looked.
    order: Option<(&'a PersonKey, EventId)>,
    done: Copied,
}

impl<'a> Copying<'a> {
    pub(super) async fn of(
        installation: &'a Installation,
        campaign: &'a CampaignId,
        preset: Preset,
        order: Option<(&'a PersonKey, EventId)>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            installation,
            campaign,
            orderable: Orderable::now(installation, preset).await?,
            order,
            done: Copied::default(),
        })
    }

    /// Makes what is to be made, in the order of ids, at most so many.
    pub(super) async fn run(mut self, copies_max: u64) -> Result<Copied, Problem> {
        let mut found = self.look(None).await?;
        let all = found.pending.len() as u64 + found.beyond;
        if found.persons.len() < PERSONS_MIN {
            self.done.too_few = all;
            self.done.transcripts_kept += found.pending.values().filter(|one| one.goes_alone).count() as u64;
            return Ok(self.done);
        }
        let Some((_, begun)) = self.order else {
            self.done.left = all;
            return Ok(self.done);
        };
        let mut made = 0;
        loop {
            let mut last = None;
            let mut pending = std::mem::take(&mut found.pending).into_iter();
            while made < copies_max {
                let Some((id, one)) = pending.next() else { break };
                made += u64::from(self.copy(&id, &one, &found.endings, begun).await?);
                last = Some(id);
            }
            self.done.left = pending.len() as u64 + found.beyond;
            if made >= copies_max || found.beyond == 0 {
                return Ok(self.done);
            }
            let before = std::mem::take(&mut self.done);
            found = self.look(last.as_ref()).await?;
            self.done.without_words += before.without_words;
        }
    }

    /// All calls and conversations of the campaign; those behind an id, as many as are remembered.
    async fn look(&mut self, behind: Option<&AnonymousTranscriptId>) -> Result<Found, Problem> {
        let mut found = Found::default();
        let mut all = AllOver::of(self.campaign, None);
        while let Some(page) = all.next(self.installation).await? {
            for over in page {
                self.look_at(over, behind, &mut found).await?;
            }
        }
        Ok(found)
    }

    async fn look_at(
        &mut self,
        over: Over,
        behind: Option<&AnonymousTranscriptId>,
        found: &mut Found,
    ) -> Result<(), Problem> {
        let Some(Said { ending, is_disposed }) = spoken::said(self.installation, over.of).await? else {
            return Ok(());
        };
        let person = self
            .installation
            .entities
            .customers
            .state(&over.customer)
            .await?
            .state;
        let is_known = matches!(person.erasure(), Erasure::None);
        // Where it is only looked, nothing was copied by this order, and any id will do.
        let id = match self.order {
            Some((secret, _)) => copy_id(secret, over.of),
            None => of_nobody(over.of),
        };
        let copies = &self.installation.entities.anonymous_transcripts;
        let is_copied = self.order.is_some() && copies.state(&id).await?.state.is_kept();
        if is_copied {
            self.done.copied += 1;
            self.done.transcripts_disposed += u64::from(is_known && is_disposed);
            found.count(&over.customer, ending);
        }
        if !is_known || is_disposed {
            return Ok(());
        }
        let why = why_known(self.installation, self.campaign, &over.customer, &person).await?;
        if is_copied {
            // Whoever is known only until this order erases them takes theirs along.
            if matches!(why, Some(WhyKnown::InOtherCampaign)) && self.goes_alone(&over).await? {
                self.remember_to_dispose(&over);
            }
            return Ok(());
        }
        let goes_alone = match why {
            None => false,
            Some(WhyKnown::InOtherCampaign) if self.goes_alone(&over).await? => true,
            Some(WhyKnown::InOtherCampaign) => {
                self.done.transcripts_kept += 1;
                return Ok(());
            }
            Some(
                WhyKnown::Held | WhyKnown::OpenCall | WhyKnown::RecordingBelowFloor | WhyKnown::NotCopied,
            ) => {
                return Ok(());
            }
        };
        found.count(&over.customer, ending);
        if behind.is_none_or(|behind| id > *behind) {
            let one = Pending {
                over,
                ending,
                goes_alone,
            };
            found.remember(id, one);
        }
        Ok(())
    }

    /// Whether its transcript may be destroyed while the person is still known.
    async fn goes_alone(&self, over: &Over) -> Result<bool, Problem> {
        self.orderable.has(over.of, &over.customer, over.at).await
    }

    fn remember_to_dispose(&mut self, over: &Over) {
        if self.done.to_dispose.len() < DISPOSED_MAX {
            self.done.to_dispose.push((over.of, over.at));
        } else {
            self.done.left_to_dispose += 1;
        }
    }

    /// Whether there was anything to be kept.
    async fn copy(
        &mut self,
        id: &AnonymousTranscriptId,
        one: &Pending,
        endings: &BTreeMap<Ending, BTreeSet<CustomerId>>,
        begun: EventId,
    ) -> Result<bool, Problem> {
        let Pending { over, ending, .. } = one;
        let words = words::words(self.installation, over.of, &over.customer).await?;
        if one.goes_alone {
            self.remember_to_dispose(over);
        }
        let Some(words) = words else {
            self.done.without_words += 1;
            return Ok(false);
        };
        let mut kept = KeptFact::new(self.campaign.clone(), ending.said_in, words);
        if endings
            .get(ending)
            .is_some_and(|persons| persons.len() >= PERSONS_MIN)
        {
            (kept.disposition, kept.outcome) = (ending.disposition, ending.outcome);
        }
        let command = AnonymousTranscriptCommand::Keep(Box::new(kept));
        // By the copy's id: anybody can make an event's id again of what its command's follows from.
        let cause = caused(begun, &format!("copy:{id}"));
        let copies = &self.installation.entities.anonymous_transcripts;
        copies.ask(id, command, cause).await?;
        self.done.copied += 1;
        Ok(true)
    }
}

impl Found {
    fn count(&mut self, customer: &CustomerId, ending: Ending) {
        let count = |persons: &mut BTreeSet<CustomerId>| {
            if persons.len() < PERSONS_MIN {
                persons.insert(customer.clone());
            }
        };
        count(&mut self.persons);
        count(self.endings.entry(ending).or_default());
    }

    fn remember(&mut self, id: AnonymousTranscriptId, one: Pending) {
        self.pending.insert(id, one);
        if self.pending.len() > PENDING_MAX {
            self.pending.pop_last();
            self.beyond += 1;
        }
    }
}

fn of_nobody(of: TranscriptOf) -> AnonymousTranscriptId {
    let digits = of.key().to_string();
    digits
        .try_into()
        .expect("both are 32 lower-case hexadecimal digits")
}

/// Whether all that a person said in the campaign has its copy, or can be read by nobody: asked right before
/// the person is erased, since whoever was held a moment ago had none made.
pub(super) async fn is_all_copied(
    installation: &Installation,
    campaign: &CampaignId,
    customer: &CustomerId,
    secret: &PersonKey,
) -> Result<bool, Problem> {
    let mut all = AllOver::of(campaign, Some(customer));
    while let Some(page) = all.next(installation).await? {
        for over in page {
            let said = spoken::said(installation, over.of).await?;
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
