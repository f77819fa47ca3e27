//! The machine's power: once it is off, no task of the product runs another step.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::watch;

/// The power, on or off. It survives crashes like the disk.
pub(crate) struct Power {
    off: watch::Sender<bool>,
}

impl Default for Power {
    fn default() -> Self {
        Self {
            off: watch::Sender::new(false),
        }
    }
}

impl Power {
    pub(crate) fn cut(&self) {
        self.off.send_replace(true);
    }

    pub(crate) fn restore(&self) {
        self.off.send_replace(false);
    }

    pub(crate) fn is_off(&self) -> bool {
        *self.off.borrow()
    }

    /// Returns when the power has gone. Cancel-safe.
    pub(crate) async fn lost(&self) {
        // The sender lives as long as this value: waiting cannot fail.
        drop(self.off.subscribe().wait_for(|off| *off).await);
    }
}

/// A task of the machine. Without power it stops where it is until it is dropped.
pub(crate) struct PoweredTask<F: ?Sized> {
    pub(crate) power: Arc<Power>,
    pub(crate) work: Pin<Box<F>>,
}

impl<F: Future + ?Sized> Future for PoweredTask<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if self.power.is_off() {
            return Poll::Pending;
        }
        self.work.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_stops_once_power_is_off() {
        let power = Arc::new(Power::default());
        let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
        let work = async move {
            loop {
                sender.send(()).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let task = PoweredTask {
            power: Arc::clone(&power),
            work: Box::pin(work),
        };
        let cut = async {
            receiver.recv().await.unwrap();
            power.cut();
            for _ in 0..9 {
                tokio::task::yield_now().await;
            }
            while receiver.try_recv().is_ok() {}
            tokio::task::yield_now().await;
            assert!(receiver.try_recv().is_err(), "nothing more is sent");
        };
        tokio::select! {
            biased;
            () = task => unreachable!("it works for ever"),
            () = cut => {}
        }
        power.lost().await;
    }
}
