//! Given events, when a command comes, then events or a refusal; and a flow's run in text, recomputed from
//! them.

use crate::calling_plan::FlowRef;
use crate::conversation::*;
use crate::decider::{Context, Decider, EventData};
use crate::flow::FlowDefinition;
use crate::personal::Personal;
use crate::record::sample_values::{at, campaign, customer, number};
use crate::spoken_turn::{
    Certainty, IntentCandidate, ReadingSource, SpokenReading, UnderstandingFact, UnderstandingResult,
};
use crate::texting;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use values::disposition::Outcome;
use values::ids::{CommandId, ConversationId};
use values::key_rule::KeyRule;

fn id() -> ConversationId {
    ConversationId::derive(CommandId::derive_from_text("conversation test"))
}

fn graph() -> Arc<FlowDefinition> {
    let text = include_str!("../../fixtures/flows/card_instalment_spoken.yaml");
    Arc::new(FlowDefinition::from_yaml(text).unwrap())
}

fn opened_fact(graph: &FlowDefinition) -> Box<OpenedFact> {
    let variables = graph
        .variables
        .keys()
        .map(|name| (name.clone(), Personal::open("6".to_owned())));
    Box::new(OpenedFact {
        campaign: campaign(),
        customer: customer(),
        number: number(),
        channel: Channel::Web,
        begun_by: ConversationInitiator::Us,
        flow: FlowRef {
            flow: graph.flow.clone(),
            version: 1,
            content_hash: "ab".repeat(32),
        },
        key_rule: KeyRule::CURRENT,
        variables: variables.collect(),
        verdicts: Vec::new(),
    })
}

fn words(intent: &str, opt_out: bool) -> TextInput {
    TextInput::Words(UnderstandingResult {
        reading: SpokenReading {
            certainty: Certainty::Accepted,
            read_by: ReadingSource::Rule,
            candidates: vec![IntentCandidate {
                intent: intent.to_owned(),
                score_permille: 1_000,
            }],
            accept_permille: None,
            confirm_permille: None,
            knowledge: None,
            picked: None,
        },
        slots: BTreeMap::new(),
        interest: None,
        opt_out,
        answers: BTreeMap::new(),
        emotion: None,
    })
}

/// A conversation with the events decided so far.
struct TestConversation {
    graph: Arc<FlowDefinition>,
    state: ConversationState,
}

impl TestConversation {
    fn begun() -> Self {
        let graph = graph();
        let opened = opened_fact(&graph);
        let follows = texting::begin(id(), &opened, &graph);
        let mut story = Self {
            graph,
            state: ConversationState::default(),
        };
        story.when(ConversationCommand::Open { opened, follows }).unwrap();
        story
    }

    fn when(&mut self, command: ConversationCommand) -> Result<Vec<ConversationEvent>, ConversationRefusal> {
        self.when_at(command, at())
    }

    fn when_at(
        &mut self,
        command: ConversationCommand,
        now: Timestamp,
    ) -> Result<Vec<ConversationEvent>, ConversationRefusal> {
        let events = Conversation::decide(&self.state, command, Context { now })?;
        for event in &events {
            Conversation::evolve(&mut self.state, event, now);
        }
        Ok(events)
    }

    fn hearing(&self, message: &str, input: TextInput) -> EvaluatedMessage {
        let mut run = texting::run_of(id(), &self.state, &self.graph).unwrap();
        let node = run.node().to_owned();
        let follows = texting::take(&mut run, message, &input, &self.graph, Channel::Web);
        EvaluatedMessage {
            message: message.to_owned(),
            text: "…".to_owned(),
            node,
            input,
            sensitive: None,
            inputs_before: self.state.inputs().len(),
            model: None,
            opt_out_stored: false,
            follows,
        }
    }

    fn hear(&mut self, message: &str, input: TextInput) -> Vec<ConversationEvent> {
        let hearing = self.hearing(message, input);
        self.when(ConversationCommand::Hear(Box::new(hearing))).unwrap()
    }
}

fn prompts(events: &[ConversationEvent]) -> Vec<&str> {
    let mut prompts = Vec::new();
    for event in events {
        if let ConversationEvent::Said(said) = event {
            prompts.push(said.prompt.as_str());
        }
    }
    prompts
}

#[test]
fn a_conversation_begins_with_the_notices_and_its_first_question() {
    let graph = graph();
    let opened = opened_fact(&graph);
    let follows = texting::begin(id(), &opened, &graph);
    let said = prompts(&follows.events);
    assert_eq!(said.first(), Some(&"notices.recording"), "{said:?}");
    assert_eq!(follows.outcome, None);
    assert!(said.len() >= 2, "{said:?}");
}

