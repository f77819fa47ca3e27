//! Seals and opens the personal fields of events: the only code above the vault that does either.
//!
//! A sealed value is bound to its place by the additional authenticated data: stream, event id and JSON
//! pointer. Without the key a value reads as erased.

use super::record_error::RecordError;
use crate::decider::{EventData, UnreadableEvent};
use crate::personal::{Personal, Sealed};
use crate::ports::vault::{PersonKey, Vault, VaultError};
use crate::problem::Problem;
use values::ids::{EventId, StreamId};

/// Seals an event's personal fields: the vault, the person's durable key, and a source of nonces.
pub struct Sealer<'a> {
    pub vault: &'a dyn Vault,
    pub key: Option<&'a PersonKey>,
    /// Fills a buffer with random bytes (the seeded port).
    pub random: &'a mut dyn FnMut(&mut [u8]),
}

/// The place of a personal field.
#[derive(Debug, Clone, Copy)]
pub struct FieldLocation<'a> {
    pub stream: &'a StreamId,
    pub event: EventId,
    /// The JSON pointer of the field in the event's data.
    pub pointer: &'a str,
}

impl FieldLocation<'_> {
    /// Returns the additional authenticated data of the field, so that its sealed value cannot be moved to
    /// another place.
    fn aad(&self) -> Vec<u8> {
        let mut hyphenated = uuid::Uuid::encode_buffer();
        let id = self.event.uuid().hyphenated().encode_lower(&mut hyphenated);
        [self.stream.as_str(), "\n", id, "\n", self.pointer]
            .concat()
            .into_bytes()
    }
}

/// Seals the open fields; `before` receives each field as it was, up to a failure.
pub(super) fn seal_fields<E: EventData>(
    stream: &StreamId,
    id: EventId,
    event: &mut E,
    sealer: &mut Sealer<'_>,
    before: &mut Vec<Personal<String>>,
) -> Result<(), RecordError> {
    let kind = event.kind();
    for (pointer, field) in event.personal() {
        let sealed = match field {
            Personal::Open { value, hashed } => {
                let location = FieldLocation {
                    stream,
                    event: id,
                    pointer: &pointer,
                };
                let sealed = seal(kind, &location.aad(), value, *hashed, sealer)?;
                Personal::Sealed(Box::new(sealed))
            }
            Personal::Sealed(_) | Personal::Erased { .. } => field.clone(),
        };
        before.push(std::mem::replace(field, sealed));
    }
    Ok(())
}

fn seal(
    kind: &'static str,
    aad: &[u8],
    value: &str,
    hashed: bool,
    sealer: &mut Sealer<'_>,
) -> Result<Sealed, RecordError> {
    let key = sealer.key.ok_or(RecordError::NoKey { kind })?;
    let mut nonce = [0_u8; 12];
    (sealer.random)(&mut nonce);
    let mut sealed = sealer.vault.seal(key, nonce, aad, value)?;
    if hashed {
        sealed.hash = Some(sealer.vault.hash(value));
    }
    Ok(sealed)
}

/// Opens one sealed value, of the field at `location`.
pub fn open_value(
    location: FieldLocation<'_>,
    sealed: &Sealed,
    vault: &dyn Vault,
    key: &PersonKey,
) -> Result<String, VaultError> {
    vault.open(key, &location.aad(), sealed)
}

/// Opens every personal field of an event from its stream and id, without its envelope.
pub fn open_personal_of<E: EventData>(
    stream: &StreamId,
    id: EventId,
    event: &mut E,
    vault: &dyn Vault,
    key: Option<&PersonKey>,
) -> Result<(), VaultError> {
    for (pointer, field) in event.personal() {
        let Personal::Sealed(sealed) = field else {
            continue;
        };
        let location = FieldLocation {
            stream,
            event: id,
            pointer: &pointer,
        };
        *field = match key.filter(|key| key.suffices_for(sealed)) {
            None => Personal::Erased {
                hash: sealed.hash.clone(),
            },
            Some(key) => Personal::Open {
                value: open_value(location, sealed, vault, key)?,
                hashed: sealed.hash.is_some(),
            },
        };
    }
    Ok(())
}

/// Why a stored event could not be read with its personal values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenEventError {
    #[error(transparent)]
    Unreadable(#[from] UnreadableEvent),
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<OpenEventError> for Problem {
    fn from(error: OpenEventError) -> Self {
        match error {
            OpenEventError::Unreadable(error) => Self::fault(error.to_string()),
            OpenEventError::Vault(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::ProblemKind;
    use values::ids::CommandId;

    #[test]
    fn a_sealed_value_is_bound_to_stream_event_and_pointer() {
        let (stream, event) = (
            StreamId::new("customer", &"C1"),
            EventId::derive(CommandId::derive_from_text("one"), 0),
        );
        let pointer = "/phone";
        let location = FieldLocation {
            stream: &stream,
            event,
            pointer,
        };
        assert_eq!(
            location.aad(),
            format!("customer-C1\n{event}\n/phone").into_bytes()
        );
    }

    #[test]
    fn a_missing_key_store_is_unavailable_and_an_unreadable_event_is_a_fault() {
        let unavailable = OpenEventError::from(VaultError::Unavailable("down".to_owned()));
        assert_eq!(Problem::from(unavailable).kind, ProblemKind::Unavailable);
        let unreadable = UnreadableEvent {
            kind: "call.answered".to_owned(),
            version: 9,
            why: "unknown version".to_owned(),
        };
        assert_eq!(
            Problem::from(OpenEventError::from(unreadable)).kind,
            ProblemKind::Fault
        );
    }
}
