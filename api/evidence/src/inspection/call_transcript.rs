//! The course of a call, line by line: the robot's words with the spoken values, the callee's words, what was
//! understood, and the path through the flow. Values are starred unless requested in clear; erased words are
//! marked as erased.

use super::context::{InspectionContext, PersonalValueForm};
use super::gather::ParsedEvent;
use super::response::{CallEntryKind, CallEntryResponse};
use crate::replaying::Texts;
use application::transcript_masking::masked_by_node;
use domain::call::SaidFact;
use domain::call::event::{CallEvent, Notice};
use domain::calling_plan::FlowRef;
use domain::flow::{FlowDefinition, fill_strict};
use domain::ids::{CampaignId, CustomerId, EventId};
use domain::offering::OfferChosenFact;
use domain::personal::{Personal, mask_name};
use domain::spoken_turn::{Certainty, TurnDecision, UnderstandingFact};
use domain::transfer_reason::TransferReason;
use std::collections::BTreeMap;

/// Formats the events of one call as lines of its transcript.
pub(super) struct CallFormatter<'a> {
    opened: &'a InspectionContext<'a>,
    customer: &'a CustomerId,
    flow: Option<&'a FlowDefinition>,
    texts: Option<Texts>,
    /// Words of the flow, which are not masked as names.
    own_words: String,
    /// Values of the customer and of this call's slots, in the form to show.
    values: BTreeMap<String, String>,
    /// Utterances, masked across the turns of one question; empty if shown in clear.
    masked: BTreeMap<EventId, String>,
    /// True if events record each spoken text; the texts of entered nodes are then not listed again.
    by_text: bool,
}

impl<'a> CallFormatter<'a> {
    pub(super) fn of(
        opened: &'a InspectionContext<'a>,
        flow: &FlowRef,
        customer: &'a CustomerId,
        campaign: &CampaignId,
        events: &[ParsedEvent<CallEvent>],
    ) -> Self {
        let flow = opened.flow(flow);
        let known = opened.variables(customer, campaign);
        let shown = known.filter_map(|(name, value)| {
            let value = opened.values().of(Some(value), starred)?;
            Some((name.clone(), value))
        });
        let own_words = flow.map(FlowDefinition::own_words).unwrap_or_default();
        Self {
            opened,
            customer,
            flow,
            texts: flow.map(Texts::of),
            values: shown.collect(),
            masked: match opened.values() {
                PersonalValueForm::Masked => masked_turns(opened, customer, events, &own_words),
                PersonalValueForm::Clear => BTreeMap::new(),
            },
            own_words,
            by_text: events
                .iter()
                .any(|parsed| matches!(parsed.event, CallEvent::Said(_))),
        }
    }

    /// Returns the transcript's line for an event of the call; `None` for an event without words or
    /// actions.
    pub(super) fn format_entry(&mut self, parsed: &ParsedEvent<CallEvent>) -> Option<CallEntryResponse> {
        let line = |what: CallEntryKind, node: Option<&String>| CallEntryResponse {
            at: parsed.envelope.at,
            what,
            node: node.cloned(),
            text: None,
            gone: false,
        };
        let mut line = match &parsed.event {
            CallEvent::NoticePlayed { notice, .. } => self.notice(*notice, line),
            CallEvent::NodeEntered { node } if self.by_text => line(CallEntryKind::NodeEntered, Some(node)),
            CallEvent::NodeEntered { node } => {
                let said = self.flow.and_then(|flow| flow.nodes.get(node));
                let text = said.and_then(|node| node.text()).map(|text| self.filled(text));
                line(CallEntryKind::RobotSaid, Some(node)).with(text)
            }
            CallEvent::Said(fact) => line(CallEntryKind::RobotSaid, Some(&fact.node)).with(self.said(fact)),
            CallEvent::Keypressed { node, .. } => line(CallEntryKind::KeyPressed, Some(node)),
            CallEvent::Heard(fact) => line(CallEntryKind::CalleeSaid, Some(&fact.node)),
            CallEvent::Understood(fact) => line(CallEntryKind::Understood, Some(&fact.node)),
            CallEvent::Decided(decision) => {
                line(CallEntryKind::Decided, Some(&decision.node)).with(Some(why(decision)))
            }
            CallEvent::BargedIn(fact) => line(CallEntryKind::Interrupted, Some(&fact.node)),
            CallEvent::SilenceTimedOut(fact) => line(CallEntryKind::Silent, Some(&fact.node)),
            CallEvent::SensitiveWordMatched(fact) => line(CallEntryKind::SensitiveWord, Some(&fact.node)),
            CallEvent::EngineFailed(fact) => line(CallEntryKind::EngineFailed, Some(&fact.node)),
            CallEvent::AssistantAnswered(_) => line(CallEntryKind::AssistantAnswered, None),
            CallEvent::OfferChosen(fact) => {
                line(CallEntryKind::OfferChosen, None).with(Some(fact.in_words()))
            }
            CallEvent::ModelChosen(fact) => {
                line(CallEntryKind::ModelChosen, None).with(Some(fact.in_words()))
            }
            CallEvent::TransferRequested { node, reason } => {
                let why = reason.filter(|reason| !TransferReason::is_request(Some(*reason)));
                let why = why.map(|reason| reason.code().to_owned());
                line(CallEntryKind::TransferAsked, Some(node)).with(why)
            }
            CallEvent::AgentConnected { .. } => line(CallEntryKind::AgentConnected, None),
            CallEvent::SellerMessagePlayed(fact) => {
                line(CallEntryKind::SellerMessage, None).with(Some(fact.text.clone()))
            }
            CallEvent::HangupRequested { .. } => line(CallEntryKind::HungUpByUs, None),
            CallEvent::Permitted { .. }
            | CallEvent::Dialing { .. }
            | CallEvent::Ringing { .. }
            | CallEvent::LegFailed { .. }
            | CallEvent::Answered { .. }
            | CallEvent::AssistantAsked(_)
            | CallEvent::CancelRequested { .. }
            | CallEvent::EndOrdered { .. }
            | CallEvent::Ended { .. }
            | CallEvent::LateAnswered { .. }
            | CallEvent::Corrected { .. }
            | CallEvent::RecordingDisposed { .. }
            | CallEvent::TranscriptDisposed { .. } => return None,
        };
        self.add_words(parsed, &mut line);
        Some(line)
    }

