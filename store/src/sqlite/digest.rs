//! The 8 bytes beside a row that name a damaged one: XXH64 of `recorded_at` and record.
//!
//! They find accidents, at a tenth of what SHA-256 costs for each event read; that nobody rewrote history is
//! shown by the Merkle tree, not by them. Rows of version 1 hold the first 8 bytes of SHA-256 instead.

use domain::time::Timestamp;
use sha2::{Digest, Sha256};

// The five primes of the XXH64 specification (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
const PRIME_1: u64 = 0x9E37_79B1_85EB_CA87;
const PRIME_2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const PRIME_3: u64 = 0x1656_67B1_9E37_79F9;
const PRIME_4: u64 = 0x85EB_CA77_C2B2_AE63;
const PRIME_5: u64 = 0x27D4_EB2F_1656_67C5;

/// XXH64 of the record, seeded with `recorded_at`, in big-endian order, which is xxHash's canonical form.
pub(super) fn digest(recorded_at: Timestamp, record: &[u8]) -> [u8; 8] {
    xxh64(record, recorded_at.micros().cast_unsigned()).to_be_bytes()
}

/// Whether the digest is that of the row, by the way of any version.
pub(super) fn fits(stored: &[u8], recorded_at: Timestamp, record: &[u8]) -> bool {
    stored == digest(recorded_at, record) || stored == first_version(recorded_at, record)
}

/// First 8 bytes of SHA-256(recorded_at, 8 bytes big-endian, then the record).
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

/// XXH64, seeded.
pub(super) fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut hash = if stripes.is_empty() {
        seed.wrapping_add(PRIME_5)
    } else {
        converge(stripes, seed)
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        hash = (hash ^ round(0, u64::from_le_bytes(*word)))
            .rotate_left(27)
            .wrapping_mul(PRIME_1)
            .wrapping_add(PRIME_4);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        hash = (hash ^ u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIME_1))
            .rotate_left(23)
            .wrapping_mul(PRIME_2)
            .wrapping_add(PRIME_3);
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(PRIME_5))
            .rotate_left(11)
            .wrapping_mul(PRIME_1);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIME_2);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIME_3);
    hash ^ (hash >> 32)
}

/// Four lanes over stripes of 32 bytes, joined.
fn converge(stripes: &[[u8; 32]], seed: u64) -> u64 {
    let mut lanes = [
        seed.wrapping_add(PRIME_1).wrapping_add(PRIME_2),
        seed.wrapping_add(PRIME_2),
        seed,
        seed.wrapping_sub(PRIME_1),
    ];
    for stripe in stripes {
        for (lane, word) in lanes.iter_mut().zip(stripe.as_chunks::<8>().0) {
            *lane = round(*lane, u64::from_le_bytes(*word));
        }
    }
    let joined = lanes.iter().zip([1, 7, 12, 18]).fold(0_u64, |sum, (lane, turn)| {
        sum.wrapping_add(lane.rotate_left(turn))
    });
    lanes.iter().fold(joined, |hash, lane| {
        (hash ^ round(0, *lane))
            .wrapping_mul(PRIME_1)
            .wrapping_add(PRIME_4)
    })
}

fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIME_2))
        .rotate_left(31)
        .wrapping_mul(PRIME_1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes 1, 2, 3 … of the wanted length, which meet every branch.
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
