//! A cache of spoken prompts by content: some in memory, more on disk. Personal prompts are never put into
//! it.

use super::clips::{read_clip, write_clip};
use domain::hex;
use domain::ports::speech::Clip;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWriteExt;

/// Most clips kept in memory, about the prompts of some dozen flows; the least recently used is dropped.
pub(crate) const MEMORY_CLIPS_MAX: usize = 256;
/// Most prompt files on disk, at most about 300 MB; above that no more are written. Sixteen times as many
/// as in memory.
pub(crate) const DISK_CLIPS_MAX: usize = 4_096;

/// Clips by content; the least recently used one is dropped first.
#[derive(Default)]
struct MemoryCache {
    clips: BTreeMap<String, (u64, Arc<Clip>)>,
    uses: u64,
}

impl MemoryCache {
    fn get(&mut self, key: &str) -> Option<Arc<Clip>> {
        self.uses += 1;
        let (used, clip) = self.clips.get_mut(key)?;
        *used = self.uses;
        Some(Arc::clone(clip))
    }

    fn put(&mut self, key: String, clip: Arc<Clip>) {
        self.uses += 1;
        self.clips.insert(key, (self.uses, clip));
        while self.clips.len() > MEMORY_CLIPS_MAX {
            let oldest = self.clips.iter().min_by_key(|(_, (used, _))| *used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            self.clips.remove(&oldest);
        }
    }
}

/// The cache of one synthesizer's prompts.
pub(crate) struct PromptCache {
    /// The folder of the files, normally `DIR/prompts`; `None` keeps prompts in memory only.
    dir: Option<PathBuf>,
    memory: Mutex<MemoryCache>,
    files_written: AtomicU64,
}

impl PromptCache {
    pub(crate) fn new(dir: Option<PathBuf>) -> Self {
        Self {
            dir,
            memory: Mutex::new(MemoryCache::default()),
            files_written: AtomicU64::new(0),
        }
    }

    /// Returns the cache key of a prompt: the SHA-256 of all parts that determine its audio.
    pub(crate) fn key(parts: &[&str]) -> String {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        hex::encode(&digest.finalize())
    }

    /// Returns a prompt from memory; `None` if it is not there. Does not read the disk.
    pub(crate) fn remembered(&self, key: &str) -> Option<Arc<Clip>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.get(key)
    }

    /// Returns a prompt from memory or otherwise from disk; `None` if neither has it. A clip from disk is
    /// in memory afterwards.
    pub(crate) async fn get(&self, key: &str) -> Option<Arc<Clip>> {
        if let Some(clip) = self.remembered(key) {
            return Some(clip);
        }
        let dir = self.dir.as_ref()?;
        let wav = tokio::fs::read(dir.join(format!("{key}.wav"))).await.ok()?;
        let clip = Arc::new(read_clip(&wav).ok()?);
        self.remember(key.to_owned(), &clip);
        Some(clip)
    }

    fn remember(&self, key: String, clip: &Arc<Clip>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.put(key, Arc::clone(clip));
    }

    /// Stores a prompt in memory and on disk. If the file cannot be written, a warning is logged, and the
    /// prompt is synthesized again after a restart.
    pub(crate) async fn put(&self, key: String, clip: &Arc<Clip>) {
        if let Some(dir) = &self.dir {
            let number = self.files_written.fetch_add(1, Ordering::Relaxed);
            let aside = dir.join(format!(".{key}.{number}.tmp"));
            if let Err(error) = replace_file(dir, &key, &aside, clip).await {
                tracing::warn!(%error, "prompt not cached");
                drop(tokio::fs::remove_file(&aside).await);
            }
        }
        self.remember(key, clip);
    }

    #[cfg(test)]
    pub(crate) fn files_written(&self) -> u64 {
        self.files_written.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(crate) fn remembered_count(&self) -> usize {
        self.memory.lock().expect("no panic inside").clips.len()
    }
}

async fn replace_file(dir: &Path, key: &str, aside: &Path, clip: &Clip) -> std::io::Result<()> {
    let wav = write_clip(clip).map_err(std::io::Error::other)?;
    tokio::fs::create_dir_all(dir).await?;
    if !has_room(dir).await? {
        return Err(std::io::Error::other("the prompt cache is full"));
    }
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(aside).await?;
    file.write_all(&wav).await?;
    // The data must be flushed before the rename.
    file.flush().await?;
    tokio::fs::rename(aside, dir.join(format!("{key}.wav"))).await
}

async fn has_room(dir: &Path) -> std::io::Result<bool> {
    let mut entries = tokio::fs::read_dir(dir).await?;
    let mut count = 0;
    while entries.next_entry().await?.is_some() {
        count += 1;
    }
    Ok(count < DISK_CLIPS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_cache_forgets_the_least_recently_used() {
        let mut memory = MemoryCache::default();
        let clip = Arc::new(Clip { samples: vec![0] });
        for number in 0..MEMORY_CLIPS_MAX {
            memory.put(number.to_string(), Arc::clone(&clip));
        }
        assert!(memory.get("0").is_some());
        memory.put("one more".to_owned(), clip);
        assert_eq!(memory.clips.len(), MEMORY_CLIPS_MAX);
        assert!(memory.get("0").is_some() && memory.get("1").is_none());
    }
}
