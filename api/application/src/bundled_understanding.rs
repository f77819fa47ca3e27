//! The understanding that calls use: models learned once per process from the shipped examples of each
//! language.

use crate::models::ModelBlobStore;
use crate::rehearsing::{Listener, ListenerFault};
use domain::flow::{FlowRun, UnderstandingResult};
use domain::model::ModelRef;
use domain::ports::understanding::{SensitiveWord, SensitiveWords, Understanding};
use domain::time::Timestamp;
use std::sync::Arc;
use understanding::sensitive_words::{SensitiveWords as Lists, WordList};

/// Name of a campaign's own list of sensitive words in events and alerts.
const CAMPAIGN_LIST: &str = "campaign";

/// The built-in understanding: a model and rules for Chinese and English, rules alone for other languages.
#[derive(Debug)]
pub struct BundledUnderstanding {
    chinese: Arc<Listener>,
    english: Arc<Listener>,
    by_rules: Arc<Listener>,
    /// The files of the published models.
    shelf: ModelBlobStore,
}

/// Understanding by one published model, for all languages. Sensitive words work as in the bundled
/// understanding.
struct ModelUnderstanding(Arc<Listener>);

impl BundledUnderstanding {
    /// Learns the models from the shipped examples. This takes about one second of one core, so do not call
    /// it on a task that others wait for.
    pub fn learned(shelf: ModelBlobStore) -> Result<Self, ListenerFault> {
        Ok(Self {
            chinese: Listener::shared("zh-CN")?,
            english: Listener::shared("en")?,
            by_rules: Listener::shared("")?,
            shelf,
        })
    }

    fn of(&self, language: &str) -> &Listener {
        match language.get(..2) {
            Some("zh") => &self.chinese,
            Some("en") => &self.english,
            _ => &self.by_rules,
        }
    }
}

impl Understanding for BundledUnderstanding {
    fn understand(&self, text: &str, run: &FlowRun, at: Timestamp) -> UnderstandingResult {
        self.of(run.language()).understand(text, run, at)
    }

    fn model(&self, language: &str) -> Option<String> {
        self.of(language).model.clone()
    }

    fn by_model(&self, model: &ModelRef) -> Option<Arc<dyn Understanding>> {
        match self.shelf.listener(model) {
            Ok(listener) => Some(Arc::new(ModelUnderstanding(listener))),
            Err(fault) => {
                // The campaign's model file was lost after the campaign was created. Its calls still have
                // to be made.
                tracing::error!(%fault, "a campaign's model is not here: its calls are understood by the bundled one");
                None
            }
        }
    }

    fn sensitive_words(&self, words: &[String]) -> Option<Box<dyn SensitiveWords>> {
        found_by(words)
    }
}

impl Understanding for ModelUnderstanding {
    fn understand(&self, text: &str, run: &FlowRun, at: Timestamp) -> UnderstandingResult {
        self.0.understand(text, run, at)
    }

    fn model(&self, _: &str) -> Option<String> {
        self.0.model.clone()
    }

    fn by_model(&self, _: &ModelRef) -> Option<Arc<dyn Understanding>> {
        None
    }

    fn sensitive_words(&self, words: &[String]) -> Option<Box<dyn SensitiveWords>> {
        found_by(words)
    }
}

/// Returns the detector for a campaign's own sensitive words; `None` if there are none, or if they exceed
/// the limits, which is logged.
pub(crate) fn found_by(words: &[String]) -> Option<Box<dyn SensitiveWords>> {
    if words.is_empty() {
        return None;
    }
    let list = WordList {
        name: CAMPAIGN_LIST.to_owned(),
        words: words.to_vec(),
    };
    match Lists::of(&[list]) {
        Ok(lists) => Some(Box::new(Words(lists))),
        Err(error) => {
            // The campaign's request body limits its words, so this list was stored before those limits.
            tracing::error!(%error, "a campaign's sensitive words cannot be looked for");
            None
        }
    }
}

struct Words(Lists);

impl SensitiveWords for Words {
    fn first(&self, text: &str) -> Option<SensitiveWord> {
        let hit = self.0.earliest(text)?;
        Some(SensitiveWord {
            list: hit.list,
            word: hit.word,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_campaigns_words_are_found_in_a_part_of_an_utterance() {
        let understanding =
            BundledUnderstanding::learned(ModelBlobStore::in_directory(Path::new("."))).unwrap();
        let words = ["诈 骗".to_owned()];
        let words = understanding.sensitive_words(&words).unwrap();
        let found = words.first("你们这是诈骗吧").unwrap();
        assert_eq!((found.list.as_str(), found.word.as_str()), ("campaign", "诈 骗"));
        assert_eq!(words.first("你们这是诈"), None);
        assert!(understanding.sensitive_words(&[]).is_none());
        let model = |language| understanding.model(language);
        assert!(model("zh-CN").is_some() && model("en").is_some() && model("fr").is_none());
        assert_ne!(model("zh-CN"), model("en"));
    }
}
