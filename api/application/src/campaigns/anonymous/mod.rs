//! Copies of what was said in a campaign, without whoever said it, made before anything of the persons is
//! destroyed.
//!
//! A copy's id is an HMAC of the call under a secret of this one order, which lies in the vault and is
//! destroyed when the order is carried out: until then whoever goes on behind a crash meets each copy again
//! and makes none twice, and from then on nothing leads from a call to its copy. They are made in the order
//! of these ids, all before the first person is erased, so that no place in the log tells either. How many
//! persons' words there are is known before the first is made.

mod order;
mod reading;
mod spoken;
mod words;

pub(super) use order::{destroy_secret, is_all_copied, made_by, secret};
pub use reading::{AnonymousFound, AnonymousWords, anonymous_with, anonymous_words};

use super::anonymizing::{WhyKnown, why_known};
use crate::carried_out::caused;
use crate::installation::Installation;
use crate::retention::Orderable;
use domain::anonymous_transcript::{AnonymousTranscriptCommand, KeptFact};
use domain::calling_plan::Preset;
use domain::customer::{CustomerState, Erasure};
use domain::ids::{AnonymousTranscriptId, CampaignId, CustomerId, EventId};
use domain::ports::vault::PersonKey;
use domain::problem::Problem;
use domain::time::Timestamp;
use domain::transcript::TranscriptOf;
use order::{copy_id, of_nobody};
use spoken::{AllOver, Ending, Over, Said};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most that are remembered at once to be copied, in the order of their ids: some megabytes.
const PENDING_MAX: usize = 20_000;

/// Most transcripts of persons who are still known that one request disposes of.
const DISPOSED_MAX: usize = 5_000;

/// Fewest persons of whom words can be kept: of fewer each would be known. Keywords ask for as many.
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

/// What becomes of a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It is copied, and goes with its person.
    WithPerson,
    /// The person is still known afterwards: it is copied, and goes by itself.
    Alone,
    /// The person is still known, and so are their words: words that stand twice are no secret.
    Stays,
    /// Nothing is done about the person yet.
    Later,
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
    /// Nothing of it can be read or kept; counted while persons are too few.
    without_words: u64,
    /// Persons of whom words are or will be kept; as many as matter.
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
        presets: &[Preset],
        order: Option<(&'a PersonKey, EventId)>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            installation,
            campaign,
            orderable: Orderable::now(installation, presets).await?,
            order,
            done: Copied::default(),
        })
    }

    /// Makes what is to be made, in the order of ids, at most so many.
    pub(super) async fn run(mut self, copies_max: u64) -> Result<Copied, Problem> {
        let mut found = self.look(None).await?;
        let all = found.pending.len() as u64 + found.beyond;
        if found.persons.len() < PERSONS_MIN {
            // Each was asked for its words: none of these persons was enough.
            self.done.without_words = found.without_words;
            self.done.too_few = all.saturating_sub(found.without_words);
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
        let person = self.person(&over).await?;
        let is_known = matches!(person.erasure(), Erasure::None);
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
        let way = self.way_of(&over, &person).await?;
        if is_copied {
            // Whoever is known only until this order erases them takes theirs along.
            if way == Way::Alone {
                self.remember_to_dispose(&over);
            }
            return Ok(());
        }
        let goes_alone = match way {
            Way::WithPerson => false,
            Way::Alone => true,
            Way::Stays => {
                self.done.transcripts_kept += 1;
                return Ok(());
            }
            Way::Later => return Ok(()),
        };
        if !found.is_settled(&over.customer, ending) {
            if self.has_words(&over).await? {
                found.count(&over.customer, ending);
            } else {
                found.without_words += 1;
            }
        }
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

    async fn person(&self, over: &Over) -> Result<Arc<CustomerState>, Problem> {
        let customers = &self.installation.entities.customers;
        Ok(customers.state(&over.customer).await?.state)
    }

    /// What becomes of its transcript, of a person who is not erased.
    async fn way_of(&self, over: &Over, person: &CustomerState) -> Result<Way, Problem> {
        let why = why_known(self.installation, self.campaign, &over.customer, person).await?;
        Ok(match why {
            None => Way::WithPerson,
            Some(WhyKnown::InOtherCampaign) => {
                let is_past = self.orderable.has(over.of, &over.customer, over.at).await?;
                if is_past { Way::Alone } else { Way::Stays }
            }
            Some(
                WhyKnown::Held | WhyKnown::OpenCall | WhyKnown::RecordingBelowFloor | WhyKnown::NotCopied,
            ) => Way::Later,
        })
    }

    async fn has_words(&self, over: &Over) -> Result<bool, Problem> {
        let words = words::words(self.installation, over.of, &over.customer).await?;
        Ok(words.is_some())
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
        let Pending {
            over,
            ending,
            goes_alone,
        } = one;
        // It is some time since all of them were looked at.
        let person = self.person(over).await?;
        if !matches!(person.erasure(), Erasure::None) {
            return Ok(false);
        }
        match self.way_of(over, &person).await? {
            Way::WithPerson if !goes_alone => {}
            Way::Alone if *goes_alone => {}
            Way::Stays => {
                self.done.transcripts_kept += 1;
                return Ok(false);
            }
            Way::WithPerson | Way::Alone | Way::Later => return Ok(false),
        }
        let words = words::words(self.installation, over.of, &over.customer).await?;
        if *goes_alone {
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
    /// Whether one more of this person, which ended so, changes nothing.
    fn is_settled(&self, customer: &CustomerId, ending: Ending) -> bool {
        let is_full = |persons: &BTreeSet<CustomerId>| persons.len() >= PERSONS_MIN;
        let of_ending = self.endings.get(&ending);
        is_full(&self.persons)
            && of_ending.is_some_and(|persons| is_full(persons) || persons.contains(customer))
    }

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
