//! A hasher for tables with keys that are hashes already: they are not hashed again.

/// The build hasher for tables with keys that are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PlainBuildHasher;

impl std::hash::BuildHasher for PlainBuildHasher {
    type Hasher = PlainHasher;

    fn build_hasher(&self) -> PlainHasher {
        PlainHasher(0)
    }
}

/// A hasher that returns the key, scrambled only by one multiplication.
#[derive(Debug)]
pub(crate) struct PlainHasher(u64);

impl std::hash::Hasher for PlainHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
