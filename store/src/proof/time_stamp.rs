//! RFC 3161 time stamps over signed checkpoints: the request to an authority, and the content of
//! its response.
//!
//! Checked here: that the authority granted the request, that it stamped exactly this note (SHA-256), and
//! that it answers this request (nonce). Not checked here: its signature and certificates;
//! `openssl ts -verify` checks them with the two files. Without that check, the time is only a claim by the
//! file's author.

use super::SignedCheckpoint;
use super::checkpoint_store::STAMPS_DIR;
use super::error::ProofError;
use super::tile_writer::replace_durably;
use crate::data_lock::create_private_dir;
use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag};
use domain::hex;
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most bytes of an authority's response; a longer one is refused. It holds a signature and a chain of
/// certificates.
pub const STAMP_BYTES_MAX: usize = 64 * 1024;

/// The most files of the stamps' directory that are read: enough for one stamp an hour for years.
const STAMPS_MAX: usize = 100_000;

/// The most parts of one ASN.1 value; a value with more is refused. The largest here has ten.
const PARTS_MAX: usize = 32;

const STAMP: &str = "the time stamp";

/// The beginning of `TimeStampReq` (RFC 3161, 2.4.1) in DER, up to the hash: version 1, SHA-256 with
/// NULL parameters.
const REQUEST_HEAD: [u8; 24] = [
    0x30, 0x43, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
    0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];
/// The header of the nonce: an INTEGER of eight bytes.
const NONCE_HEAD: [u8; 2] = [0x02, 0x08];
/// `certReq` TRUE: the response includes the certificates that verify its signature.
const CERTIFICATES_WANTED: [u8; 3] = [0x01, 0x01, 0xff];

/// 1.2.840.113549.1.7.2, signed data (RFC 5652, 5.1).
const SIGNED_DATA: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.9.16.1.4, `id-ct-TSTInfo` (RFC 3161, 2.4.2).
const TST_INFO: [u8; 11] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// 2.16.840.1.101.3.4.2.1, SHA-256.
const SHA_256: [u8; 9] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

/// A request to an authority for a time stamp over one note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampRequest {
    nonce: [u8; 8],
    der: Vec<u8>,
}

impl StampRequest {
    /// Makes a request for a note. The nonce, made from `random`, distinguishes it from all others.
    pub fn new(note: &str, random: [u8; 8]) -> Self {
        let mut nonce = random;
        // A positive INTEGER in its shortest form.
        if let Some(first) = nonce.first_mut() {
            *first = (*first & 0x3f) | 0x40;
        }
        let mut der = REQUEST_HEAD.to_vec();
        der.extend(Sha256::digest(note));
        der.extend(NONCE_HEAD);
        der.extend(nonce);
        der.extend(CERTIFICATES_WANTED);
        Self { nonce, der }
    }

    /// Returns the request in DER, the body to send as `application/timestamp-query`.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Parses the authority's response. Fails unless it grants a stamp for this note and has this request's
    /// nonce. The stamp's signature is not checked.
    pub fn accept(&self, note: &str, answer: Vec<u8>) -> Result<TimeStamp, ProofError> {
        let stamp = TimeStamp::read(note, answer)?;
        if stamp.nonce.as_deref() != Some(&self.nonce) {
            return Err(malformed("it answers another request"));
        }
        Ok(stamp)
    }
}

/// An authority's time stamp over a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeStamp {
    der: Vec<u8>,
    nonce: Option<Vec<u8>>,
    /// The time that the authority states.
    pub at: Timestamp,
    /// The authority's serial number of the stamp, hexadecimal.
    pub serial: String,
}

impl TimeStamp {
    /// Parses `TimeStampResp` (RFC 3161, 2.4.2). Fails if the authority refused or its hash is not that of
    /// the note. The signature is not checked.
    pub fn read(note: &str, answer: Vec<u8>) -> Result<Self, ProofError> {
        if answer.len() > STAMP_BYTES_MAX {
            return Err(malformed("it is too long"));
        }
        let (nonce, at, serial) = {
            let response = parts(AnyRef::from_der(&answer).map_err(malformed)?)?;
            let status = first_number(*part(&response, 0)?)?;
            if status > 1 {
                return Err(malformed(format!("the authority refused (PKIStatus {status})")));
            }
            let info = info_of(*part(&response, 1)?)?;
            let info = parts(AnyRef::from_der(info).map_err(malformed)?)?;
            hold_to(note, *part(&info, 2)?)?;
            let serial = hex::encode(part(&info, 3)?.value());
            let at = instant(part(&info, 4)?)?;
            // After the time come, if present, accuracy (SEQUENCE), ordering (BOOLEAN) and nonce (INTEGER).
            let mut rest = info.iter().skip(5);
            let nonce = rest.find(|one| tag(one) == Tag::Integer);
            (nonce.map(|nonce| nonce.value().to_vec()), at, serial)
        };
        Ok(Self {
            der: answer,
            nonce,
            at,
            serial,
        })
    }

