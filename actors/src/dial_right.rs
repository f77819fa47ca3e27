//! The right to dial: what drivers store is stored only while this process certainly holds it.
//!
//! A process that was stopped for a while goes on where it was, though another has taken over meanwhile. Its
//! drivers ask entities through `ActorSystem::while_held`: they wait until it is known whether the right is
//! still theirs, and are refused once another process has it. See decision 0193.

use async_trait::async_trait;

/// Whether this process may act for the calls of a log.
#[async_trait]
pub trait DialRight: Send + Sync {
    /// Whether it is certainly held now.
    fn is_held(&self) -> bool;

    /// Whether another process was found to hold it.
    fn is_of_another(&self) -> bool;

    /// Waits while it is not known: true once it is held, false once another process has it, or when that
    /// stays unknown for too long. Cancel-safe.
    async fn held(&self) -> bool;
}
