//! The view of turns to label: turns of conversations that were understood with doubt, and those that a user
//! submitted for labeling. It holds no words.
//!
//! A turn is in doubt if its reading was not accepted, or if an accepted reading led to "not understood" at
//! its node. Rows of an erased customer are removed.

mod rows;

pub use rows::{LabelFilter, LabelRow, TurnState, get, list, list_settled, next};

use crate::database::{Table, Tx};
use crate::error::ProjectionError;
use crate::tx::RowAction;
use crate::value::Val;
use crate::view::{HandledKinds, View, ViewDefinition, ViewEvent};
use domain::call::event::CallEvent;
use domain::conversation::ConversationEvent;
use domain::customer::event::CustomerEvent;
use domain::label::{LabelEvent, LabelValue, LabeledTurn, TurnId, TurnParent};
use domain::spoken_turn::{Certainty, TurnDecision, TurnInput, UnderstandingFact};
use domain::stored_event::StreamVersion;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "label_board";

/// The view of turns to label.
pub struct LabelBoard;

static TABLES: [Table; 1] = [Table {
    name: "label_board",
    ddl: &[
        "create table label_board (turn text not null, campaign text not null, customer text not null, \
          why text not null, node text, intent text, score bigint, said_at bigint, labels bigint not null, \
          labelled_by text not null, open_by text, open_until bigint, settled_at bigint, settled_by text, \
          meaning text, settled_intent text, sentiment text, interest text, pos bigint not null, \
          primary key (turn))",
        "create index label_board_open on label_board (campaign, settled_at, pos)",
        "create index label_board_customer on label_board (customer)",
    ],
    key_columns: 1,
}];

/// Indexes of the columns that events change.
const WHY: usize = 3;
const LABELS: usize = 8;
const LABELLED_BY: usize = 9;
const OPEN_BY: usize = 10;
const OPEN_UNTIL: usize = 11;
const SETTLED_AT: usize = 12;
const SETTLED_BY: usize = 13;
const MEANING: usize = 14;

/// The separator of the names of labelers in their column: one name per line, because a name may contain a
/// blank.
const BETWEEN_NAMES: &str = "\n";

/// The reason of a turn that a user submitted for labeling although its reading was not in doubt.
const CHOSEN: &str = "chosen";

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[
        CallEvent::UNDERSTOOD,
        CallEvent::DECIDED,
        ConversationEvent::UNDERSTOOD,
        ConversationEvent::DECIDED,
        LabelEvent::REQUESTED,
        LabelEvent::OPENED,
        LabelEvent::ADDED,
        LabelEvent::SETTLED,
        CustomerEvent::ERASED,
    ]),
};

impl View for LabelBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn is_typed(&self) -> bool {
        false
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        match event.envelope.kind.as_str() {
            CustomerEvent::ERASED => {
                let Some(customer) = &event.envelope.customer else {
                    return Ok(());
                };
                let sql = "delete from label_board where customer = $1";
                tx.exec(sql, &[Val::text(customer)]).map(|_| ())
            }
            CallEvent::UNDERSTOOD => match event.read_as::<CallEvent>()? {
                CallEvent::Understood(fact) => {
                    understood(tx, event, TurnParent::Call(event.stream_id()?), &fact)
                }
                _ => Ok(()),
            },
            ConversationEvent::UNDERSTOOD => match event.read_as::<ConversationEvent>()? {
                ConversationEvent::Understood(fact) => {
                    understood(tx, event, TurnParent::Conversation(event.stream_id()?), &fact)
                }
                _ => Ok(()),
            },
            CallEvent::DECIDED => match event.read_as::<CallEvent>()? {
                CallEvent::Decided(decision) => {
                    decided(tx, event, TurnParent::Call(event.stream_id()?), &decision)
                }
                _ => Ok(()),
            },
            ConversationEvent::DECIDED => match event.read_as::<ConversationEvent>()? {
                ConversationEvent::Decided(decision) => {
                    decided(tx, event, TurnParent::Conversation(event.stream_id()?), &decision)
                }
                _ => Ok(()),
            },
            _ => labelled(tx, event, &event.read_as::<LabelEvent>()?),
        }
    }
}

/// Adds a turn if its reading was not accepted: to be confirmed, or abstained.
fn understood(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    of: TurnParent,
    fact: &UnderstandingFact,
) -> Result<(), ProjectionError> {
    let why = match fact.reading.certainty {
        Certainty::ToConfirm => "to_confirm",
        Certainty::Abstained => "abstained",
        Certainty::Accepted | Certainty::BackChannel => return Ok(()),
    };
    let best = fact.reading.candidates.first();
    let turn = TurnId {
        of,
        version: event.envelope.stream_version,
    };
    let score = best.map(|best| best.score_permille);
    put(
        tx,
        event,
        turn,
        why,
        Some(&fact.node),
        fact.intent.as_deref(),
        score,
    )
}

