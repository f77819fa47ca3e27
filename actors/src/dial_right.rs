//! The right to dial: commands of drivers are stored only while this process certainly holds it.
//!
//! A process that was suspended continues where it was, although another may have taken over. Its drivers ask
//! entities through `ActorSystem::with_dial_right`: they wait until it is known whether the process still
//! holds the right, and are refused once another process has it. See decision 0193.

use async_trait::async_trait;

/// The right of one process to act for the calls of a log.
#[async_trait]
pub trait DialRight: Send + Sync {
    /// Returns true if this process certainly holds the right now.
    fn is_held(&self) -> bool;

    /// Returns true if another process is known to hold the right.
    fn is_of_another(&self) -> bool;

    /// Waits until it is known who holds the right. Returns true if this process does; false if another does,
    /// or if it stays unknown for too long. Cancel-safe.
    async fn held(&self) -> bool;
}
