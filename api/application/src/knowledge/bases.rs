//! Versions of knowledge bases, read from the log once per process and cached.

use super::base::SearchableBase;
use crate::lru_cache::LruCache;
use crate::stream_replay::folded_in;
use async_trait::async_trait;
use domain::decider::Decider;
use domain::ids::KnowledgeId;
use domain::knowledge::{Knowledge, KnowledgeContent, KnowledgeEvent, KnowledgeRef};
use domain::ports::event_store::EventStore;
use domain::ports::knowledge::{KnowledgeBase, KnowledgeBases};
use domain::problem::Problem;
use std::sync::Arc;

/// Versions of knowledge bases in memory at once: as many as the campaigns of one day use; a quarter of a
/// megabyte each. Above it, the least recently used is dropped.
const KEPT_MAX: usize = 16;

/// The cache of this process, by name, version and hash.
static KEPT: LruCache<KnowledgeRef, Arc<SearchableBase>> = LruCache::of(KEPT_MAX);

/// Returns content hash and content of a version, read from the stream of the knowledge base; `None` if
/// the version does not exist.
pub(crate) async fn content_of(
    store: &dyn EventStore,
    knowledge: &KnowledgeId,
    version: u32,
) -> Result<Option<(String, KnowledgeContent)>, Problem> {
    let mut found = None;
    folded_in::<Knowledge>(store, &Knowledge::stream(knowledge), |event, _| {
        if let KnowledgeEvent::Imported {
            knowledge_version,
            content_hash,
            content,
            ..
        } = event
            && knowledge_version == version
        {
            found = Some((content_hash, *content));
        }
    })
    .await?;
    Ok(found)
}

/// Returns a version of a knowledge base, ready to be searched, from the cache or from the log. Fails if
/// the log has no version with this number and hash.
pub async fn base(store: &dyn EventStore, named: &KnowledgeRef) -> Result<Arc<SearchableBase>, Problem> {
    if let Some(kept) = KEPT.get(named) {
        return Ok(kept);
    }
    let content = content_of(store, &named.knowledge, named.version).await?;
    // Another log may have other content under this version number. It must not be used for these calls.
    let content = content.filter(|(hash, _)| *hash == named.content_hash);
    let (_, content) = content.ok_or_else(|| Problem::missing("this version of the knowledge base"))?;
    let made = Arc::new(SearchableBase::of(
        named.knowledge.clone(),
        named.version,
        content,
    ));
    KEPT.keep(named.clone(), Arc::clone(&made));
    Ok(made)
}

/// The knowledge bases for calls, read from an event log.
pub struct LoggedKnowledge(pub Arc<dyn EventStore>);

#[async_trait]
impl KnowledgeBases for LoggedKnowledge {
    async fn base(&self, named: &KnowledgeRef) -> Option<Arc<dyn KnowledgeBase>> {
        match base(self.0.as_ref(), named).await {
            Ok(base) => Some(base),
            Err(problem) => {
                // The campaign was created with it. Its calls continue without knowledge.
                tracing::error!(%problem, knowledge = %named, "a campaign's knowledge cannot be read");
                None
            }
        }
    }
}
