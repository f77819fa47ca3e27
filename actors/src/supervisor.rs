//! Runs every task and thread of the process: named, counted and stopped; panics are logged and counted.
//!
//! A task that panics ends alone. A vital task that ends is recorded as fallen, permanently, and the process
//! is then ended by its main function. A thread that panics aborts the process, because its work cannot be
//! missed, and recovery after a crash is a tested path. Entities are restarted by the registry, within its
//! budget.

use async_trait::async_trait;
use domain::ports::clock::Clock;
use domain::ports::tasks::{StopSignal, TaskFuture, Tasks};
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::sync::watch;

/// The longest wait of `stop` for tasks and threads to end, in milliseconds. After it `stop` logs the names
/// of those still alive and returns without aborting them; work that is not durable when the process ends
/// is lost.
pub const STOP_WAIT_MS: u64 = 10_000;

/// Where the tasks of a supervisor run.
enum TaskHost {
    /// On the shared multi-thread runtime.
    Runtime(Handle),
    /// On the current thread's `LocalSet`.
    Local,
}

/// The production implementation of `Tasks`.
pub struct Supervisor {
    ground: TaskHost,
    clock: Arc<dyn Clock>,
    stop: watch::Sender<bool>,
    living: Arc<LiveTasks>,
    fallen: Arc<watch::Sender<Option<&'static str>>>,
}

struct LiveTasks {
    /// Number of live tasks by name, and number of panics.
    counts: Mutex<Counts>,
    changed: watch::Sender<usize>,
}

#[derive(Default)]
struct Counts {
    alive: BTreeMap<&'static str, usize>,
    panicked: usize,
}

impl Supervisor {
    /// Makes a supervisor that runs tasks on the given runtime.
    pub fn new(runtime: Handle, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self::on(TaskHost::Runtime(runtime), clock))
    }

    /// Makes a supervisor that runs tasks on the current thread's `LocalSet`, in the order in which they
    /// are woken.
    pub fn local(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self::on(TaskHost::Local, clock))
    }

    fn on(ground: TaskHost, clock: Arc<dyn Clock>) -> Self {
        Self {
            ground,
            clock,
            stop: watch::Sender::new(false),
            living: Arc::new(LiveTasks {
                counts: Mutex::new(Counts::default()),
                changed: watch::Sender::new(0),
            }),
            fallen: Arc::new(watch::Sender::new(None)),
        }
    }

    /// Makes a supervisor for another runtime, which is stopped separately and earlier. A vital task of it
    /// that ends is reported here too.
    pub fn beside(&self, runtime: Handle) -> Arc<Self> {
        let mut beside = Self::on(TaskHost::Runtime(runtime), Arc::clone(&self.clock));
        beside.fallen = Arc::clone(&self.fallen);
        Arc::new(beside)
    }

    /// Returns the name of the first vital task that ended by itself; `None` while all run.
    pub fn fallen(&self) -> Option<&'static str> {
        *self.fallen.borrow()
    }

    /// Waits until a vital task has ended by itself, and returns its name. Cancel-safe.
    pub async fn fell(&self) -> &'static str {
        let mut fallen = self.fallen.subscribe();
        // The sender lives as long as `self`.
        let name = fallen.wait_for(Option::is_some).await;
        name.ok().and_then(|name| *name).unwrap_or_default()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where tasks begin")]
    fn begin(&self, name: &'static str, future: TaskFuture, vital: Option<VitalChannels>) {
        let guarded = GuardedTask {
            future,
            life: TaskGuard::begin(&self.living, name),
            vital,
        };
        match &self.ground {
            TaskHost::Runtime(handle) => drop(handle.spawn(guarded)),
            TaskHost::Local => drop(tokio::task::spawn_local(guarded)),
        }
    }

    /// Returns how many tasks have panicked so far.
    pub fn panicked_count(&self) -> usize {
        self.living.lock().panicked
    }

    /// Returns the number of live tasks and threads by name.
    pub fn alive(&self) -> BTreeMap<&'static str, usize> {
        self.living.lock().alive.clone()
    }
}

