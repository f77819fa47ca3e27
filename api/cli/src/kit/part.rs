//! A file that a command writes: there whole or not at all, for its owner alone.

use crate::kit::failure::Failure;
use application::private_file;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A file that is written beside its name, and removed unless it is whole.
pub(crate) struct Part {
    file: File,
    aside: PathBuf,
    name: PathBuf,
    whole: bool,
}

impl Part {
    pub(crate) fn begin(name: &Path) -> Result<Self, Failure> {
        // What stands there is replaced by a rename: a device or a folder would be gone.
        if fs::metadata(name).is_ok_and(|found| !found.is_file()) {
            return Err(Failure::usage(format!("{} is not a file", name.display())));
        }
        let mut aside = name.as_os_str().to_owned();
        aside.push(".part");
        let aside = PathBuf::from(aside);
        let file = private_file::create(&aside)
            .map_err(|error| Failure::unavailable(format!("{}: {error}", aside.display())))?;
        Ok(Self {
            file,
            aside,
            name: name.to_owned(),
            whole: false,
        })
    }

    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.file.sync_all()?;
        fs::rename(&self.aside, &self.name)?;
        self.whole = true;
        Ok(())
    }
}

impl Part {
    /// To write to.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.whole {
            // Nothing can be done when even that fails; the name says that it is no whole file.
            drop(fs::remove_file(&self.aside));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let name = directory.path().join("calls.csv");
        fs::write(&name, "old").unwrap();
        drop(Part::begin(&name).unwrap());
        assert!(Part::begin(directory.path()).is_err(), "a folder is no file");
        assert_eq!(fs::read_to_string(&name).unwrap(), "old");
        let mut part = Part::begin(&name).unwrap();
        part.file.write_all(b"new").unwrap();
        part.finish().unwrap();
        assert_eq!(fs::read_to_string(&name).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
