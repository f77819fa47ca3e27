//! The IdSource port: new ids and random bytes. Seeded in the simulation; elsewhere from the system.

use crate::time::Timestamp;
use uuid::Uuid;
use values::ids::CommandId;

/// A source of new ids and random bytes. It never blocks and never fails: if the system's random source
/// fails, the process stops at start.
pub trait IdSource: Send + Sync {
    /// Fills the buffer with bytes fit for nonces and keys.
    fn random(&self, buffer: &mut [u8]);

    /// Returns a new UUIDv7: `now` in milliseconds, then random bits (RFC 9562, 5.7).
    fn uuid_v7(&self, now: Timestamp) -> Uuid {
        let mut random = [0_u8; 10];
        self.random(&mut random);
        let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
        let mut bytes = [0_u8; 16];
        let (time, rest) = bytes.split_at_mut(6);
        time.copy_from_slice(&millis.to_be_bytes()[2..]);
        rest.copy_from_slice(&random);
        uuid::Builder::from_bytes(bytes)
            .with_variant(uuid::Variant::RFC4122)
            .with_version(uuid::Version::SortRand)
            .into_uuid()
    }

    /// Returns a new command id, for an external request without one.
    fn command(&self, now: Timestamp) -> CommandId {
        CommandId::new(self.uuid_v7(now))
    }
}
