//! Anonymous transcripts: copies of the utterances of a campaign without their speakers, made before any
//! data of a customer is destroyed.
//!
//! The id of a copy is an HMAC of the call under a secret of this anonymization. The secret is in the vault
//! and is destroyed when the anonymization is complete. Until then, a run that resumes after a crash finds
//! the existing copies and makes none twice; afterwards nothing leads from a call to its copy. The copies
//! are made in the order of their ids, all before the first customer is erased, so that log positions
//! reveal nothing either. The number of customers with utterances is known before the first copy is made.

mod copy_ids;
mod copy_reader;
mod ended_contacts;
mod words;

pub(super) use copy_ids::{count_copies, destroy_secret, is_all_copied, secret};
pub use copy_reader::{AnonymousMatch, AnonymousWords, anonymous_with, anonymous_words};

use super::anonymization::{NotErasedReason, find_not_erased_reason};
use crate::decision_execution::derive_cause;
use crate::installation::Installation;
use crate::retention::EarlyDisposal;
use copy_ids::{copy_id, placeholder_copy_id};
use domain::anonymous_transcript::{AnonymousTranscriptCommand, AnonymousTranscriptFact};
use domain::calling_plan::Preset;
use domain::customer::{CustomerState, Erasure};
use domain::ids::{AnonymousTranscriptId, CampaignId, CustomerId, EventId};
use domain::ports::vault::PersonKey;
use domain::problem::Problem;
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use ended_contacts::{EndedContact, EndedContactReader, Ending, EndingRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most transcripts to be copied that are held in memory at once, in the order of their ids: some
/// megabytes.
const PENDING_MAX: usize = 20_000;

/// Most transcripts of customers who are not erased that one request disposes of.
const DISPOSED_MAX: usize = 5_000;

/// Fewest customers with utterances for copies to be made: with fewer, each could be recognized. Keywords
/// have the same minimum.
const PERSONS_MIN: usize = 3;

/// The result of copying, with the work that is left.
#[derive(Debug, Default)]
pub(super) struct CopyResult {
    pub(super) copied: u64,
    pub(super) without_words: u64,
    pub(super) too_few: u64,
    pub(super) transcripts_disposed: u64,
    pub(super) transcripts_kept: u64,
    /// Transcripts that are still to be copied.
    pub(super) left: u64,
    /// Transcripts to dispose of beyond the limit of one request.
    pub(super) left_to_dispose: u64,
    /// Transcripts of customers who are not erased. Each has a copy and is disposed of now.
    pub(super) to_dispose: Vec<(TranscriptParent, Timestamp)>,
}

/// What happens to a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TranscriptTreatment {
    /// It is copied and becomes unreadable with the customer's erasure.
    WithPerson,
    /// The customer is not erased: the transcript is copied and disposed of separately.
    Alone,
    /// The customer is not erased and the transcript is kept, so it is not copied: a copy beside the
    /// original would be no protection.
    Stays,
    /// Nothing is done about this customer yet.
    Later,
}

/// A transcript to be copied.
struct PendingCopy {
    over: EndedContact,
    ending: Ending,
    /// True if the customer is not erased afterwards, so that the transcript is disposed of after its copy.
    goes_alone: bool,
}

/// The result of a pass over all transcripts of a campaign.
#[derive(Default)]
struct TranscriptScan {
    pending: BTreeMap<AnonymousTranscriptId, PendingCopy>,
    /// Number of transcripts further on in the order of ids than are held in memory.
    beyond: u64,
    /// Transcripts without any words that may be kept. Counted while there are too few customers.
    without_words: u64,
    /// Customers with words that are or will be kept; collected up to the minimum only.
    persons: BTreeSet<CustomerId>,
    /// For each kind of ending, the customers with calls that ended so.
    endings: BTreeMap<Ending, BTreeSet<CustomerId>>,
}

/// One run over a campaign's transcripts, which makes the copies.
pub(super) struct CopyRun<'a> {
    installation: &'a Installation,
    campaign: &'a CampaignId,
    orderable: EarlyDisposal<'a>,
    /// Secret and begin event of the anonymization. `None` in a dry run.
    order: Option<(&'a PersonKey, EventId)>,
    done: CopyResult,
}