#[async_trait]
impl Tasks for Supervisor {
    fn spawn(&self, name: &'static str, future: TaskFuture) {
        self.begin(name, future, None);
    }

    fn spawn_vital(&self, name: &'static str, future: TaskFuture) {
        let vital = VitalChannels {
            stop: self.stop.subscribe(),
            fallen: Arc::clone(&self.fallen),
        };
        self.begin(name, future, Some(vital));
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where threads begin")]
    fn thread(&self, name: &'static str, work: Box<dyn FnOnce() + Send + 'static>) {
        let life = TaskGuard::begin(&self.living, name);
        let begun = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let life = life;
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                // The process ends even if the message cannot be written.
                drop(catch_unwind(|| {
                    tracing::error!(thread = name, "a thread panicked; the process ends");
                }));
                std::process::abort();
            }
            drop(life);
        });
        if let Err(error) = begun {
            tracing::error!(thread = name, %error, "a thread could not begin; the process ends");
            std::process::abort();
        }
    }

    fn stop_signal(&self) -> Arc<dyn StopSignal> {
        Arc::new(Signal(self.stop.subscribe()))
    }

    fn alive_count(&self) -> usize {
        self.living.lock().alive.values().sum()
    }

    async fn stop(&self) {
        self.stop.send_replace(true);
        let limit = self.clock.now().plus_ms(STOP_WAIT_MS);
        let mut changed = self.living.changed.subscribe();
        tokio::select! {
            biased;
            _ended = changed.wait_for(|alive| *alive == 0) => {}
            () = self.clock.wait_until(limit) => {
                tracing::warn!(alive = ?self.alive(), "some tasks did not end in time");
            }
        }
    }
}

/// Runs `work` on another runtime and waits for its result. `work` continues if the caller is dropped; a
/// panic in it is resumed in the caller.
#[expect(clippy::disallowed_methods, reason = "the one place where tasks begin")]
pub async fn run_on<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    match runtime.spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // Its handle is held only here, so only the end of its runtime can cancel it.
            Err(_cancelled) => std::future::pending().await,
        },
    }
}

struct Signal(watch::Receiver<bool>);

#[async_trait]
impl StopSignal for Signal {
    fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }
    async fn stopping(&self) {
        // An error means that the supervisor is gone, which counts as a stop.
        drop(self.0.clone().wait_for(|stopping| *stopping).await);
    }
}

/// Counts one task or thread as live until it is dropped.
struct TaskGuard {
    living: Arc<LiveTasks>,
    name: &'static str,
}

impl TaskGuard {
    fn begin(living: &Arc<LiveTasks>, name: &'static str) -> Self {
        *living.lock().alive.entry(name).or_default() += 1;
        living.changed.send_modify(|alive| *alive += 1);
        Self {
            living: Arc::clone(living),
            name,
        }
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        let mut counts = self.living.lock();
        if let Some(alive) = counts.alive.get_mut(self.name) {
            *alive = alive.saturating_sub(1);
        }
        drop(counts);
        self.living
            .changed
            .send_modify(|alive| *alive = alive.saturating_sub(1));
    }
}

impl LiveTasks {
    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The channels of a vital task: the stop signal, and where its end is reported.
struct VitalChannels {
    stop: watch::Receiver<bool>,
    fallen: Arc<watch::Sender<Option<&'static str>>>,
}

impl VitalChannels {
    /// Reports that the vital task ended by itself. Only the first report of the process counts: later ones
    /// may follow from it.
    fn fell(&self, name: &'static str) {
        self.fallen.send_if_modified(|fallen| {
            let is_first = fallen.is_none();
            fallen.get_or_insert(name);
            is_first
        });
    }
}

/// The future of a task. A panic in it becomes a log line and a count.
struct GuardedTask {
    future: TaskFuture,
    life: TaskGuard,
    vital: Option<VitalChannels>,
}

impl GuardedTask {
    /// Counts the panic of the task, and reports it if the task is vital. Logged last, in case the log
    /// fails.
    fn panicked(&self) {
        self.life.living.lock().panicked += 1;
        if let Some(vital) = &self.vital {
            vital.fell(self.life.name);
        }
        let name = self.life.name;
        drop(catch_unwind(|| tracing::error!(task = name, "a task panicked")));
    }

