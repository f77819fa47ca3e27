//! Resolves host names once per connection and, if only public addresses are allowed, refuses those that have
//! any other. The addresses that were checked are the ones connected to.

use crate::AllowedAddresses;
use crate::address::is_global;
use futures_util::future::BoxFuture;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use std::error::Error;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use tower::Service;

/// Why a name was not resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    #[error("the name is not known")]
    Unknown,
    #[error("the name has an address outside the public internet")]
    NotGlobal,
}

/// A resolver that uses the system's and returns the addresses within a reach.
#[derive(Clone)]
pub(crate) struct ReachResolver {
    system: GaiResolver,
    reach: AllowedAddresses,
}

impl ReachResolver {
    pub(crate) fn new(reach: AllowedAddresses) -> Self {
        Self {
            system: GaiResolver::new(),
            reach,
        }
    }
}

impl Service<Name> for ReachResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.system.call(name);
        let reach = self.reach;
        Box::pin(async move {
            match reach {
                AllowedAddresses::Anywhere => Ok(found.await?.collect::<Vec<_>>().into_iter()),
                AllowedAddresses::PublicOnly => {
                    let found = found.await.map_err(|_why| ResolveError::Unknown)?.collect();
                    Ok(all_global(found)?.into_iter())
                }
            }
        })
    }
}

/// Returns all addresses, or an error if any is not public: a connection could be made to that one later.
pub fn all_global(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ResolveError> {
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
        let refused = ReachResolver::new(AllowedAddresses::PublicOnly)
            .call(name.clone())
            .await;
        let why = refused
            .err()
            .and_then(|error| error.downcast::<ResolveError>().ok());
        assert_eq!(why.as_deref(), Some(&ResolveError::NotGlobal));
        assert!(
            ReachResolver::new(AllowedAddresses::Anywhere)
                .call(name)
                .await
                .is_ok()
        );
    }
}
