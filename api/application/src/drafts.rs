//! Drafts of users: begin, replace, list and remove. Each user has a few places for drafts and cannot reach
//! another user's.

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
use intake::members::{ApiRequest, Members};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// The content of a draft: a title, and the members of the form that are filled in so far.
#[derive(Debug, Default, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "title": "三月提醒", "body": { "step": 2, "task_id": "TASK20261120" } }]))]
pub struct DraftRequest {
    #[schemars(length(min = 1, max = TITLE_BYTES_MAX))]
    title: String,
    /// The form's members: as JSON text at most 64,000 bytes; stored sealed. Do not put lists of persons in
    /// it.
    #[member(read = form_members)]
    body: Map<String, Value>,
}

fn form_members(body: &mut Members, name: &str) -> Map<String, Value> {
    body.require(name);
    let members: Map<String, Value> = body.value(name).unwrap_or_default();
    let bytes = Value::Object(members.clone()).to_string().len();
    if bytes > BODY_BYTES_MAX {
        body.wrong(name, format!("has more than {BODY_BYTES_MAX} bytes"));
    }
    members
}

impl From<DraftRequest> for DraftContent {
    fn from(DraftRequest { title, body }: DraftRequest) -> Self {
        Self {
            title,
            body: Value::Object(body).to_string(),
        }
    }
}

/// A request to begin a draft: its kind and its content.
#[derive(Debug, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "kind": "campaign", "title": "三月提醒", "body": { "step": 2 } }]))]
pub struct NewDraftRequest {
    #[member(or = DraftKind::Campaign)]
    pub kind: DraftKind,
    #[serde(flatten)]
    pub order: DraftRequest,
}

/// A draft in the list, without its body.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftListed {
    #[schemars(example = &"campaign-1")]
    pub id: String,
    pub kind: DraftKind,
    /// Title of the draft. Null if its key was destroyed.
    #[schemars(example = &"三月提醒")]
    pub title: Option<String>,
    pub saved_at: Timestamp,
    /// Version that was read. Send it as `If-Match` when you save the draft.
    #[schemars(example = &"\"v1\"")]
    pub etag: String,
}

/// All drafts of a user.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DraftList {
    pub items: Vec<DraftListed>,
    /// The most drafts of each kind that a user may have.
    pub places_max: u8,
}

/// One draft with its body.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Draft")]
pub struct DraftResponse {
    #[serde(flatten)]
    pub draft: DraftListed,
    /// Members of the draft's form. Null if its key was destroyed.
    #[schemars(extend("examples" = [{ "step": 2, "task_id": "TASK20261120" }]))]
    pub body: Option<Map<String, Value>>,
    #[serde(skip)]
    #[schemars(skip)]
    pub version: StreamVersion,
}

impl DraftResponse {
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

/// Returns all drafts of this user, ordered by kind and place.
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

/// Returns one draft of this user with its body. Fails with `Missing` if the user has none of this name;
/// drafts of other users are never found.
pub async fn draft(
    installation: &Installation,
    user: &UserId,
    name: DraftName,
) -> Result<DraftResponse, Problem> {
    let shown = found(installation, user, name).await?;
    shown.ok_or_else(|| Problem::missing("this draft"))
}

async fn found(
    installation: &Installation,
    user: &UserId,
    name: DraftName,
) -> Result<Option<DraftResponse>, Problem> {
    let loaded = installation.entities.drafts.state(&id_of(user, name)).await?;
    Ok(DraftResponse::of(name, &loaded.state, loaded.version))
}

/// A draft after it was begun or saved, with the answer of its entity.
pub struct SavedDraft {
    pub shown: DraftResponse,
    pub answer: Answer<Draft>,
}

/// Stores a new draft in the first free place of its kind. Refuses with `drafts-full` if there is none.
pub async fn begin(
    installation: &Installation,
    user: &UserId,
    begun: NewDraftRequest,
    cause: Cause,
) -> Result<SavedDraft, Problem> {
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
            // Also if another request took the place a moment ago: try the next one.
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

/// Replaces the title and body of a draft of this user.
pub async fn replace(
    installation: &Installation,
    user: &UserId,
    name: DraftName,
    order: DraftRequest,
    cause: Cause,
) -> Result<SavedDraft, Problem> {
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

/// Removes a draft. Succeeds also if there is none.
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

fn kept(name: DraftName, answer: Answer<Draft>) -> Result<SavedDraft, Problem> {
    let shown = DraftResponse::of(name, &answer.state, answer.version);
    // This happens when a save is repeated after the draft was removed.
    let shown = shown.ok_or_else(|| Problem::missing("this draft"))?;
    Ok(SavedDraft { shown, answer })
}

fn id_of(user: &UserId, name: DraftName) -> DraftId {
    DraftId {
        user: user.clone(),
        name,
    }
}