    /// Returns the authority's response as received, which `openssl ts -verify -in` reads.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// A checkpoint with its time stamp, and the stamp's file.
#[derive(Debug, Clone)]
pub struct StampedCheckpoint {
    pub checkpoint: SignedCheckpoint,
    pub stamp: TimeStamp,
    pub file: PathBuf,
}

/// The time stamps in a proof directory: `stamps/<day>-<size>` has the note, the same name with `.tsr`
/// the stamp.
#[derive(Debug, Clone)]
pub struct TimeStampStore {
    dir: PathBuf,
}

impl TimeStampStore {
    /// Makes a store of time stamps in a folder of the proof directory.
    pub fn new(proof_dir: &Path) -> Self {
        Self {
            dir: proof_dir.join(STAMPS_DIR),
        }
    }

    /// Writes the checkpoint's note and the stamp, durably; the stamp last, so that it never exists without
    /// its note.
    pub fn put(&self, checkpoint: &SignedCheckpoint, stamp: &TimeStamp) -> Result<(), ProofError> {
        let day = stamp.at.to_string().chars().take(10).collect::<String>();
        let note = self.dir.join(format!("{day}-{}", checkpoint.claimed().size));
        let disk = |error: io::Error| ProofError::disk(&note, &error);
        create_private_dir(&self.dir).map_err(disk)?;
        replace_durably(&note, checkpoint.text().as_bytes()).map_err(disk)?;
        replace_durably(&note.with_extension("tsr"), stamp.der()).map_err(disk)
    }

    /// Returns every stamp in the directory with its note, the one with the fewest events first. Fails if a
    /// stamp does not belong to its note.
    pub fn kept(&self) -> Result<Vec<StampedCheckpoint>, ProofError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(ProofError::disk(&self.dir, &error)),
        };
        let mut kept = Vec::new();
        for entry in entries.take(STAMPS_MAX) {
            let file = entry.map_err(|error| ProofError::disk(&self.dir, &error))?.path();
            if file.extension().is_some_and(|ending| ending == "tsr") {
                kept.push(read_stamped(file)?);
            }
        }
        kept.sort_by_key(|stamped| stamped.checkpoint.claimed().size);
        Ok(kept)
    }
}

fn read_stamped(file: PathBuf) -> Result<StampedCheckpoint, ProofError> {
    let note_file = file.with_extension("");
    let note = fs::read_to_string(&note_file).map_err(|error| ProofError::disk(&note_file, &error))?;
    let answer = fs::read(&file).map_err(|error| ProofError::disk(&file, &error))?;
    let named =
        |error: ProofError| ProofError::malformed("a time stamp", format!("{}: {error}", file.display()));
    let stamp = TimeStamp::read(&note, answer).map_err(named)?;
    Ok(StampedCheckpoint {
        checkpoint: SignedCheckpoint::parse_signed(&note)?,
        stamp,
        file,
    })
}

/// Returns the signed content of a `ContentInfo`: `TSTInfo` in DER.
fn info_of(token: AnyRef<'_>) -> Result<&[u8], ProofError> {
    let token = parts(token)?;
    let signed = AnyRef::from_der(part(&token, 1)?.value()).map_err(malformed)?;
    let signed = parts(signed)?;
    let content = parts(*part(&signed, 2)?)?;
    if part(&token, 0)?.value() != SIGNED_DATA || part(&content, 0)?.value() != TST_INFO {
        return Err(malformed("it is not the signed data of a time stamp"));
    }
    let octets = AnyRef::from_der(part(&content, 1)?.value()).map_err(malformed)?;
    if tag(&octets) != Tag::OctetString {
        return Err(malformed("its content is not an octet string"));
    }
    Ok(octets.value())
}

