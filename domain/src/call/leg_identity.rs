//! A leg's SIP identity: Call-ID, From tag and branches, derived and never drawn, so that a restarted
//! process can name what it finds open.

use crate::ids::CallId;
use uuid::Uuid;

/// Names of one leg of one call; the same arguments give the same names for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegIdentity {
    call: CallId,
    leg: u8,
}

impl LegIdentity {
    pub const fn new(call: CallId, leg: u8) -> Self {
        Self { call, leg }
    }

    fn derive(&self, what: &str) -> Uuid {
        Uuid::new_v5(&self.call.uuid(), format!("leg:{}:{what}", self.leg).as_bytes())
    }

    /// The SIP Call-ID (RFC 3261, 20.8), without a host part.
    pub fn sip_call_id(&self) -> String {
        self.derive("call-id").to_string()
    }

    /// The From tag (RFC 3261, 19.3).
    pub fn local_tag(&self) -> String {
        self.derive("from-tag").simple().to_string()
    }

    /// The Via branch of the request with this method and CSeq, with its magic cookie (RFC 3261, 8.1.1.7).
    /// CANCEL and the ACK of a non-2xx take the INVITE's.
    pub fn branch(&self, method: &str, cseq: u32) -> String {
        format!(
            "z9hG4bK{}",
            self.derive(&format!("branch:{method}:{cseq}")).simple()
        )
    }
}
