//! Runs drivers, watchdog and lines while this process holds the log's driver lock.
//!
//! Without the lock the process is a standby: it answers reads and commands, and requests the lock every
//! second. If the lock is lost, new dials stop at once. As long as no other process is found to hold it, live
//! calls may finish, and what callees said waits for the database; then drivers and lines end and the process
//! is a standby again. If another process holds the lock, every leg is ended and nothing is stored (decision
//! 0193). Each tenure begins like a start: calls that the previous one left open are closed first.

use crate::app::{self, DriverLockAnswer, HeldLock};
use crate::log_proofs::{history, tail};
use crate::process::Process;
use crate::serve_settings::ServeSettings;
use actors::{
    ActorSystem, DriverPorts, Drivers, DriversHandle, Environment, ListeningPorts, StartError, SummaryPorts,
    SummaryScope, SummaryWriter, Supervisor,
};
use application::installation::DialingState;
use application::transcript_masking::{FigureFinder, WordMasker};
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Milliseconds between two requests for the driver lock by a standby.
const ASK_LOCK_MS: u64 = 1_000;

/// Milliseconds between two requests by a process that lost the lock but has live calls: it goes first.
const ASK_LOST_LOCK_MS: u64 = 100;

/// How long lines stay open after the calls were ended for another process: a 200 OK that crosses a CANCEL
/// gets its ACK and BYE, and requests are repeated.
const LEGS_END_MS: u64 = 5_000;

/// The longest wait, after a drain, for calls that still have to store what callees said, once the lock is
/// held again. A command waits up to 30 s for a database that comes back.
const STORED_AGAIN_MS: u64 = 60_000;

/// The longest wait for the answer to one request for the lock: the database may not respond.
const ASK_ANSWER_MS: u64 = 10_000;

/// The time during which this process holds the lock, with the drivers and lines that end with it.
struct Tenure {
    lock: Box<dyn HeldLock>,
    tasks: Arc<Supervisor>,
    drivers: DriversHandle,
}

/// Starts dialing if the driver lock is free, else starts as a standby. Without trunks only the summaries of
/// text conversations run. Fails if lines cannot be opened or calls that a crash left open cannot be closed.
pub async fn begin(process: Arc<Process>, settings: ServeSettings) -> Result<(), Problem> {
    if settings.trunks.is_empty() {
        process.installation.dialing.begin(DialingState::NoTrunk, None);
        // Text conversations end in this process too and get their summaries.
        let installation = &process.installation;
        let environment = installation.environment.clone();
        return summarize(
            &installation.entities,
            &environment,
            &settings,
            SummaryScope::Texts,
        )
        .await;
    }
    let driving = DriverRunner {
        process,
        settings,
        has_lost: AtomicBool::new(false),
    };
    let tenure = match driving.process.opened.driver_locks().acquire().await? {
        DriverLockAnswer::Held(lock) => Some(driving.take_over(lock).await?),
        DriverLockAnswer::OfAnother | DriverLockAnswer::OfEarlierSession => {
            driving
                .process
                .installation
                .dialing
                .begin(DialingState::Waiting, None);
            None
        }
    };
    let tasks = driving.process.opened.call_tasks();
    let stop = tasks.stop_signal();
    let until_stopped = async move {
        driving.run(tenure).await;
        // A drain also ends the task, which then waits for the stop: a vital task must not end earlier.
        stop.stopping().await;
    };
    tasks.spawn_vital("driving", Box::pin(until_stopped));
    Ok(())
}

/// Starts the writer of summaries of calls and text conversations. Fails if its model cannot be set up.
async fn summarize(
    entities: &ActorSystem,
    environment: &Environment,
    settings: &ServeSettings,
    of: SummaryScope,
) -> Result<(), Problem> {
    let unavailable = |error: String| Problem::unavailable(error);
    let writer = app::writer(environment, &settings.speech);
    let writer = writer.map_err(|error| unavailable(error.to_string()))?;
    let ports = SummaryPorts {
        of,
        masking: Arc::new(WordMasker),
        writer: writer.map(|writer| SummaryWriter {
            writer,
            figures: Arc::new(FigureFinder),
        }),
    };
    let started = actors::start_summarizing(entities, environment, ports).await;
    started.map_err(|error| unavailable(error.to_string()))
}

struct DriverRunner {
    process: Arc<Process>,
    settings: ServeSettings,
    /// True if the log no longer contains what this process followed. Only a restart clears it.
    has_lost: AtomicBool,
}

