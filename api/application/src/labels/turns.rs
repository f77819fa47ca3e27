//! One turn of a conversation for labelling: found by its place in the stream without decryption, then
//! decrypted and masked together with the other turns to the same question.

use crate::calls::stream_of;
use crate::installation::Installation;
use crate::transcript_masking::{masked_by_node, own_words};
use domain::call::Call;
use domain::call::event::CallEvent;
use domain::calling_plan::FlowRef;
use domain::conversation::{Conversation, ConversationEvent};
use domain::decider::{Decider, EventData};
use domain::ids::{CampaignId, CustomerId};
use domain::label::{TurnId, TurnParent};
use domain::personal::Personal;
use domain::ports::vault::{PersonKey, Vault, key_to_read};
use domain::problem::Problem;
use domain::spoken_turn::UnderstandingFact;
use domain::stored_event::{StoredEvent, read_event, read_opened_event};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;

/// A turn in its stream, with its words sealed.
#[derive(Debug)]
pub(super) struct SealedTurn {
    pub(super) campaign: CampaignId,
    pub(super) customer: CustomerId,
    flow: Option<FlowRef>,
    understood: UnderstandingFact,
    said_at: Timestamp,
    /// Our utterance before the turn: its place in the flow, and its wording.
    asked: Option<(String, Option<String>)>,
    of: TurnParent,
    /// The event that contains the words.
    heard: StoredEvent,
    /// Consecutive turns that answer the same question, in order; this one is at `place`.
    answers: Vec<StoredEvent>,
    place: usize,
}

/// A turn with its words decrypted.
#[derive(Debug)]
pub struct HeardTurn {
    pub flow: Option<FlowRef>,
    pub understood: UnderstandingFact,
    pub said_at: Timestamp,
    pub asked: Option<(String, Option<String>)>,
    /// The callee's words, masked.
    pub text: String,
}

/// Returns the turn with this id, its words still sealed. `None` if nothing was understood at that place,
/// or no words were stored.
pub(super) async fn find_turn(
    installation: &Installation,
    id: TurnId,
) -> Result<Option<SealedTurn>, Problem> {
    match id.of {
        TurnParent::Call(call) => in_call(&stream_of(installation.store(), call).await?, id),
        TurnParent::Conversation(conversation) => {
            let stream = Conversation::stream(&conversation);
            let stored = installation.store().read_whole_stream(&stream).await?;
            in_conversation(&stored, id)
        }
    }
}

/// What the events of a stream up to the turn say about it.
#[derive(Default)]
struct TurnContext {
    flow: Option<FlowRef>,
    heard: Option<StoredEvent>,
    asked: Option<(String, Option<String>)>,
    /// The node of the last words, and the consecutive turns that answer it.
    node: String,
    answers: Vec<StoredEvent>,
}

fn in_call(stored: &[StoredEvent], id: TurnId) -> Result<Option<SealedTurn>, Problem> {
    let mut before = TurnContext::default();
    let mut turn: Option<SealedTurn> = None;
    for one in stored {
        let envelope = one.envelope().map_err(|error| fault(&error))?;
        let event = read_event::<Call>(&envelope).map_err(|error| fault(&error))?;
        if let Some(turn) = &mut turn {
            match event {
                CallEvent::Heard(heard) if heard.node == before.node => turn.answers.push(one.clone()),
                CallEvent::Heard(_) => break,
                _ => {}
            }
            continue;
        }
        match event {
            CallEvent::Permitted { flow, .. } => before.flow = Some(flow),
            CallEvent::Heard(heard) => before.hear(&heard.node, one),
            CallEvent::Said(said) => before.asked = Some((said.prompt, said.variant)),
            CallEvent::Understood(understood) if envelope.stream_version == id.version => {
                let scope = envelope.campaign.clone().zip(envelope.customer.clone());
                turn = before.turn(scope, understood, envelope.at, id.of);
                if turn.is_none() {
                    break;
                }
            }
            // These words belong to the earlier interpretation.
            CallEvent::Understood(_) => before.heard = None,
            _ => {}
        }
    }
    Ok(turn)
}

fn in_conversation(stored: &[StoredEvent], id: TurnId) -> Result<Option<SealedTurn>, Problem> {
    let mut before = TurnContext::default();
    let mut turn: Option<SealedTurn> = None;
    for one in stored {
        let envelope = one.envelope().map_err(|error| fault(&error))?;
        let event = read_event::<Conversation>(&envelope).map_err(|error| fault(&error))?;
        if let Some(turn) = &mut turn {
            match event {
                ConversationEvent::Heard(heard) if heard.node == before.node => {
                    turn.answers.push(one.clone());
                }
                ConversationEvent::Heard(_) => break,
                _ => {}
            }
            continue;
        }
        match event {
            ConversationEvent::Opened(opened) => before.flow = Some(opened.flow),
            ConversationEvent::Heard(heard) => before.hear(&heard.node, one),
            ConversationEvent::Said(said) => before.asked = Some((said.prompt, said.variant)),
            ConversationEvent::Understood(understood) if envelope.stream_version == id.version => {
                let scope = envelope.campaign.clone().zip(envelope.customer.clone());
                turn = before.turn(scope, understood, envelope.at, id.of);
                if turn.is_none() {
                    break;
                }
            }
            ConversationEvent::Understood(_) => before.heard = None,
            ConversationEvent::SensitiveWordMatched(_)
            | ConversationEvent::Decided(_)
            | ConversationEvent::Closed(_)
            | ConversationEvent::TranscriptDisposed { .. } => {}
        }
    }
    Ok(turn)
}

