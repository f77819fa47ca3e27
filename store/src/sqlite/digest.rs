//! The digest of a row, 8 bytes that reveal damage: XXH64 of `recorded_at` and record.
//!
//! It detects accidental damage, at a tenth of the cost of SHA-256 for each event read. Protection against a
//! rewritten history comes from the Merkle tree. Rows of version 1 have the first 8 bytes of SHA-256 instead.

use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use twox_hash::XxHash64;

/// Returns XXH64 of the record, seeded with `recorded_at`, in big-endian order (xxHash's canonical form).
pub(super) fn digest(recorded_at: Timestamp, record: &[u8]) -> [u8; 8] {
    xxh64(record, recorded_at.micros().cast_unsigned()).to_be_bytes()
}

/// Returns true if the stored digest is that of the row, in the current version (XXH64) or version 1
/// (SHA-256).
pub(super) fn fits(stored: &[u8], recorded_at: Timestamp, record: &[u8]) -> bool {
    stored == digest(recorded_at, record) || stored == first_version(recorded_at, record)
}

/// Returns the digest of version 1: the first 8 bytes of SHA-256(`recorded_at`, 8 bytes big-endian, then
/// the record).
fn first_version(recorded_at: Timestamp, record: &[u8]) -> [u8; 8] {
    let whole = Sha256::new()
        .chain_update(recorded_at.micros().to_be_bytes())
        .chain_update(record)
        .finalize();
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(whole) {
        *to = from;
    }
    first
}

/// Returns XXH64 of the bytes with this seed.
pub(super) fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    XxHash64::oneshot(seed, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the bytes 1, 2, 3 … up to this length, which reaches every branch.
    fn counted(length: u8) -> Vec<u8> {
        (1..=length).collect()
    }

    #[test]
    fn it_is_the_hash_that_others_call_xxh64() {
        assert_eq!(xxh64(b"", 0), 0xEF46_DB37_51D8_E999);
        assert_eq!(xxh64(b"a", 0), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(xxh64(b"abc", 0), 0x44BC_2CF5_AD77_0999);
        assert_eq!(
            xxh64(b"Nobody inspects the spammish repetition", 0),
            0xFBCE_A83C_8A37_8BF1
        );
    }

    #[test]
    fn every_flipped_bit_and_another_instant_are_noticed() {
        let at = Timestamp::from_micros(7);
        for length in [0_u8, 1, 3, 4, 7, 8, 31, 32, 33, 63, 64, 77] {
            let record = counted(length);
            let stored = digest(at, &record);
            assert!(fits(&stored, at, &record));
            assert!(!fits(&stored, Timestamp::from_micros(8), &record));
            for bit in 0..record.len() * 8 {
                let mut flipped = record.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert!(!fits(&stored, at, &flipped), "bit {bit} of {length} bytes");
            }
            assert!(!fits(&stored, at, &counted(length + 1)));
        }
    }

    #[test]
    fn a_row_of_the_first_version_still_fits() {
        let (at, record) = (Timestamp::from_micros(7), counted(40));
        assert!(fits(&first_version(at, &record), at, &record));
        assert!(!fits(&first_version(at, &record), at, &counted(41)));
        assert!(!fits(&[], at, &record));
    }
}