/// Adds a turn if its reading was accepted but no rule of the node uses it.
fn decided(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    of: TurnParent,
    decision: &TurnDecision,
) -> Result<(), ProjectionError> {
    let because = &decision.explanation;
    let reading = because.reading.as_ref();
    let accepted = reading.filter(|reading| reading.certainty == Certainty::Accepted);
    let (TurnInput::Spoken, Some(reading)) = (because.input, accepted) else {
        return Ok(());
    };
    if !decision.rule.contains(".on_unclear") {
        return Ok(());
    }
    // The event with the reading directly precedes the one with the decision.
    let before = event.envelope.stream_version.0.saturating_sub(1);
    let turn = TurnId {
        of,
        version: StreamVersion(before),
    };
    let score = reading.candidates.first().map(|best| best.score_permille);
    put(
        tx,
        event,
        turn,
        "unclear",
        Some(&decision.node),
        reading.intent(),
        score,
    )
}

fn put(
    tx: &mut dyn Tx,
    event: &ViewEvent,
    turn: TurnId,
    why: &str,
    node: Option<&str>,
    intent: Option<&str>,
    score: Option<u16>,
) -> Result<(), ProjectionError> {
    let envelope = &event.envelope;
    let Some((campaign, customer)) = envelope.campaign.as_ref().zip(envelope.customer.as_ref()) else {
        return Ok(());
    };
    let [table] = &TABLES;
    let row = vec![
        Val::text(turn),
        Val::text(campaign),
        Val::text(customer),
        Val::text(why),
        Val::maybe_text(node),
        Val::maybe_text(intent),
        Val::maybe_count(score),
        Val::at(event.at()),
        Val::Int(0),
        Val::text(""),
        Val::Null,
        Val::Null,
        Val::Null,
        Val::Null,
        Val::Null,
        Val::Null,
        Val::Null,
        Val::Null,
        Val::position(event.position),
    ];
    tx.put(table, row)
}

/// Applies a label event to its turn's row; creates the row if the turn was not in doubt.
fn labelled(tx: &mut dyn Tx, event: &ViewEvent, label: &LabelEvent) -> Result<(), ProjectionError> {
    let [table] = &TABLES;
    let LabeledTurn { turn, .. } = label.turn();
    let key = [Val::text(turn)];
    if !tx.has(table, &key)? {
        put(tx, event, *turn, CHOSEN, None, None, None)?;
    }
    let at = event.at();
    tx.edit(table, &key, &mut |row| {
        match label {
            LabelEvent::Requested { why, .. } => set(row, WHY, Val::text(why.code())),
            LabelEvent::Opened { by, until, .. } => {
                set(row, OPEN_BY, Val::text(by));
                set(row, OPEN_UNTIL, Val::at(*until));
            }
            LabelEvent::Added { by, .. } => added(row, by),
            LabelEvent::Settled { says, settled_by, .. } => {
                set(row, SETTLED_AT, Val::at(at));
                set(row, SETTLED_BY, Val::text(settled_by.code()));
                settle(row, says);
            }
        }
        Ok(RowAction::Write)
    })?;
    Ok(())
}

fn set(row: &mut [Val], place: usize, value: Val) {
    if let Some(cell) = row.get_mut(place) {
        *cell = value;
    }
}

fn added(row: &mut [Val], by: &str) {
    let count = match row.get(LABELS) {
        Some(Val::Int(count)) => *count,
        _ => 0,
    };
    set(row, LABELS, Val::Int(count.saturating_add(1)));
    let names = match row.get(LABELLED_BY) {
        Some(Val::Text(names)) if !names.is_empty() => format!("{names}{by}{BETWEEN_NAMES}"),
        _ => format!("{BETWEEN_NAMES}{by}{BETWEEN_NAMES}"),
    };
    set(row, LABELLED_BY, Val::Text(names));
    set(row, OPEN_BY, Val::Null);
    set(row, OPEN_UNTIL, Val::Null);
}

fn settle(row: &mut [Val], says: &LabelValue) {
    let values = [
        Val::text(says.meaning.code()),
        Val::maybe_text(says.intent.as_deref()),
        Val::maybe_text(says.sentiment.map(|one| one.code())),
        Val::maybe_text(says.interest.map(|one| one.code())),
    ];
    for (behind, value) in values.into_iter().enumerate() {
        set(row, MEANING + behind, value);
    }
}