impl TurnContext {
    /// Notes an event with words said at this node. Words at another node begin a new answer.
    fn hear(&mut self, node: &str, stored: &StoredEvent) {
        if self.node != node {
            node.clone_into(&mut self.node);
            self.answers.clear();
        }
        self.answers.push(stored.clone());
        self.heard = Some(stored.clone());
    }

    /// Returns the turn with the words noted last; `None` if there are none.
    fn turn(
        &mut self,
        scope: Option<(CampaignId, CustomerId)>,
        understood: UnderstandingFact,
        said_at: Timestamp,
        of: TurnParent,
    ) -> Option<SealedTurn> {
        let (campaign, customer) = scope?;
        Some(SealedTurn {
            campaign,
            customer,
            flow: self.flow.take(),
            understood,
            said_at,
            asked: self.asked.take(),
            of,
            heard: self.heard.take()?,
            place: self.answers.len().saturating_sub(1),
            answers: std::mem::take(&mut self.answers),
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
    /// Returns true if the key exists under which the turn's words are sealed.
    pub(super) async fn can_be_opened(&self, installation: &Installation) -> Result<bool, Problem> {
        Ok(self.key(installation).await?.is_some())
    }

    /// Returns true if this key can decrypt the turn's words. The transcript's own key may be destroyed
    /// while the customer's key exists.
    fn is_opened_by(&self, key: &PersonKey) -> bool {
        let Ok(envelope) = self.heard.envelope() else {
            return false;
        };
        match self.of {
            TurnParent::Call(_) => read_event::<Call>(&envelope).is_ok_and(|event| opens(key, event)),
            TurnParent::Conversation(_) => {
                read_event::<Conversation>(&envelope).is_ok_and(|event| opens(key, event))
            }
        }
    }

    async fn key(&self, installation: &Installation) -> Result<Option<PersonKey>, Problem> {
        let of = match self.of {
            TurnParent::Call(call) => TranscriptParent::Call(call),
            TurnParent::Conversation(conversation) => TranscriptParent::Conversation(conversation),
        };
        let key = key_to_read(installation.vault(), &self.customer, of).await?;
        Ok(key.filter(|key| self.is_opened_by(key)))
    }

    /// Returns the turn with its words decrypted and masked; `None` if they can no longer be read. Call it
    /// only after the read is logged.
    pub(super) async fn opened(self, installation: &Installation) -> Result<Option<HeardTurn>, Problem> {
        let Some(key) = self.key(installation).await? else {
            return Ok(None);
        };
        let own_words = own_words(installation, self.flow.as_ref()).await;
        let mut texts = Vec::with_capacity(self.answers.len());
        for answer in &self.answers {
            texts.push(self.text_of(answer, installation.vault(), &key)?);
        }
        if texts.get(self.place).is_none_or(Option::is_none) {
            return Ok(None);
        }
        // All of them answer one node.
        let turns: Vec<(&str, &str)> = texts
            .iter()
            .map(|text| ("", text.as_deref().unwrap_or_default()))
            .collect();
        let text = masked_by_node(&turns, &own_words).into_iter().nth(self.place);
        Ok(text.map(|text| HeardTurn {
            flow: self.flow,
            understood: self.understood,
            said_at: self.said_at,
            asked: self.asked,
            text,
        }))
    }

    /// Returns the words in an event of the turn; `None` if they cannot be decrypted.
    fn text_of(
        &self,
        stored: &StoredEvent,
        vault: &dyn Vault,
        key: &PersonKey,
    ) -> Result<Option<String>, Problem> {
        let envelope = stored.envelope().map_err(|error| fault(&error))?;
        match self.of {
            TurnParent::Call(_) => {
                let event = read_opened_event::<Call>(&envelope, vault, Some(key))?;
                Ok(match &event {
                    CallEvent::Heard(heard) => heard.text.value().cloned(),
                    _ => None,
                })
            }
            TurnParent::Conversation(_) => {
                let event = read_opened_event::<Conversation>(&envelope, vault, Some(key))?;
                Ok(match &event {
                    ConversationEvent::Heard(heard) => heard.text.value().cloned(),
                    _ => None,
                })
            }
        }
    }
}

fn fault(error: &dyn std::error::Error) -> Problem {
    Problem::fault(error.to_string())
}
