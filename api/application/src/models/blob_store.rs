//! The files of published models, beside the log: one file per content, named by its digest.
//!
//! A file is written under a temporary name and renamed. Its digest is checked at every read. Models that
//! were read are cached, a few at a time.

use crate::installation::Installation;
use crate::lru_cache::LruCache;
use crate::private_file;
use crate::rehearsing::{Listener, ListenerFault};
use domain::ids::ModelId;
use domain::model::ModelRef;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folder of the models within the data directory.
const MODELS_DIR: &str = "models";

/// Models in memory at once: as many as the campaigns of one day use; at most ten megabytes each. Above it,
/// the least recently used is dropped.
const KEPT_MAX: usize = 8;

/// The cache of this process, by path with digest.
static KEPT: LruCache<PathBuf, Arc<Listener>> = LruCache::of(KEPT_MAX);

/// Why a model cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ModelBlobFault {
    #[error("the file of model {named} is not on this machine: publish it here again")]
    Missing { named: String },
    #[error("the file of model {named} differs from the published file: publish it here again")]
    Damaged { named: String },
    #[error("model {named}: {fault}")]
    Unreadable { named: String, fault: ListenerFault },
    #[error("the models cannot be written or read: {0}")]
    Disk(#[from] io::Error),
}

/// The model files of one data directory.
#[derive(Debug, Clone)]
pub struct ModelBlobStore {
    folder: PathBuf,
}

impl ModelBlobStore {
    pub fn of(installation: &Installation) -> Self {
        Self::in_directory(&installation.directory)
    }

    pub fn in_directory(directory: &Path) -> Self {
        Self {
            folder: directory.join(MODELS_DIR),
        }
    }

    /// Stores a model's bytes in the file of its digest. If an intact file with this digest exists, nothing
    /// is written.
    pub fn put(&self, digest: &str, bytes: &[u8]) -> Result<(), ModelBlobFault> {
        let path = self.path(digest);
        if std::fs::read(&path).is_ok_and(|found| hex(&found) == digest) {
            return Ok(());
        }
        std::fs::create_dir_all(&self.folder)?;
        let aside = self.folder.join(format!(".{digest}.tmp"));
        let file = {
            private_file::write(&aside, bytes)?;
            std::fs::File::open(&aside)?
        };
        file.sync_all()?;
        std::fs::rename(&aside, &path)?;
        std::fs::File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    /// Returns a listener that uses a published model: from the cache, or read from disk within some
    /// milliseconds. Fails if the file is missing, damaged or unreadable.
    pub fn listener(&self, model: &ModelRef) -> Result<Arc<Listener>, ModelBlobFault> {
        let path = self.path(&model.digest);
        if let Some(kept) = KEPT.get(&path) {
            return Ok(kept);
        }
        let named = || model.to_string();
        let bytes = self.bytes_of(&named(), &model.digest)?;
        let listener = Listener::with_model(&bytes);
        let listener = listener.map_err(|fault| ModelBlobFault::Unreadable {
            named: named(),
            fault,
        })?;
        let listener = Arc::new(listener);
        KEPT.keep(path, Arc::clone(&listener));
        Ok(listener)
    }

    /// Returns the bytes of a model from its file. Fails if the file is missing or its digest differs.
    pub fn bytes(&self, model: &ModelId, digest: &str) -> Result<Vec<u8>, ModelBlobFault> {
        self.bytes_of(model.as_str(), digest)
    }

    fn bytes_of(&self, named: &str, digest: &str) -> Result<Vec<u8>, ModelBlobFault> {
        let named = || named.to_owned();
        let bytes = match std::fs::read(self.path(digest)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ModelBlobFault::Missing { named: named() });
            }
            Err(error) => return Err(ModelBlobFault::Disk(error)),
        };
        match hex(&bytes) == digest {
            true => Ok(bytes),
            false => Err(ModelBlobFault::Damaged { named: named() }),
        }
    }

    /// Returns true if a file with this digest's name exists. Its content is not checked.
    pub fn has(&self, digest: &str) -> bool {
        self.path(digest).is_file()
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.llnlu"))
    }
}

fn hex(bytes: &[u8]) -> String {
    domain::hex::encode(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use understanding::{Examples, TrainingSettings, train};

    fn small(words: &str) -> Vec<u8> {
        let line = |text: &str, intent: &str| format!("{{\"text\":\"{text}\",\"intent\":\"{intent}\"}}");
        let lines = [
            line("分几期", "ask_term"),
            line("可以分多少期", "ask_term"),
            line("最长几期", "ask_term"),
            line(words, "ask_rate"),
            line("利息多少", "ask_rate"),
            line("利率高不高", "ask_rate"),
        ];
        let examples = Examples::read(lines.into_iter(), "intent", 1);
        train(&examples, &TrainingSettings::default()).unwrap().to_bytes()
    }

    fn named(digest: String) -> ModelRef {
        ModelRef {
            model: "zh".parse().unwrap(),
            version: 1,
            digest,
        }
    }

    #[test]
    fn a_model_is_read_back_as_what_was_published_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let shelf = ModelBlobStore::in_directory(directory.path());
        let bytes = small("手续费怎么算");
        let model = named(hex(&bytes));
        assert!(matches!(
            shelf.listener(&model),
            Err(ModelBlobFault::Missing { .. })
        ));
        shelf.put(&model.digest, &bytes).unwrap();
        let listener = shelf.listener(&model).unwrap();
        assert_eq!(listener.model.as_deref(), Some(model.digest.as_str()));
        let other = small("有没有手续费");
        let other_model = named(hex(&other));
        std::fs::write(shelf.path(&other_model.digest), &bytes).unwrap();
        let damaged = shelf.listener(&other_model);
        assert!(matches!(damaged, Err(ModelBlobFault::Damaged { .. })));
        shelf.put(&other_model.digest, &other).unwrap();
        assert!(
            shelf.listener(&other_model).is_ok(),
            "publishing it again puts it right"
        );
    }

    #[test]
    fn a_file_of_another_version_is_refused_by_name() {
        let directory = tempfile::tempdir().unwrap();
        let shelf = ModelBlobStore::in_directory(directory.path());
        let mut bytes = small("年利率是多少");
        bytes[5] = 99;
        let model = named(hex(&bytes));
        shelf.put(&model.digest, &bytes).unwrap();
        let refused = shelf.listener(&model).unwrap_err().to_string();
        assert!(
            refused.contains("zh@1") && refused.contains("version 99"),
            "{refused}"
        );
    }
}