    fn notice(
        &self,
        notice: Notice,
        line: impl Fn(CallEntryKind, Option<&String>) -> CallEntryResponse,
    ) -> CallEntryResponse {
        match notice {
            Notice::Recording => {
                let text = self.flow.map(|flow| self.filled(&flow.notices.recording));
                line(CallEntryKind::RecordingNotice, None).with(text)
            }
            Notice::Ai => {
                let text = self.flow.and_then(|flow| flow.notices.ai.as_ref());
                line(CallEntryKind::RobotNotice, None).with(text.map(|text| self.filled(text)))
            }
        }
    }

    /// Returns the text with the spoken values filled in; unchanged, with its braces, if a value is
    /// missing.
    fn filled(&self, text: &str) -> String {
        fill_strict(text, &self.values).unwrap_or_else(|_missing| text.to_owned())
    }

    /// Returns a text of the robot as far as it was spoken; its place in the flow, in parentheses, if the
    /// flow does not have it. `None` without the flow.
    fn said(&self, fact: &SaidFact) -> Option<String> {
        let texts = self.texts.as_ref()?;
        let Some(text) = texts.at(&fact.prompt, fact.variant.as_deref()).text else {
            return Some(format!("({})", fact.prompt));
        };
        let text = self.filled(&text);
        let (spoken, of) = (fact.spoken_chars, fact.prompt_chars);
        let is_whole = spoken >= of;
        // Another length means that a value was corrected since. The whole text is shown with the number of
        // characters spoken.
        let is_same = u32::try_from(text.chars().count()).is_ok_and(|count| count == of);
        Some(match (is_whole, is_same) {
            (true, _) => text,
            (false, true) => {
                let said = usize::try_from(spoken).unwrap_or(usize::MAX);
                text.chars().take(said).chain(['…']).collect()
            }
            (false, false) => format!("{text} ({spoken}/{of})"),
        })
    }

    /// Adds to a line what only the customer's key decrypts: words, keypresses, values.
    fn add_words(&mut self, parsed: &ParsedEvent<CallEvent>, line: &mut CallEntryResponse) {
        let opened = self.opened.opened(self.customer, parsed);
        let values = self.opened.values();
        match opened.as_ref().unwrap_or(&parsed.event) {
            CallEvent::Heard(fact) => line.read(match values {
                PersonalValueForm::Masked => self.masked.get(&parsed.envelope.id).cloned(),
                PersonalValueForm::Clear => fact.text.value().cloned(),
            }),
            CallEvent::Keypressed { digit, .. } => line.read(digit.value().cloned()),
            CallEvent::SensitiveWordMatched(fact) => {
                let word = values.words(&fact.word, &self.own_words);
                line.read(word.map(|word| format!("{word} ({})", fact.list)));
            }
            CallEvent::Understood(fact) => {
                line.gone = fact.slots.values().any(|value| value.value().is_none());
                line.text = Some(self.understood(fact));
            }
            CallEvent::OfferChosen(fact) => self.add_known(fact, line),
            _ => {}
        }
    }

