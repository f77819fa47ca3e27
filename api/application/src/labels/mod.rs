//! Labelling of turns (标注): the next turn for a reviewer, the reviewer's label, and the training lines for
//! a model.
//!
//! No words of a turn are stored here. They are read from the conversation's own stream, masked, and only
//! after the read is logged.

mod responses;
mod training;
mod turns;

pub use responses::{FinalLabel, Labels, NextTurnResponse, ReservedTurnResponse, TurnLabelsResponse, labels};
pub use training::{TRAINING_PAGE_MAX, TrainingLine, TrainingLines, training_lines};
pub use turns::HeardTurn;

use crate::inquiries::{ReadContent, Reader, put_on_record};
use crate::installation::Installation;
use actors::{Answer, AskError};
use domain::ids::CampaignId;
use domain::inquiry::ReadForm;
use domain::label::{
    Label, LabelCommand, LabelRefusal, LabelValue, LabelWhy, LabeledTurn, Meaning, TurnId, TurnParent,
};
use domain::problem::Problem;
use domain::setting::SettingName;
use domain::stored_event::Cause;
use projections::views::label_board::{self, LabelRow};
use std::num::NonZeroUsize;

/// Most turns that are tried for one request for the next turn. Other reviewers may have reserved the first
/// ones a moment ago.
const TRIED_MAX: NonZeroUsize = NonZeroUsize::new(50).expect("fifty is not nothing");

/// The fields that a read of a turn shows.
const HEARD: ReadContent = ReadContent::of(&["heard"], ReadForm::Masked);

/// The user who labels turns.
#[derive(Debug)]
pub struct Labeller {
    pub by: String,
    pub reader: Reader,
}

/// Reserves the next turn of a campaign, or of all campaigns, for a reviewer and returns it. Its read is
/// logged before it is decrypted. `None` if no turn waits for this reviewer.
pub async fn next(
    installation: &Installation,
    labeller: Labeller,
    campaign: Option<&CampaignId>,
    cause: Cause,
) -> Result<Option<ReservedTurnResponse>, Problem> {
    let Labeller { by, reader } = labeller;
    let db = installation.rows.db();
    let rows = label_board::next(db.as_ref(), campaign, &by, installation.now(), TRIED_MAX).await?;
    for row in rows {
        let Some(sealed) = turns::find_turn(installation, row.turn).await? else {
            continue;
        };
        if !sealed.can_be_opened(installation).await? {
            continue;
        }
        let command = LabelCommand::Open {
            turn: turn_of(&row),
            by: by.clone(),
        };
        let answer = match installation.entities.labels.ask(&row.turn, command, cause).await {
            Ok(answer) => answer,
            // Another reviewer was faster, or this one has labelled it: the rows lag.
            Err(AskError::Refused(
                LabelRefusal::OpenElsewhere { .. } | LabelRefusal::Labelled { .. } | LabelRefusal::Settled,
            )) => continue,
            Err(other) => return Err(refused(other)),
        };
        put_on_record(installation, reader.clone(), read_of(&row)).await?;
        // Erased a moment ago. Other turns still wait.
        let Some(heard) = sealed.opened(installation).await? else {
            continue;
        };
        let open_until = answer.state.open_at(installation.now()).map(|(_, until)| until);
        return Ok(Some(ReservedTurnResponse::of(&row, heard, open_until)));
    }
    Ok(None)
}

/// Stores a reviewer's label of a turn. A setting decides whether the labels of one or two reviewers settle
/// it. Fails if the turn is settled or the reviewer has labelled it.
pub async fn add(
    installation: &Installation,
    turn: LabeledTurn,
    by: String,
    says: LabelValue,
    cause: Cause,
) -> Result<Answer<Label>, Problem> {
    let people = installation.setting(SettingName::LabelsPeople).await?;
    let id = turn.turn;
    let command = LabelCommand::Add {
        turn,
        says,
        by,
        people,
    };
    installation
        .entities
        .labels
        .ask(&id, command, cause)
        .await
        .map_err(refused)
}

/// Puts a turn that was misheard or misunderstood into the queue for labelling.
pub async fn request(
    installation: &Installation,
    turn: LabeledTurn,
    by: String,
    why: LabelWhy,
    cause: Cause,
) -> Result<Answer<Label>, Problem> {
    let id = turn.turn;
    let command = LabelCommand::Request { turn, why, by };
    installation
        .entities
        .labels
        .ask(&id, command, cause)
        .await
        .map_err(refused)
}

/// Returns the turn with this id. Fails with `Missing` if nothing was understood at that place of the
/// conversation.
pub async fn load_labelled_turn(installation: &Installation, id: TurnId) -> Result<LabeledTurn, Problem> {
    let found = turns::find_turn(installation, id).await?;
    let found = found.ok_or_else(|| Problem::missing("this turn"))?;
    Ok(LabeledTurn {
        turn: id,
        campaign: found.campaign,
        customer: found.customer,
    })
}

/// Returns the meaning of a label; without one, the label is an intent.
pub const fn meaning_of(meaning: Option<Meaning>) -> Meaning {
    match meaning {
        Some(meaning) => meaning,
        None => Meaning::Intent,
    }
}

fn turn_of(row: &LabelRow) -> LabeledTurn {
    LabeledTurn {
        turn: row.turn,
        campaign: row.campaign.clone(),
        customer: row.customer.clone(),
    }
}

fn read_of(row: &LabelRow) -> ReadContent {
    ReadContent {
        customer: Some(row.customer.clone()),
        campaign: Some(row.campaign.clone()),
        calls: match row.turn.of {
            TurnParent::Call(call) => vec![call],
            TurnParent::Conversation(_) => Vec::new(),
        },
        ..HEARD
    }
}

/// Converts a refusal of the label entity to a problem.
fn refused(error: AskError<LabelRefusal>) -> Problem {
    let AskError::Refused(refusal) = error else {
        return error.into();
    };
    let text = refusal.to_string();
    match refusal {
        LabelRefusal::Settled | LabelRefusal::Labelled { .. } => Problem::refused("turn-labelled", text),
        LabelRefusal::OpenElsewhere { .. } => Problem::refused("turn-open", text),
        LabelRefusal::Intent | LabelRefusal::IntentUnreadable { .. } | LabelRefusal::NoLabeler => {
            Problem::refused("label-invalid", text)
        }
    }
}
