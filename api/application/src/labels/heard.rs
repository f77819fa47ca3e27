//! One turn in its conversation's own stream: found by its place without being opened, then opened and
//! masked.

use crate::calls::stream_of;
use crate::installation::Installation;
use crate::transcript_words::{masked_among, own_words};
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::calling_plan::FlowRef;
use domain::conversation::{Conversation, ConversationEvent};
use domain::decider::{Decider, EventData};
use domain::ids::{CampaignId, CustomerId};
use domain::label::{TurnId, TurnOf};
use domain::personal::Personal;
use domain::ports::vault::{PersonKey, key_to_read};
use domain::problem::Problem;
use domain::spoken_turn::UnderstoodFact;
use domain::stored_event::{StoredEvent, StreamVersion, open_personal, read_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptOf;

/// A turn as it stands in its stream; its words are sealed.
#[derive(Debug)]
pub(super) struct SealedTurn {
    pub(super) campaign: CampaignId,
    pub(super) customer: CustomerId,
    flow: Option<FlowRef>,
    understood: UnderstoodFact,
    said_at: Timestamp,
    /// What was said to them before: its place in the flow, and which wording.
    asked: Option<(String, Option<String>)>,
    of: TurnOf,
    /// The event that holds the words.
    heard: StoredEvent,
}

/// A turn that was opened.
#[derive(Debug)]
pub struct HeardTurn {
    pub flow: Option<FlowRef>,
    pub understood: UnderstoodFact,
    pub said_at: Timestamp,
    pub asked: Option<(String, Option<String>)>,
    /// Masked.
    pub text: String,
}

/// The turn of a name, where something was understood at that place and its words were kept.
pub(super) async fn found(installation: &Installation, id: TurnId) -> Result<Option<SealedTurn>, Problem> {
    match id.of {
        TurnOf::Call(call) => in_call(&stream_of(installation.store(), call).await?, id),
        TurnOf::Conversation(conversation) => {
            let stream = Conversation::stream(&conversation);
            let most = usize::try_from(id.version.0).unwrap_or(usize::MAX);
            let most = most.min(domain::ports::event_store::PAGE_EVENTS_MAX);
            let stored = installation
                .store()
                .read_stream(&stream, StreamVersion(0), most)
                .await?;
            in_conversation(&stored, id)
        }
    }
}

/// What of a stream leads to a turn.
#[derive(Default)]
struct Before {
    flow: Option<FlowRef>,
    heard: Option<StoredEvent>,
    asked: Option<(String, Option<String>)>,
}

fn in_call(stored: &[StoredEvent], id: TurnId) -> Result<Option<SealedTurn>, Problem> {
    let mut before = Before::default();
    for one in stored {
        let envelope = one.envelope().map_err(|error| fault(&error))?;
        let event = read_event::<Call>(&envelope).map_err(|error| fault(&error))?;
        match event {
            CallEvent::Permitted { flow, .. } => before.flow = Some(flow),
            CallEvent::Heard(_) => before.heard = Some(one.clone()),
            CallEvent::Said(said) => before.asked = Some((said.prompt, said.variant)),
            CallEvent::Understood(understood) if envelope.stream_version == id.version => {
                let scope = envelope.campaign.clone().zip(envelope.customer.clone());
                return Ok(before.turn(scope, understood, envelope.at, id.of));
            }
            // What was said before belongs to what was made of it then.
            CallEvent::Understood(_) => before.heard = None,
            _ => {}
        }
    }
    Ok(None)
}

fn in_conversation(stored: &[StoredEvent], id: TurnId) -> Result<Option<SealedTurn>, Problem> {
    let mut before = Before::default();
    for one in stored {
        let envelope = one.envelope().map_err(|error| fault(&error))?;
        let event = read_event::<Conversation>(&envelope).map_err(|error| fault(&error))?;
        match event {
            ConversationEvent::Opened(opened) => before.flow = Some(opened.flow),
            ConversationEvent::Heard(_) => before.heard = Some(one.clone()),
            ConversationEvent::Said(said) => before.asked = Some((said.prompt, said.variant)),
            ConversationEvent::Understood(understood) if envelope.stream_version == id.version => {
                let scope = envelope.campaign.clone().zip(envelope.customer.clone());
                return Ok(before.turn(scope, understood, envelope.at, id.of));
            }
            ConversationEvent::Understood(_) => before.heard = None,
            ConversationEvent::SensitiveWordMatched(_)
            | ConversationEvent::Decided(_)
            | ConversationEvent::Closed(_)
            | ConversationEvent::TranscriptDisposed { .. } => {}
        }
    }
    Ok(None)
}

impl Before {
    fn turn(
        self,
        scope: Option<(CampaignId, CustomerId)>,
        understood: UnderstoodFact,
        said_at: Timestamp,
        of: TurnOf,
    ) -> Option<SealedTurn> {
        let (campaign, customer) = scope?;
        Some(SealedTurn {
            campaign,
            customer,
            flow: self.flow,
            understood,
            said_at,
            asked: self.asked,
            of,
            heard: self.heard?,
        })
    }
}

fn opens<E: EventData>(key: &PersonKey, mut event: E) -> bool {
    event.personal().into_iter().all(|(_, field)| match field {
        Personal::Sealed(sealed) => key.suffices_for(sealed),
        Personal::Open { .. } | Personal::Erased { .. } => true,
    })
}

impl SealedTurn {
    /// Whether the keys are there that its words are sealed under.
    pub(super) async fn can_be_opened(&self, installation: &Installation) -> Result<bool, Problem> {
        Ok(self.key(installation).await?.is_some())
    }

    /// Whether the words can be read: the transcript's own key may be gone and the person's not.
    fn is_opened_by(&self, key: &PersonKey) -> bool {
        let Ok(envelope) = self.heard.envelope() else {
            return false;
        };
        match self.of {
            TurnOf::Call(_) => read_event::<Call>(&envelope).is_ok_and(|event| opens(key, event)),
            TurnOf::Conversation(_) => {
                read_event::<Conversation>(&envelope).is_ok_and(|event| opens(key, event))
            }
        }
    }

    async fn key(&self, installation: &Installation) -> Result<Option<PersonKey>, Problem> {
        let of = match self.of {
            TurnOf::Call(call) => TranscriptOf::Call(call),
            TurnOf::Conversation(conversation) => TranscriptOf::Conversation(conversation),
        };
        let key = key_to_read(installation.vault(), &self.customer, of).await?;
        Ok(key.filter(|key| self.is_opened_by(key)))
    }

    /// With its words, masked; nothing where they cannot be read any more. Asked only behind a record of it.
    pub(super) async fn opened(self, installation: &Installation) -> Result<Option<HeardTurn>, Problem> {
        let Some(key) = self.key(installation).await? else {
            return Ok(None);
        };
        let vault = installation.vault();
        let own_words = own_words(installation, self.flow.as_ref()).await;
        let envelope = self.heard.envelope().map_err(|error| fault(&error))?;
        let text = match self.of {
            TurnOf::Call(_) => {
                let mut event = read_event::<Call>(&envelope).map_err(|error| fault(&error))?;
                open_personal(&envelope, &mut event, vault, Some(&key))?;
                match &event {
                    CallEvent::Heard(heard) => masked(&heard.text, &own_words),
                    _ => None,
                }
            }
            TurnOf::Conversation(_) => {
                let mut event = read_event::<Conversation>(&envelope).map_err(|error| fault(&error))?;
                open_personal(&envelope, &mut event, vault, Some(&key))?;
                match &event {
                    ConversationEvent::Heard(heard) => masked(&heard.text, &own_words),
                    _ => None,
                }
            }
        };
        Ok(text.map(|text| HeardTurn {
            flow: self.flow,
            understood: self.understood,
            said_at: self.said_at,
            asked: self.asked,
            text,
        }))
    }
}

fn masked(text: &Personal<String>, own_words: &str) -> Option<String> {
    text.value().map(|text| masked_among(text, own_words))
}

fn fault(error: &dyn std::error::Error) -> Problem {
    Problem::fault(error.to_string())
}
