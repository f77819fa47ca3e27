//! Reads word vectors (词向量) from a file for training.

use super::unavailable;
use crate::kit::failure::Failure;
use application::format_localized;
use application::models::training::bounded_lines;
use serde_json::{Value, json};
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use understanding::word_vectors::{DIMENSIONS_MAX, DIMENSIONS_MIN, VectorReadCounts, WordVectors};

/// Reads the word vectors of a file; refuses a file without any.
pub(super) fn read(file: &Path) -> Result<(Arc<WordVectors>, VectorReadCounts), Failure> {
    let opened = std::fs::File::open(file).map_err(|error| unavailable(file, &error))?;
    let mut broke_off = None;
    let lines = bounded_lines(BufReader::new(opened)).map_while(|line| {
        let read = line.map_err(|error| broke_off = Some(error));
        read.ok()
    });
    let (words, read) = WordVectors::read(lines);
    match broke_off {
        Some(error) => Err(unavailable(file, &error)),
        None if words.is_empty() => Err(Failure::refused(format!(
            "{}: no line has a word and {DIMENSIONS_MIN} to {DIMENSIONS_MAX} numbers",
            file.display()
        ))),
        None => Ok((Arc::new(words), read)),
    }
}

/// Describes the vectors read, as JSON.
pub(super) fn to_json(read: &VectorReadCounts) -> Value {
    json!({
        "kept": read.kept, "left_out": read.left_out, "passed_over": read.passed_over,
        "faulty": read.faulty, "faulty_lines": read.faulty_lines,
    })
}

/// Describes the vectors read, as one line for people.
pub(super) fn describe(read: &VectorReadCounts) -> String {
    format_localized!(
        "保留 {} 个词向量，{} 个超出空间，{} 个不会被查询；{} 行有误 {:?}",
        "{} word vectors kept, {} without space, {} never looked up; {} bad lines {:?}",
        read.kept,
        read.left_out,
        read.passed_over,
        read.faulty,
        read.faulty_lines
    )
}