    /// Adds to a line the facts about the customer by which an offer was chosen.
    fn add_known(&self, fact: &OfferChosenFact, line: &mut CallEntryResponse) {
        let tags = fact.tags.iter().map(|one| ("tag", &one.tag));
        let known = fact.known.iter().map(|(name, value)| (name.as_str(), value));
        let facts: Vec<String> = known
            .chain(tags)
            .map(|(name, value)| {
                line.gone |= value.value().is_none();
                let shown = self.opened.values().of(Some(value), starred);
                format!("{name}={}", shown.as_deref().unwrap_or("—"))
            })
            .collect();
        if let Some(text) = &mut line.text
            && !facts.is_empty()
        {
            text.push_str(&format!(" ({})", facts.join(", ")));
        }
    }

    /// Formats how an utterance was understood as one line. The values that it contained are used in later
    /// texts of the robot.
    fn understood(&mut self, fact: &UnderstandingFact) -> String {
        let sure = match fact.reading.certainty {
            Certainty::Accepted => "采纳 / accepted",
            Certainty::ToConfirm => "待确认 / to be confirmed",
            Certainty::Abstained => "未采纳 / abstained",
            Certainty::BackChannel => "附和 / back-channel",
        };
        let best = fact.reading.candidates.first();
        let score = best.map_or(String::new(), |best| format!(" {}‰", best.score_permille));
        let mut formatted = format!("{}{score}, {sure}", fact.intent.as_deref().unwrap_or("—"));
        for (name, value) in &fact.slots {
            let shown = self.opened.values().of(Some(value), starred);
            formatted.push_str(&format!(", {name}={}", shown.as_deref().unwrap_or("—")));
            if let Some(shown) = shown {
                self.values.insert(name.clone(), shown);
            }
        }
        if fact.opt_out {
            formatted.push_str(", 谢绝来电 / opted out");
        }
        formatted
    }
}

/// Returns the masked utterances of a call, by event. A number dictated in two turns is masked as a whole.
fn masked_turns(
    opened: &InspectionContext<'_>,
    customer: &CustomerId,
    events: &[ParsedEvent<CallEvent>],
    own_words: &str,
) -> BTreeMap<EventId, String> {
    let heard = events.iter().filter_map(|stored| {
        let is_heard = matches!(stored.event, CallEvent::Heard(_));
        let event = is_heard.then(|| opened.opened(customer, stored)).flatten()?;
        match event {
            CallEvent::Heard(fact) => Some((stored.envelope.id, fact.text.value().cloned()?, fact.node)),
            _ => None,
        }
    });
    let heard: Vec<(EventId, String, String)> = heard.collect();
    let turns: Vec<(&str, &str)> = heard
        .iter()
        .map(|(_, text, node)| (node.as_str(), text.as_str()))
        .collect();
    let masked = masked_by_node(&turns, own_words);
    let ids = heard.iter().map(|(id, ..)| *id);
    ids.zip(masked).collect()
}

impl CallEntryResponse {
    fn with(self, text: Option<String>) -> Self {
        Self { text, ..self }
    }

    /// Sets the decrypted words of a line; `None` marks them as erased.
    fn read(&mut self, words: Option<String>) {
        self.gone = words.is_none();
        self.text = words;
    }
}

/// Returns the rule that decided a turn, with the step of its reprompt ladder if it has one.
fn why(decision: &TurnDecision) -> String {
    match decision.explanation.rung {
        Some(rung) => format!("{} ({rung})", decision.rule),
        None => decision.rule.clone(),
    }
}

/// Masks a value: completely if it contains digits or has one character, otherwise all but the first
/// character.
fn starred(value: &str) -> String {
    if value.chars().any(char::is_numeric) || value.chars().count() < 2 {
        return "*".repeat(value.chars().count());
    }
    mask_name(value)
}

impl InspectionContext<'_> {
    /// Returns the customer's variables in this campaign, as they are stored now.
    fn variables<'b>(
        &'b self,
        customer: &CustomerId,
        campaign: &CampaignId,
    ) -> impl Iterator<Item = (&'b String, &'b Personal<String>)> {
        let state = self.state(customer);
        let enrolment = state.and_then(|state| state.enrolment(campaign));
        enrolment
            .into_iter()
            .flat_map(|enrolment| enrolment.variables.iter())
    }
}
