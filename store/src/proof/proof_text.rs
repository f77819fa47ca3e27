//! Proofs as text: C2SP tlog-proof for one event, and the body of tlog-witness's `add-checkpoint`, which also
//! serves as the format of a consistency proof between two checkpoints.

use super::checkpoint::{SignedCheckpoint, parse_hash};
use super::error::ProofError;
use super::leaf::TreeHash;
use super::tiles::check_inclusion;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The first line of an inclusion proof.
const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The most hashes of a proof; one with more is refused. This is the height of a tree of 2^63 leaves (C2SP
/// tlog-witness).
const PROOF_HASHES_MAX: usize = 63;

/// The proof that an event is in the tree of a signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The leaf's index in the tree, from 0.
    pub index: u64,
    /// The audit path, from the leaf's sibling upwards.
    pub hashes: Vec<TreeHash>,
    pub checkpoint: SignedCheckpoint,
}

/// A newer checkpoint with the proof that its tree begins with the tree of an older size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    pub old_size: u64,
    pub hashes: Vec<TreeHash>,
    pub checkpoint: SignedCheckpoint,
}

impl InclusionProof {
    /// Returns the proof in the canonical form of the text: header, index, hashes, checkpoint.
    pub fn to_text(&self) -> String {
        let hashes = lines(&self.hashes);
        let checkpoint = self.checkpoint.text();
        format!("{PROOF_HEADER}\nindex {}\n{hashes}\n{checkpoint}", self.index)
    }

    /// Parses an inclusion proof. A text with an `extra` line is refused, because our programs do not write
    /// one.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let malformed = |why: &str| ProofError::malformed("the inclusion proof", why);
        let rest = text
            .strip_prefix(PROOF_HEADER)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or_else(|| malformed("its first line is not c2sp.org/tlog-proof@v1"))?;
        let (index, hashes, checkpoint) = parts(rest, "index ").ok_or_else(|| malformed("it is cut off"))?;
        let proof = Self {
            index,
            hashes: parse_lines(hashes)?,
            checkpoint: SignedCheckpoint::parse_signed(checkpoint)?,
        };
        if proof.to_text() == text {
            return Ok(proof);
        }
        Err(malformed("it is not in its canonical form"))
    }

    /// Checks that the proof leads from this leaf to the checkpoint's root. The checkpoint's signature is not
    /// checked here.
    pub fn check(&self, leaf: &TreeHash) -> Result<(), ProofError> {
        check_inclusion(&self.hashes, self.checkpoint.claimed(), self.index, leaf)
    }
}

impl ConsistencyProof {
    /// Returns the proof in the canonical form of the text: old size, hashes, checkpoint.
    pub fn to_text(&self) -> String {
        let hashes = lines(&self.hashes);
        format!("old {}\n{hashes}\n{}", self.old_size, self.checkpoint.text())
    }

    /// Parses a proof that `to_text` returned. Fails for every other form of the same content.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let malformed = |why: &str| ProofError::malformed("the consistency proof", why);
        let (old_size, hashes, checkpoint) = parts(text, "old ").ok_or_else(|| malformed("it is cut off"))?;
        let proof = Self {
            old_size,
            hashes: parse_lines(hashes)?,
            checkpoint: SignedCheckpoint::parse_signed(checkpoint)?,
        };
        if proof.to_text() == text {
            return Ok(proof);
        }
        Err(malformed("it is not in its canonical form"))
    }
}

/// Splits a proof text into number, hash lines and the rest: `<word><number>\n<hashes>\n\n<rest>`. `None`
/// if it has another form.
fn parts<'a>(text: &'a str, word: &str) -> Option<(u64, &'a str, &'a str)> {
    let (head, rest) = text.split_once("\n\n")?;
    let (first, hashes) = head.split_once('\n').unwrap_or((head, ""));
    let number = first.strip_prefix(word)?.parse().ok()?;
    Some((number, hashes, rest))
}

fn lines(hashes: &[TreeHash]) -> String {
    hashes.iter().fold(String::new(), |mut text, hash| {
        text.push_str(&BASE64_STANDARD.encode(hash));
        text.push('\n');
        text
    })
}

fn parse_lines(text: &str) -> Result<Vec<TreeHash>, ProofError> {
    if text.lines().count() > PROOF_HASHES_MAX {
        return Err(ProofError::malformed("the proof", "it has more than 63 hashes"));
    }
    text.lines().map(parse_hash).collect()
}