/// Returns an error if the `MessageImprint` is not the SHA-256 of the note.
fn hold_to(note: &str, imprint: AnyRef<'_>) -> Result<(), ProofError> {
    let imprint = parts(imprint)?;
    let algorithm = parts(*part(&imprint, 0)?)?;
    let is_sha_256 = part(&algorithm, 0)?.value() == SHA_256;
    if !is_sha_256 || part(&imprint, 1)?.value() != Sha256::digest(note).as_slice() {
        return Err(malformed("it stamps something else than this checkpoint"));
    }
    Ok(())
}

/// Parses a `GeneralizedTime` in UTC, with or without a fraction: `20261120154500.25Z` (RFC 3161, 2.4.2).
fn instant(value: &AnyRef<'_>) -> Result<Timestamp, ProofError> {
    let wrong = || malformed("its time is not valid");
    let text = std::str::from_utf8(value.value()).map_err(malformed)?;
    let digits = text.strip_suffix('Z').ok_or_else(wrong)?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let at = |from: usize, to: usize| whole.get(from..to).ok_or_else(wrong);
    if whole.len() != 14 || tag(value) != Tag::GeneralizedTime {
        return Err(wrong());
    }
    let shown = format!(
        "{}-{}-{}T{}:{}:{}.{fraction}Z",
        at(0, 4)?,
        at(4, 6)?,
        at(6, 8)?,
        at(8, 10)?,
        at(10, 12)?,
        at(12, 14)?
    );
    shown.parse().map_err(malformed)
}

/// Returns the number at the beginning of an ASN.1 sequence. Fails if it does not have one byte.
fn first_number(sequence: AnyRef<'_>) -> Result<u8, ProofError> {
    match part(&parts(sequence)?, 0)?.value() {
        [number] => Ok(*number),
        _ => Err(malformed("its status is not a number of one byte")),
    }
}

/// Returns the elements of an ASN.1 sequence. Fails above `PARTS_MAX`.
fn parts(value: AnyRef<'_>) -> Result<Vec<AnyRef<'_>>, ProofError> {
    let mut reader = SliceReader::new(value.value()).map_err(malformed)?;
    let mut parts = Vec::new();
    while !reader.is_finished() {
        if parts.len() >= PARTS_MAX {
            return Err(malformed("it has too many parts"));
        }
        parts.push(AnyRef::decode(&mut reader).map_err(malformed)?);
    }
    Ok(parts)
}

fn part<'a, 'b>(parts: &'b [AnyRef<'a>], index: usize) -> Result<&'b AnyRef<'a>, ProofError> {
    parts
        .get(index)
        .ok_or_else(|| malformed("a part of it is missing"))
}

fn tag(value: &AnyRef<'_>) -> Tag {
    der::Tagged::tag(value)
}

fn malformed(why: impl ToString) -> ProofError {
    ProofError::malformed(STAMP, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_the_length_it_says_and_a_positive_nonce() {
        for random in [[0; 8], [0xff; 8], [0x80, 1, 2, 3, 4, 5, 6, 7]] {
            let request = StampRequest::new("note\n", random);
            let der = request.der();
            assert_eq!(der.len(), usize::from(der[1]) + 2);
            let all = parts(AnyRef::from_der(der).unwrap()).unwrap();
            assert_eq!(all.len(), 4);
            hold_to("note\n", all[1]).unwrap();
            assert!(hold_to("nota\n", all[1]).is_err());
            assert_eq!(all[2].value(), request.nonce);
            assert!((0x40..0x80).contains(&request.nonce[0]));
        }
    }

    #[test]
    fn a_refusal_or_something_else_is_no_stamp() {
        // PKIStatusInfo with status 2, rejection, and no token (RFC 3161, 2.4.2).
        let rejected = vec![0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02];
        let error = TimeStamp::read("n", rejected).unwrap_err().to_string();
        assert!(error.contains("refused"), "{error}");
        for bytes in [
            vec![],
            vec![0x30],
            b"<html>".to_vec(),
            vec![0x30; STAMP_BYTES_MAX + 1],
        ] {
            assert!(TimeStamp::read("n", bytes).is_err());
        }
    }

    #[test]
    fn a_time_is_read_with_and_without_a_fraction() {
        for (text, shown) in [
            ("20261120154500Z", "2026-11-20T15:45:00.000000Z"),
            ("20261120154500.25Z", "2026-11-20T15:45:00.250000Z"),
        ] {
            let mut der = vec![0x18, u8::try_from(text.len()).unwrap()];
            der.extend(text.as_bytes());
            let read = instant(&AnyRef::from_der(&der).unwrap()).unwrap();
            assert_eq!(read.to_string(), shown);
        }
    }
}
