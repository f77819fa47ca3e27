//! Who may call: decided by the process that listens, on the `authorization` header alone.

/// Looks at each call's `authorization` header (`Bearer TOKEN`, or `Basic` with the token as password).
///
/// ServerFeatures and Gossip are answered without asking, as KurrentDB does: clients ask them before they
/// send credentials, and they say nothing but the protocol's version.
pub trait Admission: Send + Sync {
    fn admits(&self, authorization: Option<&str>) -> bool;
}

/// Admits every caller: for tests, and for who guards the listener in another way.
#[derive(Debug, Clone, Copy)]
pub struct Everyone;

impl Admission for Everyone {
    fn admits(&self, _authorization: Option<&str>) -> bool {
        true
    }
}