impl<'a> CopyRun<'a> {
    pub(super) async fn of(
        installation: &'a Installation,
        campaign: &'a CampaignId,
        presets: &[Preset],
        order: Option<(&'a PersonKey, EventId)>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            installation,
            campaign,
            orderable: EarlyDisposal::now(installation, presets).await?,
            order,
            done: CopyResult::default(),
        })
    }

    /// Makes at most `copies_max` copies, in the order of their ids, and returns what was done and what is
    /// left. With fewer than `PERSONS_MIN` customers with words, makes none.
    pub(super) async fn run(mut self, copies_max: u64) -> Result<CopyResult, Problem> {
        let mut found = self.look(None).await?;
        let all = found.pending.len() as u64 + found.beyond;
        if found.persons.len() < PERSONS_MIN {
            // The words of each were examined: none of these customers had enough.
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

    /// Reads all ended calls and conversations of the campaign. Collects those to be copied with an id
    /// after `behind`, the first `PENDING_MAX` in the order of ids.
    async fn look(&mut self, behind: Option<&AnonymousTranscriptId>) -> Result<TranscriptScan, Problem> {
        let mut found = TranscriptScan::default();
        let mut all = EndedContactReader::of(self.campaign, None);
        while let Some(page) = all.next(self.installation).await? {
            for over in page {
                self.look_at(over, behind, &mut found).await?;
            }
        }
        Ok(found)
    }

    async fn look_at(
        &mut self,
        over: EndedContact,
        behind: Option<&AnonymousTranscriptId>,
        found: &mut TranscriptScan,
    ) -> Result<(), Problem> {
        let Some(EndingRecord { ending, is_disposed }) =
            ended_contacts::find_ending(self.installation, over.of).await?
        else {
            return Ok(());
        };
        let person = self.person(&over).await?;
        let is_known = matches!(person.erasure(), Erasure::None);
        let id = match self.order {
            Some((secret, _)) => copy_id(secret, over.of),
            None => placeholder_copy_id(over.of),
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
            // If this anonymization will erase the customer, the transcript becomes unreadable with the
            // erasure.
            if way == TranscriptTreatment::Alone {
                self.remember_to_dispose(&over);
            }
            return Ok(());
        }
        let goes_alone = match way {
            TranscriptTreatment::WithPerson => false,
            TranscriptTreatment::Alone => true,
            TranscriptTreatment::Stays => {
                self.done.transcripts_kept += 1;
                return Ok(());
            }
            TranscriptTreatment::Later => return Ok(()),
        };
        if !found.is_settled(&over.customer, ending) {
            if self.has_words(&over).await? {
                found.count(&over.customer, ending);
            } else {
                found.without_words += 1;
            }
        }
        if behind.is_none_or(|behind| id > *behind) {
            let one = PendingCopy {
                over,
                ending,
                goes_alone,
            };
            found.remember(id, one);
        }
        Ok(())
    }

    async fn person(&self, over: &EndedContact) -> Result<Arc<CustomerState>, Problem> {
        let customers = &self.installation.entities.customers;
        Ok(customers.state(&over.customer).await?.state)
    }

    /// Returns what is to happen to the transcript of a customer who is not erased yet.
    async fn way_of(
        &self,
        over: &EndedContact,
        person: &CustomerState,
    ) -> Result<TranscriptTreatment, Problem> {
        let why = find_not_erased_reason(self.installation, self.campaign, &over.customer, person).await?;
        Ok(match why {
            None => TranscriptTreatment::WithPerson,
            Some(NotErasedReason::InOtherCampaign) => {
                let is_past = self.orderable.has(over.of, &over.customer, over.at).await?;
                if is_past {
                    TranscriptTreatment::Alone
                } else {
                    TranscriptTreatment::Stays
                }
            }
            Some(
                NotErasedReason::Held
                | NotErasedReason::OpenCall
                | NotErasedReason::RecordingBelowFloor
                | NotErasedReason::NotCopied,
            ) => TranscriptTreatment::Later,
        })
    }

    async fn has_words(&self, over: &EndedContact) -> Result<bool, Problem> {
        let words = words::words(self.installation, over.of, &over.customer).await?;
        Ok(words.is_some())
    }

    fn remember_to_dispose(&mut self, over: &EndedContact) {
        if self.done.to_dispose.len() < DISPOSED_MAX {
            self.done.to_dispose.push((over.of, over.at));
        } else {
            self.done.left_to_dispose += 1;
        }
    }

    /// Makes one copy, after a new check of its customer. Returns false if there was nothing that may be
    /// kept.
    async fn copy(
        &mut self,
        id: &AnonymousTranscriptId,
        one: &PendingCopy,
        endings: &BTreeMap<Ending, BTreeSet<CustomerId>>,
        begun: EventId,
    ) -> Result<bool, Problem> {
        let PendingCopy {
            over,
            ending,
            goes_alone,
        } = one;
        // Time has passed since the pass, so the customer is looked at again.
        let person = self.person(over).await?;
        if !matches!(person.erasure(), Erasure::None) {
            return Ok(false);
        }
        match self.way_of(over, &person).await? {
            TranscriptTreatment::WithPerson if !goes_alone => {}
            TranscriptTreatment::Alone if *goes_alone => {}
            TranscriptTreatment::Stays => {
                self.done.transcripts_kept += 1;
                return Ok(false);
            }
            TranscriptTreatment::WithPerson | TranscriptTreatment::Alone | TranscriptTreatment::Later => {
                return Ok(false);
            }
        }
        let words = words::words(self.installation, over.of, &over.customer).await?;
        if *goes_alone {
            self.remember_to_dispose(over);
        }
        let Some(words) = words else {
            self.done.without_words += 1;
            return Ok(false);
        };
        let mut kept = AnonymousTranscriptFact::new(self.campaign.clone(), ending.said_in, words);
        if endings
            .get(ending)
            .is_some_and(|persons| persons.len() >= PERSONS_MIN)
        {
            (kept.disposition, kept.outcome) = (ending.disposition, ending.outcome);
        }
        let command = AnonymousTranscriptCommand::Keep(Box::new(kept));
        // Derived from the copy's id, because the id of an event can be recomputed from its command's
        // cause.
        let cause = derive_cause(begun, &format!("copy:{id}"));
        let copies = &self.installation.entities.anonymous_transcripts;
        copies.ask(id, command, cause).await?;
        self.done.copied += 1;
        Ok(true)
    }
}

impl TranscriptScan {
    /// Returns true if another transcript of this customer with this ending would change nothing: enough
    /// customers are known already.
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

    fn remember(&mut self, id: AnonymousTranscriptId, one: PendingCopy) {
        self.pending.insert(id, one);
        if self.pending.len() > PENDING_MAX {
            self.pending.pop_last();
            self.beyond += 1;
        }
    }
}
