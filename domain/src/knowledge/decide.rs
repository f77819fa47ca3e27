//! Decides the commands of a knowledge base: a content becomes a version, and a version becomes current, with
//! an approval if one is required.

use super::command::{KnowledgeCommand, VersionChoice};
use super::content::KnowledgeContent;
use super::event::KnowledgeEvent;
use super::refusal::KnowledgeRefusal;
use super::state::KnowledgeState;
use crate::four_eyes::FourEyes;
use values::canonical::{canonical_json, content_hash};
use values::ids::KnowledgeId;

/// Largest content in canonical JSON, in bytes; a larger one is refused. It is stored in one record, which
/// holds 64 KB.
pub const CONTENT_BYTES_MAX: usize = 60_000;

/// Most versions of one knowledge base; a further one is refused. Several a day for a year.
pub const VERSIONS_MAX: u32 = 1_000;

pub(super) fn decide(
    state: &KnowledgeState,
    command: KnowledgeCommand,
) -> Result<Vec<KnowledgeEvent>, KnowledgeRefusal> {
    match command {
        KnowledgeCommand::Import {
            knowledge,
            content,
            faults,
        } => import(state, knowledge, content, faults),
        KnowledgeCommand::Publish {
            knowledge,
            wanted,
            four_eyes,
        } => publish(state, knowledge, wanted, four_eyes),
    }
}

fn import(
    state: &KnowledgeState,
    knowledge: KnowledgeId,
    content: Box<KnowledgeContent>,
    left_out: u32,
) -> Result<Vec<KnowledgeEvent>, KnowledgeRefusal> {
    let value = serde_json::to_value(&content).unwrap_or_default();
    let size_bytes = canonical_json(&value).len();
    if size_bytes > CONTENT_BYTES_MAX {
        return Err(KnowledgeRefusal::TooLarge {
            size_bytes,
            bytes_max: CONTENT_BYTES_MAX,
        });
    }
    let hash = content_hash(&value);
    if state.of_content(&hash).is_some() {
        return Ok(Vec::new());
    }
    if state.versions_count() >= VERSIONS_MAX {
        return Err(KnowledgeRefusal::TooManyVersions {
            versions_max: VERSIONS_MAX,
        });
    }
    Ok(vec![KnowledgeEvent::Imported {
        knowledge,
        knowledge_version: state.versions_count() + 1,
        content_hash: hash,
        content,
        left_out,
    }])
}

fn publish(
    state: &KnowledgeState,
    knowledge: KnowledgeId,
    wanted: VersionChoice,
    four_eyes: Option<Box<FourEyes>>,
) -> Result<Vec<KnowledgeEvent>, KnowledgeRefusal> {
    if state.versions_count() == 0 {
        return Err(KnowledgeRefusal::NotImported { knowledge });
    }
    let number = match wanted {
        VersionChoice::Newest => state.versions_count(),
        VersionChoice::Before => state.before().ok_or(KnowledgeRefusal::NothingBefore)?,
        VersionChoice::Version(version) => version,
    };
    let version = state
        .version(number)
        .ok_or_else(|| KnowledgeRefusal::UnknownVersion {
            knowledge: knowledge.clone(),
            version: number,
            versions: state.versions_count(),
        })?;
    let current = state.current().map(|one| one.knowledge_ref.version);
    let asks = state.asks_for_approval();
    // The current version is published once more if it has no approval and this publication has one.
    if current == Some(number) && (asks || four_eyes.is_none()) {
        return Ok(Vec::new());
    }
    if asks && four_eyes.is_none() {
        return Err(KnowledgeRefusal::NeedsApproval { knowledge });
    }
    Ok(vec![KnowledgeEvent::Published {
        knowledge,
        knowledge_version: number,
        content_hash: version.knowledge_ref.content_hash.clone(),
        from_version: current,
        four_eyes,
    }])
}
