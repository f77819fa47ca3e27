//! Output files that appear complete or not at all, readable by their owner only.

use crate::kit::failure::Failure;
use application::private_file;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A file written under a temporary name (`.part`). `finish` renames it; dropping it earlier deletes it.
pub(crate) struct AtomicFile {
    file: File,
    aside: PathBuf,
    name: PathBuf,
    whole: bool,
}

impl AtomicFile {
    /// Creates the temporary file for `name`. Refuses if `name` is a device or a folder.
    pub(crate) fn begin(name: &Path) -> Result<Self, Failure> {
        // `finish` replaces an existing `name` by a rename, which would remove a device or a folder.
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

    /// Flushes the file to disk and gives it its name.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        self.file.sync_all()?;
        fs::rename(&self.aside, &self.name)?;
        self.whole = true;
        Ok(())
    }
}

impl AtomicFile {
    /// Returns a handle to write to the file.
    pub(crate) fn file(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.whole {
            // If this fails too, the name `.part` still marks the file as incomplete.
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
        drop(AtomicFile::begin(&name).unwrap());
        assert!(
            AtomicFile::begin(directory.path()).is_err(),
            "a folder is no file"
        );
        assert_eq!(fs::read_to_string(&name).unwrap(), "old");
        let mut part = AtomicFile::begin(&name).unwrap();
        part.file.write_all(b"new").unwrap();
        part.finish().unwrap();
        assert_eq!(fs::read_to_string(&name).unwrap(), "new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
