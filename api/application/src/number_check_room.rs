//! Who knows which numbers are vacant in this process, once that is known.

use domain::ports::number_checker::NumberChecker;
use std::sync::{Arc, OnceLock};

/// Who is asked which numbers are vacant; nobody unless the process was started so.
#[derive(Default)]
pub struct NumberCheckRoom {
    checker: OnceLock<Arc<dyn NumberChecker>>,
}

impl NumberCheckRoom {
    /// From now on this one is asked; the first that is named stays.
    pub fn ask_by(&self, checker: Arc<dyn NumberChecker>) {
        let _first = self.checker.set(checker);
    }

    pub(crate) fn checker(&self) -> Option<&Arc<dyn NumberChecker>> {
        self.checker.get()
    }
}