impl DriverRunner {
    /// Takes, loses and retakes the lock until drain or stop; releases it after all that dials has ended.
    async fn run(self, mut tenure: Option<Tenure>) {
        let stop = self.process.installation.environment.tasks.stop_signal();
        loop {
            let Some(held) = tenure.take() else {
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    () = self.process.draining() => return,
                    lock = self.ask_until_held(ASK_LOCK_MS) => tenure = self.try_take_over(lock).await,
                }
                continue;
            };
            tokio::select! {
                biased;
                () = stop.stopping() => {
                    held.tasks.stop().await;
                    return;
                }
                () = held.lock.lost() => tenure = self.end_lost(held).await,
                () = self.process.installation.environment.damage.met(), if !self.is_damaged() => {
                    self.tell(DialingState::Damaged, Some(held.drivers.clone()));
                    tenure = Some(held);
                }
                () = held.drivers.dialing_confirmed(), if self.is_unconfirmed() => {
                    self.tell(DialingState::Dialing, Some(held.drivers.clone()));
                    tenure = Some(held);
                }
            }
        }
    }

    /// Publishes this process's state of dialing, and the drivers if it has them.
    fn tell(&self, state: DialingState, drivers: Option<DriversHandle>) {
        self.process.installation.dialing.begin(state, drivers);
    }

    /// Starts lines and drivers on own tasks. The last holder's open calls are closed before it returns.
    async fn take_over(&self, lock: Box<dyn HeldLock>) -> Result<Tenure, Problem> {
        let opened = &self.process.opened;
        self.refuse_shorter().await?;
        let tasks = opened.tenure_tasks();
        let environment = Environment {
            tasks: Arc::clone(&tasks) as Arc<dyn Tasks>,
            ..opened.environment.clone()
        };
        let started = tokio::select! {
            biased;
            () = self.process.draining() => Err(Problem::unavailable("the server is draining")),
            started = self.start_drivers(environment) => started,
        };
        match started {
            Ok(drivers) => {
                let standing = self.standing_of(&drivers).await;
                self.tell(standing, Some(drivers.clone()));
                Ok(Tenure { lock, tasks, drivers })
            }
            Err(failure) => {
                self.end_tasks(&tasks).await;
                Err(failure)
            }
        }
    }

    /// Returns the state of dialing after a takeover: dialing, or the reason why the drivers wait.
    async fn standing_of(&self, drivers: &DriversHandle) -> DialingState {
        if !drivers.is_dialing_paused() {
            return DialingState::Dialing;
        }
        let store = self.process.installation.environment.store.as_ref();
        match actors::installation_now(store).await {
            Ok(installation) if installation.unconfirmed_loss().is_some() => DialingState::Lost,
            Ok(_) | Err(_) => DialingState::Unconfirmed,
        }
    }

    /// Fails if the log is shorter than, or different from, what this process has followed, as after another
    /// process or an outage. Rows and entities of this process then contain lost events, and only a restart
    /// begins correctly. The loss is recorded at once, which stops every other process from dialing on this
    /// log. The error stays even if the log grows longer again: it is not the log that was followed.
    async fn refuse_shorter(&self) -> Result<(), Problem> {
        let environment = &self.process.installation.environment;
        let rows = self.process.installation.rows.status();
        let followed = rows.iter().map(|row| row.position).max().unwrap_or_default();
        let store = environment.store.as_ref();
        if !self.has_lost.load(Ordering::Relaxed) {
            if tail::lost_tail(store, followed).await?.is_none() {
                return Ok(());
            }
            history::note_rows_ahead(environment, followed).await?;
            self.has_lost.store(true, Ordering::Relaxed);
        }
        Err(Problem::refused(
            "log-shorter",
            history::shorter(store.head().await?, followed),
        ))
    }

    async fn hearing(&self, environment: &Environment) -> Result<Option<ListeningPorts>, Problem> {
        let directory = &self.process.installation.directory;
        let hearing = app::open_recognition(environment, &self.settings.speech, directory).await;
        hearing.map_err(|error| Problem::unavailable(error.to_string()))
    }

    async fn start_drivers(&self, environment: Environment) -> Result<DriversHandle, Problem> {
        let opened = &self.process.opened;
        opened.catch_up_clock().await?;
        let ports = DriverPorts {
            worklist: app::worklist(&self.process.installation.rows),
            lines: opened.lines(&environment, &self.settings).await?,
            synthesizer: Arc::clone(&self.process.installation.synthesizer),
            hearing: self.hearing(&environment).await?,
            recordings: opened.recordings(),
            agents: None,
        };
        let entities = match opened.driver_locks().right() {
            Some(right) => self.process.installation.entities.with_dial_right(&right),
            None => self.process.installation.entities.clone(),
        };
        let unavailable = |error: StartError| Problem::unavailable(error.to_string());
        let drivers = Drivers::start(entities.clone(), environment.clone(), ports).await;
        let drivers = drivers.map_err(unavailable)?;
        summarize(
            &entities,
            &environment,
            &self.settings,
            SummaryScope::CallsAndTexts,
        )
        .await?;
        Ok(drivers)
    }

    /// Takes over with a lock that was acquired while running. If that fails, returns `None` and releases the
    /// lock for another process.
    async fn try_take_over(&self, lock: Box<dyn HeldLock>) -> Option<Tenure> {
        tracing::warn!("the driver lock is held: taking over");
        match self.take_over(lock).await {
            Ok(tenure) => Some(tenure),
            Err(failure) => {
                tracing::error!(%failure, "this process could not take over and remains a standby");
                let lost = self.has_lost.load(Ordering::Relaxed);
                let standing = if lost {
                    DialingState::Lost
                } else {
                    DialingState::Waiting
                };
                self.tell(standing, None);
                self.wait(ASK_LOCK_MS).await;
                None
            }
        }
    }

    /// Stops dialing after the lock was lost, and lets live calls finish. Meanwhile the lock is requested
    /// again, so that a restart of the database does not cut off conversations. If another process holds it,
    /// that process has closed these calls: they are ended now, and nothing about them is stored here.
    async fn end_lost(&self, held: Tenure) -> Option<Tenure> {
        tracing::error!("the driver lock is lost: dialing stops, live calls finish");
        self.tell(DialingState::Draining, Some(held.drivers.clone()));
        let Tenure { lock, tasks, drivers } = held;
        drop(lock);
        // This consumes the drivers: their lines release the SIP port before another tenure may begin.
        let again = self.finish_calls(drivers).await;
        self.tell(DialingState::Waiting, None);
        self.end_tasks(&tasks).await;
        if self.process.is_draining() {
            return None;
        }
        self.try_take_over(again?).await
    }

    /// Waits until the live calls have ended and the log has what the callees said, or another process has
    /// taken them over, or this one stops. Returns the lock if this process has it again.
    async fn finish_calls(&self, drivers: DriversHandle) -> Option<Box<dyn HeldLock>> {
        let mut ending = Box::pin(async {
            drivers.drain(Duration::from_millis(self.settings.drain_ms)).await;
            tokio::select! {
                biased;
                () = self.process.draining() => {}
                () = drivers.calls_over() => {}
            }
        });
        let found = tokio::select! {
            biased;
            () = &mut ending => return None,
            found = self.ask_until_known() => found,
        };
        if found.is_some() {
            tokio::select! {
                biased;
                () = &mut ending => return found,
                () = self.wait(self.settings.drain_ms.saturating_add(STORED_AGAIN_MS)) => {}
            }
            tracing::warn!("some calls did not end in time; they are ended as left over");
            return found;
        }
        tracing::error!("another process dials on this log: every call of this one is ended");
        drivers.end_calls();
        self.wait(LEGS_END_MS).await;
        None
    }

    async fn end_tasks(&self, tasks: &Supervisor) {
        tasks.stop().await;
        self.process.opened.forget_lines();
    }

    /// Requests the lock until this process holds it. An unavailable database counts as a held lock.
    async fn ask_until_held(&self, pause_ms: u64) -> Box<dyn HeldLock> {
        let mut is_away = false;
        loop {
            match self.ask(&mut is_away).await {
                Some(DriverLockAnswer::Held(lock)) => return lock,
                Some(DriverLockAnswer::OfAnother | DriverLockAnswer::OfEarlierSession) | None => {}
            }
            self.wait(pause_ms).await;
        }
    }

    /// Requests the lock until it is known which process dials. Returns the lock, or `None` if another
    /// process holds it.
    async fn ask_until_known(&self) -> Option<Box<dyn HeldLock>> {
        let mut is_away = false;
        loop {
            match self.ask(&mut is_away).await {
                Some(DriverLockAnswer::Held(lock)) => return Some(lock),
                Some(DriverLockAnswer::OfAnother) => return None,
                Some(DriverLockAnswer::OfEarlierSession) | None => {}
            }
            self.wait(ASK_LOST_LOCK_MS).await;
        }
    }

    /// Requests the lock once. `None` while the database is unavailable, which is logged the first time.
    async fn ask(&self, is_away: &mut bool) -> Option<DriverLockAnswer> {
        let clock = &self.process.installation.environment.clock;
        let limit = clock.now().plus_ms(ASK_ANSWER_MS);
        let asked = tokio::select! {
            biased;
            () = clock.wait_until(limit) => Err("no answer".to_owned()),
            asked = self.process.opened.driver_locks().acquire() => asked.map_err(|error| error.to_string()),
        };
        match asked {
            Ok(asked) => {
                *is_away = false;
                Some(asked)
            }
            Err(why) => {
                if !std::mem::replace(is_away, true) {
                    tracing::warn!(why, "the driver lock cannot be asked for");
                }
                None
            }
        }
    }

    fn is_damaged(&self) -> bool {
        self.process.installation.dialing.now() == DialingState::Damaged
    }

    fn is_unconfirmed(&self) -> bool {
        matches!(
            self.process.installation.dialing.now(),
            DialingState::Unconfirmed | DialingState::Lost
        )
    }

    async fn wait(&self, ms: u64) {
        self.process.installation.pause(ms).await;
    }
}
