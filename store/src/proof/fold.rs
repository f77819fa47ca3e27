//! Computes the root of a growing tree from its leaves alone. Memory grows with the logarithm of the size.

use super::leaf::{HASH_BYTES, TreeHash, node_hash};
use sha2::{Digest, Sha256};

/// Computes the Merkle root (RFC 6962) of leaves that are added one by one. It holds one hash per set bit
/// of the size, the widest subtree first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RootFold {
    size: u64,
    peaks: Vec<TreeHash>,
}

impl RootFold {
    /// Makes the empty tree. Its root is the hash of the empty string.
    pub const fn new() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// Adds the next leaf.
    pub fn push(&mut self, leaf: &TreeHash) {
        let mut node = *leaf;
        let mut complete = self.size;
        while complete & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            complete >>= 1;
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Returns the number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns the root over the leaves so far.
    pub fn root(&self) -> TreeHash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else {
            return Sha256::digest([]).into();
        };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }

    /// Returns the hashes of the complete subtrees, from which `resume` continues.
    pub(crate) fn peaks(&self) -> &[TreeHash] {
        &self.peaks
    }

    /// Makes a tree with `size` leaves from the `peaks` of an earlier one. `None` if their number does not
    /// match the size.
    pub(crate) fn resume(size: u64, peaks: Vec<TreeHash>) -> Option<Self> {
        let fits = u32::try_from(peaks.len()).is_ok_and(|count| count == size.count_ones());
        fits.then_some(Self { size, peaks })
    }
}

/// Returns the Merkle root over `hashes`, the concatenated nodes of one level from the left (a tile).
pub(crate) fn root_of(hashes: &[u8]) -> TreeHash {
    let mut fold = RootFold::new();
    for hash in hashes.as_chunks::<HASH_BYTES>().0 {
        fold.push(hash);
    }
    fold.root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::hex;

    /// SHA-256(0x00 ‖ data): the leaf of a log without `recorded_at`, as in the reference vectors.
    fn plain_leaf(data: &[u8]) -> TreeHash {
        Sha256::new()
            .chain_update([0])
            .chain_update(data)
            .finalize()
            .into()
    }

    /// The reference tree of the certificate-transparency project's own tests (`merkletree/testdata`).
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_of_the_reference_tree_are_those_of_certificate_transparency() {
        let mut fold = RootFold::new();
        assert_eq!(hex::encode(&fold.root()), ROOTS[0]);
        for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            fold.push(&plain_leaf(leaf));
            assert_eq!(hex::encode(&fold.root()), *root, "size {}", fold.size());
        }
    }

    #[test]
    fn roots_agree_with_the_tree_library_at_every_size() {
        struct StoredHashes(Vec<tlog_tiles::Hash>);
        impl tlog_tiles::HashReader for StoredHashes {
            fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
                let at = |index: &u64| self.0[usize::try_from(*index).unwrap()];
                Ok(indexes.iter().map(at).collect())
            }
        }
        let mut stored = StoredHashes(Vec::new());
        let mut fold = RootFold::new();
        for index in 0..600_u64 {
            let data = index.to_be_bytes();
            let hashes = tlog_tiles::stored_hashes(index, &data, &stored).unwrap();
            stored.0.extend(hashes);
            fold.push(&plain_leaf(&data));
            let root = tlog_tiles::tree_hash(index + 1, &stored).unwrap();
            assert_eq!(fold.root(), root.0, "size {}", index + 1);
        }
    }

    #[test]
    fn a_fold_goes_on_from_its_peaks_and_refuses_another_number_of_them() {
        let mut fold = RootFold::new();
        for index in 0..13_u64 {
            fold.push(&plain_leaf(&index.to_be_bytes()));
        }
        let again = RootFold::resume(13, fold.peaks().to_vec()).unwrap();
        assert_eq!(again.root(), fold.root());
        assert_eq!(RootFold::resume(12, fold.peaks().to_vec()), None);
    }
}
