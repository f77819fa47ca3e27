//! A leg's SIP identity: Call-ID, From tag and branches. They are derived under the installation's secret and
//! not random: a restarted process can name a leg that it finds open, and other parties cannot.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use uuid::{Builder, Uuid};
use values::ids::CallId;

/// The secret of one leg, derived from the installation's secret by `Vault::derive_leg`. `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LegKey([u8; 32]);

impl LegKey {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for LegKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LegKey(hidden)")
    }
}

/// The SIP names of one leg: Call-ID, From tag and branches. They are derived, so the same source always
/// gives the same names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegIdentity(Source);

/// The source from which the names of a leg are derived.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Key(LegKey),
    /// Legs dialed before names had a secret. Any reader of events can derive these names.
    Ids {
        call: CallId,
        leg: u8,
    },
    /// A leg known only from a message: its Call-ID and our tag.
    Message {
        sip_call_id: String,
        local_tag: String,
    },
}

impl LegIdentity {
    pub const fn of_key(key: LegKey) -> Self {
        Self(Source::Key(key))
    }

    /// Creates the identity from call and leg alone, without a secret: as the first versions dialed, and
    /// for rehearsals in one process.
    pub const fn from_ids(call: CallId, leg: u8) -> Self {
        Self(Source::Ids { call, leg })
    }

    /// Creates the identity of a leg that this process did not dial, from a response that names it. Its
    /// branches are not secret: they follow from the Call-ID, which only the far end knows.
    pub fn of_message(sip_call_id: &str, local_tag: &str) -> Self {
        Self(Source::Message {
            sip_call_id: sip_call_id.to_owned(),
            local_tag: local_tag.to_owned(),
        })
    }

    /// Returns the identity with which a stored leg was dialed: without a secret if that gives
    /// `sip_call_id`, else under `key`.
    pub fn of_stored(key: LegKey, call: CallId, leg: u8, sip_call_id: &str) -> Self {
        let old = Self::from_ids(call, leg);
        if old.sip_call_id() == sip_call_id {
            return old;
        }
        Self::of_key(key)
    }

    fn derive(&self, what: &str) -> Uuid {
        match &self.0 {
            Source::Ids { call, leg } => Uuid::new_v5(&call.uuid(), format!("leg:{leg}:{what}").as_bytes()),
            Source::Key(key) => named_under(key, what),
            Source::Message { sip_call_id, .. } => {
                Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{sip_call_id}:{what}").as_bytes())
            }
        }
    }

    /// Returns the SIP Call-ID (RFC 3261, 20.8), without a host part.
    pub fn sip_call_id(&self) -> String {
        match &self.0 {
            Source::Message { sip_call_id, .. } => sip_call_id.clone(),
            Source::Key(_) | Source::Ids { .. } => self.derive("call-id").to_string(),
        }
    }

    /// Returns the From tag (RFC 3261, 19.3).
    pub fn local_tag(&self) -> String {
        match &self.0 {
            Source::Message { local_tag, .. } => local_tag.clone(),
            Source::Key(_) | Source::Ids { .. } => self.derive("from-tag").simple().to_string(),
        }
    }

    /// Returns the Via branch of the request with this method and CSeq, with its magic cookie (RFC 3261,
    /// 8.1.1.7). CANCEL and the ACK of a non-2xx use the INVITE's branch.
    pub fn branch(&self, method: &str, cseq: u32) -> String {
        format!(
            "z9hG4bK{}",
            self.derive(&format!("branch:{method}:{cseq}")).simple()
        )
    }
}

/// Returns the first 128 bits of HMAC-SHA-256 of the name under the leg's key, as a UUID of version 8 (six
/// bits are fixed).
fn named_under(key: &LegKey, what: &str) -> Uuid {
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&key.0) else {
        // HMAC takes a key of any length; this arm is never taken.
        return Uuid::nil();
    };
    mac.update(what.as_bytes());
    let whole: [u8; 32] = mac.finalize().into_bytes().into();
    let mut bytes = [0_u8; 16];
    for (byte, from) in bytes.iter_mut().zip(whole) {
        *byte = from;
    }
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::{LegIdentity, LegKey};
    use uuid::Uuid;
    use values::ids::CallId;

    const CALL: CallId = CallId::new(Uuid::from_u128(7));

    fn names(identity: &LegIdentity) -> [String; 4] {
        [
            identity.sip_call_id(),
            identity.local_tag(),
            identity.branch("INVITE", 1),
            identity.branch("INVITE", 2),
        ]
    }

    #[test]
    fn names_under_a_key_are_the_same_for_ever_and_never_those_of_the_ids() {
        let keyed = LegIdentity::of_key(LegKey::new([3; 32]));
        assert_eq!(names(&keyed), names(&keyed.clone()));
        let others = [
            LegIdentity::of_key(LegKey::new([4; 32])),
            LegIdentity::from_ids(CALL, 1),
        ];
        for other in others {
            for (one, another) in names(&keyed).iter().zip(names(&other)) {
                assert_ne!(one, &another);
            }
        }
        assert!(!format!("{keyed:?}").contains('3'), "{keyed:?}");
    }

    #[test]
    fn the_sip_call_id_that_follows_from_the_ids_never_changes() {
        let call = "308b38fa-b3fa-59e5-b685-93b305968d97".parse().unwrap();
        // The golden file of `call.dialing` has this Call-ID.
        let stored = "0136b957-ab2f-5d57-9fb5-f517389fd07c";
        assert_eq!(LegIdentity::from_ids(call, 1).sip_call_id(), stored);
    }

    #[test]
    fn a_stored_leg_keeps_the_derivation_it_was_dialed_with() {
        let key = LegKey::new([3; 32]);
        let (old, keyed) = (LegIdentity::from_ids(CALL, 2), LegIdentity::of_key(key));
        assert_eq!(LegIdentity::of_stored(key, CALL, 2, &old.sip_call_id()), old);
        assert_eq!(LegIdentity::of_stored(key, CALL, 2, &keyed.sip_call_id()), keyed);
    }
}
