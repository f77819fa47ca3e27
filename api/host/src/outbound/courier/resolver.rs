//! Resolves host names once per connection and refuses those that have any address which is not public. The
//! addresses that were checked are the ones connected to.

use super::address::is_global;
use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use std::net::SocketAddr;
use std::task::{Context, Poll};
use tower::Service;

/// Why a name was not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("the name is not known")]
    Unknown,
    #[error("the name has an address outside the public internet")]
    NotGlobal,
}

/// A resolver that uses the system's and returns only public addresses.
#[derive(Clone)]
pub(super) struct GlobalResolver(GaiResolver);

impl GlobalResolver {
    pub(super) fn new() -> Self {
        Self(GaiResolver::new())
    }
}

impl Service<Name> for GlobalResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = ResolveError;
    type Future = BoxFuture<'static, Result<Self::Response, ResolveError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let asked = self.0.call(name);
        Box::pin(async move {
            let found: Vec<SocketAddr> = asked.await.map_err(|_why| ResolveError::Unknown)?.collect();
            all_global(found).map(Vec::into_iter)
        })
    }
}

/// Returns all addresses, or an error if any is not public: a connection could be made to that one later.
pub(super) fn all_global(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ResolveError> {
    if found.is_empty() {
        return Err(ResolveError::Unknown);
    }
    if found.iter().all(|address| is_global(address.ip())) {
        return Ok(found);
    }
    Err(ResolveError::NotGlobal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_inside_is_enough_to_resolve_to_nothing() {
        let of = |texts: &[&str]| all_global(texts.iter().map(|text| text.parse().unwrap()).collect());
        assert_eq!(of(&[]), Err(ResolveError::Unknown));
        assert_eq!(of(&["1.1.1.1:443", "10.0.0.1:443"]), Err(ResolveError::NotGlobal));
        assert!(of(&["1.1.1.1:443", "[2606:4700::1]:443"]).is_ok());
    }

    #[tokio::test]
    async fn a_name_of_this_machine_resolves_to_nothing() {
        let name: Name = "localhost".parse().unwrap();
        let refused = GlobalResolver::new().call(name).await;
        assert_eq!(refused.err(), Some(ResolveError::NotGlobal));
    }
}