    fn ended(&self) {
        let Some(vital) = self.vital.as_ref().filter(|vital| !*vital.stop.borrow()) else {
            return;
        };
        vital.fell(self.life.name);
        tracing::error!(
            task = self.life.name,
            "a task has ended that the process cannot do without"
        );
    }
}

impl Future for GuardedTask {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let polled = catch_unwind(AssertUnwindSafe(|| this.future.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => {
                this.ended();
                Poll::Ready(())
            }
            Err(_panic) => {
                this.panicked();
                Poll::Ready(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FakeClock, on_one_thread, settle};

    #[test]
    fn stopping_tells_every_task_and_waits_until_all_have_ended() {
        on_one_thread(async {
            let tasks = Supervisor::local(Arc::new(FakeClock::new()));
            for _ in 0..3 {
                let stop = tasks.stop_signal();
                tasks.spawn("waiter", Box::pin(async move { stop.stopping().await }));
            }
            assert_eq!(
                (tasks.alive_count(), tasks.stop_signal().is_stopping()),
                (3, false)
            );
            tasks.stop().await;
            assert_eq!(
                (tasks.alive_count(), tasks.stop_signal().is_stopping()),
                (0, true)
            );
        });
    }

    #[test]
    fn a_task_that_does_not_end_is_given_up_at_the_limit_and_named() {
        on_one_thread(async {
            let clock = Arc::new(FakeClock::new());
            let tasks = Supervisor::local(Arc::<FakeClock>::clone(&clock));
            tasks.spawn("stubborn", Box::pin(std::future::pending()));
            let stopping = Arc::clone(&tasks);
            let (done, mut stopped) = tokio::sync::oneshot::channel();
            let stop = async move {
                stopping.stop().await;
                done.send(()).unwrap();
            };
            tasks.spawn("stop", Box::pin(stop));
            settle().await;
            clock.advance_ms(STOP_WAIT_MS - 1);
            settle().await;
            assert!(stopped.try_recv().is_err());
            clock.advance_ms(1);
            settle().await;
            assert!(stopped.try_recv().is_ok());
            assert_eq!(tasks.alive().get("stubborn"), Some(&1));
        });
    }

    #[test]
    fn a_panic_ends_its_own_task_alone() {
        on_one_thread(async {
            let tasks = Supervisor::local(Arc::new(FakeClock::new()));
            let (done, mut healthy) = tokio::sync::oneshot::channel();
            tasks.spawn("unlucky", Box::pin(async { panic!("the test says so") }));
            tasks.spawn("healthy", Box::pin(async move { done.send(()).unwrap() }));
            settle().await;
            assert_eq!((tasks.panicked_count(), tasks.alive_count()), (1, 0));
            assert!(healthy.try_recv().is_ok());
        });
    }

    #[test]
    fn a_vital_task_that_panics_or_ends_before_the_stop_is_named_and_one_that_obeys_is_not() {
        on_one_thread(async {
            let clock = Arc::new(FakeClock::new());
            let tasks = Supervisor::local(Arc::<FakeClock>::clone(&clock));
            let stop = tasks.stop_signal();
            tasks.spawn("may end", Box::pin(async {}));
            tasks.spawn_vital("obeys", Box::pin(async move { stop.stopping().await }));
            settle().await;
            assert_eq!(tasks.fallen(), None);
            tasks.spawn_vital("unlucky", Box::pin(async { panic!("the test says so") }));
            tasks.spawn_vital("ends", Box::pin(async {}));
            settle().await;
            assert_eq!((tasks.fallen(), tasks.fell().await), (Some("unlucky"), "unlucky"));
            tasks.stop().await;
            assert_eq!(tasks.fallen(), Some("unlucky"));
            let others = Supervisor::local(clock);
            others.spawn_vital("ends", Box::pin(async {}));
            settle().await;
            assert_eq!(others.fallen(), Some("ends"));
        });
    }
}