#[test]
fn a_message_is_taken_once_and_moves_the_flow_as_in_a_call() {
    let mut story = TestConversation::begun();
    let first = story.hear("m-1", words("affirm", false));
    assert!(matches!(first[0], ConversationEvent::Heard(_)));
    assert!(matches!(first[1], ConversationEvent::Understood(_)));
    assert!(matches!(first[2], ConversationEvent::Decided(_)));
    assert!(!prompts(&first).is_empty());
    let mut again = story.hearing("m-1", words("affirm", false));
    again.inputs_before = 0;
    let again = story.when(ConversationCommand::Hear(Box::new(again))).unwrap();
    assert_eq!(again, Vec::new());
}

#[test]
fn what_was_read_for_another_place_is_read_again() {
    let mut story = TestConversation::begun();
    let early = story.hearing("m-2", words("affirm", false));
    story.hear("m-1", words("affirm", false));
    let refused = story.when(ConversationCommand::Hear(Box::new(early)));
    assert_eq!(refused, Err(ConversationRefusal::WentOn));
}

#[test]
fn a_refusal_of_calls_is_put_on_the_number_first_and_ends_it() {
    let mut story = TestConversation::begun();
    let hearing = story.hearing("m-1", words("refuse_call", true));
    assert!(hearing.follows.opts_out);
    let refused = story.when(ConversationCommand::Hear(Box::new(hearing.clone())));
    assert_eq!(refused, Err(ConversationRefusal::OptOutFirst));
    let stored = EvaluatedMessage {
        opt_out_stored: true,
        ..hearing
    };
    let events = story.when(ConversationCommand::Hear(Box::new(stored))).unwrap();
    let Some(ConversationEvent::Closed(closed)) = events.last() else {
        panic!("{events:?}");
    };
    assert_eq!(
        (closed.reason, closed.outcome, closed.messages_count),
        (CloseReason::FlowEnded, Some(Outcome::OptedOut), 1)
    );
    let late = EvaluatedMessage {
        message: "m-2".to_owned(),
        text: "?".to_owned(),
        node: String::new(),
        input: words("affirm", false),
        sensitive: None,
        inputs_before: 0,
        model: None,
        opt_out_stored: false,
        follows: FlowResult::default(),
    };
    let refused = story.when(ConversationCommand::Hear(Box::new(late)));
    assert_eq!(refused, Err(ConversationRefusal::Closed));
}

#[test]
fn it_is_idle_at_its_channels_time_and_not_before() {
    let mut story = TestConversation::begun();
    let until = at().plus_ms(Channel::Web.idle_ms());
    let early = story.when_at(ConversationCommand::CloseIdle, until.minus_ms(1));
    assert_eq!(early, Err(ConversationRefusal::NotIdle { until }));
    let events = story.when_at(ConversationCommand::CloseIdle, until).unwrap();
    let closed = ClosedFact {
        reason: CloseReason::Idle,
        outcome: None,
        messages_count: 0,
        idle_since: Some(at()),
    };
    assert_eq!(events, [ConversationEvent::Closed(closed)]);
    assert_eq!(story.when_at(ConversationCommand::CloseIdle, until).unwrap(), []);
    assert_eq!(story.when(ConversationCommand::Close).unwrap(), []);
}

#[test]
fn ids_and_texts_have_an_end() {
    let mut story = TestConversation::begun();
    for (message, text, refusal) in [
        (
            "",
            "x".to_owned(),
            ConversationRefusal::MessageId {
                bytes_max: MESSAGE_ID_BYTES_MAX,
            },
        ),
        (
            "a b",
            "x".to_owned(),
            ConversationRefusal::MessageId {
                bytes_max: MESSAGE_ID_BYTES_MAX,
            },
        ),
        (
            "m",
            " ".to_owned(),
            ConversationRefusal::Text {
                chars_max: TEXT_CHARS_MAX,
            },
        ),
        (
            "m",
            "好".repeat(TEXT_CHARS_MAX + 1),
            ConversationRefusal::Text {
                chars_max: TEXT_CHARS_MAX,
            },
        ),
    ] {
        let hearing = EvaluatedMessage {
            text,
            ..story.hearing(message, words("affirm", false))
        };
        let refused = story.when(ConversationCommand::Hear(Box::new(hearing)));
        assert_eq!(refused, Err(refusal));
    }
    let longest = EvaluatedMessage {
        text: "好".repeat(TEXT_CHARS_MAX),
        ..story.hearing(&"m".repeat(MESSAGE_ID_BYTES_MAX), words("affirm", false))
    };
    assert!(story.when(ConversationCommand::Hear(Box::new(longest))).is_ok());
}

