//! Drafts of users, whoever asks: begun, replaced as they were read, listed and cleared. Each user has their
//! own few places; nobody names another's.

use crate::installation::Installation;
use actors::{Answer, AskError};
use domain::draft::{
    BODY_BYTES_MAX, Draft, DraftCommand, DraftContent, DraftId, DraftKind, DraftName, DraftRefusal,
    DraftState, PLACES_MAX, TITLE_BYTES_MAX,
};
use domain::ids::UserId;
use domain::problem::Problem;
use domain::stored_event::{Cause, StreamVersion};
use domain::time::Timestamp;
use intake::members::{Members, Order};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// What is written here: a title, and the members that are filled in so far.
#[derive(Debug, Default, JsonSchema)]
#[schemars(extend("examples" = [{ "title": "三月提醒", "body": { "step": 2, "task_id": "TASK20261120" } }]))]
pub struct DraftOrder {
    #[schemars(length(min = 1, max = TITLE_BYTES_MAX))]
    title: String,
    /// As JSON text at most 64,000 bytes; sealed where it is kept. No list of people belongs in it.
    body: Map<String, Value>,
}

impl Order for DraftOrder {
    fn read(body: &mut Members) -> Self {
        let title = body.needed_short_text("title", TITLE_BYTES_MAX);
        if body.is_absent("body") {
            body.wrong("body", "is missing");
        }
        let members: Map<String, Value> = body.value("body").unwrap_or_default();
        let bytes = Value::Object(members.clone()).to_string().len();
        if bytes > BODY_BYTES_MAX {
            body.wrong("body", format!("has more than {BODY_BYTES_MAX} bytes"));
        }
        Self { title, body: members }
    }
}

impl From<DraftOrder> for DraftContent {
    fn from(DraftOrder { title, body }: DraftOrder) -> Self {
        Self {
            title,
            body: Value::Object(body).to_string(),
        }
    }
}

/// A draft that begins: of which kind, and what it holds.
#[derive(Debug, JsonSchema)]
#[schemars(extend("examples" = [{ "kind": "campaign", "title": "三月提醒", "body": { "step": 2 } }]))]
pub struct DraftBegun {
    pub kind: DraftKind,
    #[serde(flatten)]
    pub order: DraftOrder,
}

impl Order for DraftBegun {
    fn read(body: &mut Members) -> Self {
        if body.is_absent("kind") {
            body.wrong("kind", "is missing");
        }
        Self {
            kind: body.value("kind").unwrap_or(DraftKind::Campaign),
            order: DraftOrder::read(body),
        }
    }
}

/// One draft in the list.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftListed {
    #[schemars(example = &"campaign-1")]
    pub id: String,
    pub kind: DraftKind,
    /// Null where its key is gone.
    #[schemars(example = &"三月提醒")]
    pub title: Option<String>,
    pub saved_at: Timestamp,
    /// What `If-Match` says of a save: the version that was read.
    #[schemars(example = &"\"v1\"")]
    pub etag: String,
}

/// Every draft of a user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftList {
    pub items: Vec<DraftListed>,
    /// How many of each kind a user may keep.
    pub places_max: u8,
}

/// One draft, whole.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Draft")]
pub struct DraftShown {
    #[serde(flatten)]
    pub draft: DraftListed,
    /// Null where its key is gone.
    #[schemars(extend("examples" = [{ "step": 2, "task_id": "TASK20261120" }]))]
    pub body: Option<Map<String, Value>>,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
}

impl DraftShown {
    fn of(name: DraftName, state: &DraftState, version: StreamVersion) -> Option<Self> {
        let content = state.content();
        let draft = DraftListed {
            id: name.to_string(),
            kind: name.kind,
            title: content.map(|content| content.title.clone()),
            saved_at: state.saved_at()?,
            etag: format!("\"v{}\"", version.0),
        };
        let body = content.and_then(|content| serde_json::from_str(&content.body).ok());
        Some(Self { draft, body, version })
    }
}

/// Every draft of this user, by kind and place.
pub async fn drafts(installation: &Installation, user: &UserId) -> Result<DraftList, Problem> {
    let mut items = Vec::new();
    for name in DraftKind::ALL.into_iter().flat_map(DraftName::all_of) {
        items.extend(found(installation, user, name).await?.map(|shown| shown.draft));
    }
    Ok(DraftList {
        items,
        places_max: PLACES_MAX,
    })
}

/// One draft of this user; another's is as none.
pub async fn draft(
    installation: &Installation,
    user: &UserId,
    name: DraftName,
) -> Result<DraftShown, Problem> {
    let shown = found(installation, user, name).await?;
    shown.ok_or_else(|| Problem::missing("this draft"))
}

async fn found(
    installation: &Installation,
    user: &UserId,
    name: DraftName,
) -> Result<Option<DraftShown>, Problem> {
    let loaded = installation.entities.drafts.state(&id_of(user, name)).await?;
    Ok(DraftShown::of(name, &loaded.state, loaded.version))
}

/// A draft after it was begun or saved.
pub struct DraftKept {
    pub shown: DraftShown,
    pub answer: Answer<Draft>,
}

/// Begins a draft in the first place that is free.
pub async fn begin(
    installation: &Installation,
    user: &UserId,
    begun: DraftBegun,
    cause: Cause,
) -> Result<DraftKept, Problem> {
    let kind = begun.kind;
    let content = DraftContent::from(begun.order);
    for name in DraftName::all_of(kind) {
        let command = DraftCommand::Begin {
            content: content.clone(),
        };
        match installation
            .entities
            .drafts
            .ask(&id_of(user, name), command, cause)
            .await
        {
            // Also of a place that somebody took a moment ago: the next one.
            Err(AskError::Refused(DraftRefusal::Taken)) => {}
            Ok(answer) => return kept(name, answer),
            Err(other) => return Err(other.into()),
        }
    }
    Err(Problem::refused(
        "drafts-full",
        format!("there are already {PLACES_MAX} drafts of this kind: finish or delete one"),
    ))
}

/// Replaces a draft as a whole.
pub async fn replace(
    installation: &Installation,
    user: &UserId,
    name: DraftName,
    order: DraftOrder,
    cause: Cause,
) -> Result<DraftKept, Problem> {
    let command = DraftCommand::Replace {
        content: order.into(),
    };
    let answer = installation
        .entities
        .drafts
        .ask(&id_of(user, name), command, cause)
        .await?;
    kept(name, answer)
}

/// Clears a place; so already where nothing stands there.
pub async fn remove(
    installation: &Installation,
    user: &UserId,
    name: DraftName,
    cause: Cause,
) -> Result<Answer<Draft>, Problem> {
    let id = id_of(user, name);
    let removed = installation.entities.drafts.ask(&id, DraftCommand::Remove, cause);
    Ok(removed.await?)
}

fn kept(name: DraftName, answer: Answer<Draft>) -> Result<DraftKept, Problem> {
    let shown = DraftShown::of(name, &answer.state, answer.version);
    // A repeat of a save whose draft is removed by now.
    let shown = shown.ok_or_else(|| Problem::missing("this draft"))?;
    Ok(DraftKept { shown, answer })
}

fn id_of(user: &UserId, name: DraftName) -> DraftId {
    DraftId {
        user: user.clone(),
        name,
    }
}