#[test]
fn a_customer_who_writes_without_end_gets_a_notice_and_a_refusal_still_counts() {
    let mut story = TestConversation::begun();
    let mut events = Vec::new();
    for count in 0..MESSAGES_MAX {
        events = story.hear(&format!("m-{count}"), words("unheard_of", false));
        if story.state.closed().is_some() {
            break;
        }
    }
    // The flow's own reprompt ladder is shorter than the limit.
    assert!(matches!(events.last(), Some(ConversationEvent::Closed(_))));
    assert!(story.state.messages_count() < MESSAGES_MAX);
}

#[test]
fn a_conversation_with_a_lost_key_is_not_continued() {
    let graph = graph();
    let mut opened = opened_fact(&graph);
    for value in opened.variables.values_mut() {
        *value = Personal::Erased { hash: None };
    }
    let mut state = ConversationState::default();
    Conversation::evolve(&mut state, &ConversationEvent::Opened(opened), at());
    assert!(state.is_unreadable() && texting::run_of(id(), &state, &graph).is_none());
    assert!(state.is_open());
}

#[test]
fn a_word_of_the_lists_ends_it_at_once_and_is_kept() {
    let mut story = TestConversation::begun();
    let mut hearing = story.hearing("m-1", TextInput::SensitiveWord);
    hearing.sensitive = Some(TextWordFact {
        message: "m-1".to_owned(),
        node: hearing.node.clone(),
        list: "campaign".to_owned(),
        word: Personal::open("诈骗".to_owned()),
    });
    let events = story.when(ConversationCommand::Hear(Box::new(hearing))).unwrap();
    let kinds: Vec<&str> = events.iter().map(EventData::kind).collect();
    assert_eq!(
        kinds,
        [
            ConversationEvent::HEARD,
            ConversationEvent::SENSITIVE_WORD_MATCHED,
            ConversationEvent::DECIDED,
            ConversationEvent::CLOSED
        ],
        "nothing is answered"
    );
    let closed = story.state.closed().map(|(_, closed)| closed.outcome);
    assert_eq!(closed, Some(Some(Outcome::Declined)));
}

#[test]
fn what_act_nodes_have_sent_is_known_from_what_came_in() {
    let text = include_str!("../../fixtures/flows/wealth_product.yaml");
    let graph = Arc::new(FlowDefinition::from_yaml(text).unwrap());
    let opened = opened_fact(&graph);
    let mut state = ConversationState::default();
    Conversation::evolve(&mut state, &ConversationEvent::Opened(opened), at());
    assert_eq!(texting::sends_of(id(), &state, &graph), Vec::<String>::new());
    for (message, key) in [("m-1", None), ("m-2", Some('2'))] {
        let heard = TextHeardFact {
            message: message.to_owned(),
            node: String::new(),
            text: Personal::open(key.map_or_else(|| "可以".to_owned(), String::from)),
            as_key: key.is_some(),
        };
        Conversation::evolve(&mut state, &ConversationEvent::Heard(heard), at());
        if let (None, TextInput::Words(understood)) = (key, words("affirm", false)) {
            let fact = UnderstandingFact::of(String::new(), &understood, None);
            Conversation::evolve(&mut state, &ConversationEvent::Understood(fact), at());
        }
    }
    assert_eq!(texting::sends_of(id(), &state, &graph), ["产品说明书"]);
}

#[test]
fn what_a_node_shows_goes_with_its_first_text_and_a_short_message_carries_no_picture() {
    let mut flow = FlowDefinition::clone(&graph());
    let shows =
        serde_json::json!({ "as": "picture", "address": "https://example.com/plan.png", "title": "方案" });
    let link = serde_json::json!({ "as": "link", "address": "https://example.com/", "title": "申请" });
    let shows = serde_json::from_value(serde_json::json!([shows, link])).unwrap();
    flow.shows.insert(flow.start.clone(), shows);
    assert_eq!(flow.check(), []);
    let graph = Arc::new(flow);
    for (channel, shown) in [(Channel::Web, 2), (Channel::App, 2), (Channel::Sms, 1)] {
        let opened = OpenedFact {
            channel,
            ..*opened_fact(&graph)
        };
        let follows = texting::begin(id(), &opened, &graph);
        let said = follows.events.iter().filter_map(|event| {
            let ConversationEvent::Said(said) = event else {
                return None;
            };
            Some((said.prompt.as_str(), said.shows.len()))
        });
        let said: Vec<_> = said.collect();
        let first = format!("nodes.{}.text", graph.start);
        assert!(said.contains(&(first.as_str(), shown)), "{said:?}");
        assert_eq!(said.iter().filter(|(_, count)| *count > 0).count(), 1, "{said:?}");
    }
}
