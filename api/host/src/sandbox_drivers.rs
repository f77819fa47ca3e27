//! Runs the drivers of the sandbox while this process holds the sandbox's lock: one process per log, whether
//! or not it dials real calls.

use crate::app::{self, DriverLockAnswer};
use crate::process::Process;
use actors::{DriverPorts, Drivers, DriversHandle, Environment};
use application::installation::{DialingState, Installation};
use domain::ports::tasks::Tasks;
use domain::problem::Problem;
use domain::realm::Sandbox;
use media::lines::SandboxLine;
use std::sync::Arc;

/// Milliseconds between two requests for the lock, and before drivers that could not start are tried again.
const AGAIN_MS: u64 = 1_000;

/// Starts the task that runs the drivers until the process stops.
pub(crate) fn begin(process: &Arc<Process>, sandbox: &Arc<Installation>) {
    let (process, own) = (Arc::clone(process), Arc::clone(sandbox));
    let stop = sandbox.tasks().stop_signal();
    let running = async move {
        while !stop.is_stopping() {
            if let Err(problem) = hold(&process, &own).await {
                tracing::warn!(%problem, "the drivers of the sandbox could not run; it is tried again");
            }
            own.dialing.begin(DialingState::Waiting, None);
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                () = own.pause(AGAIN_MS) => {}
            }
        }
    };
    sandbox.tasks().spawn("sandbox drivers", Box::pin(running));
}

/// Runs the drivers for one tenure of the lock.
async fn hold(process: &Process, sandbox: &Installation) -> Result<(), Problem> {
    let DriverLockAnswer::Held(lock) = process.opened.sandbox_locks().acquire().await? else {
        return Ok(());
    };
    if process.sandbox.is_ended() {
        return Ok(());
    }
    let tasks = process.opened.sandbox_tenure_tasks();
    let environment = Environment {
        tasks: Arc::clone(&tasks) as Arc<dyn Tasks>,
        ..sandbox.environment.clone()
    };
    match start(sandbox, environment).await {
        Ok(drivers) => {
            sandbox.dialing.begin(DialingState::Dialing, Some(drivers));
            // The drain may have begun while the drivers started.
            if process.sandbox.is_ended() {
                process.sandbox.end().await;
            }
            let stop = sandbox.tasks().stop_signal();
            tokio::select! {
                biased;
                () = stop.stopping() => {}
                () = lock.lost() => {}
            }
            tasks.stop().await;
            Ok(())
        }
        Err(problem) => {
            tasks.stop().await;
            Err(problem)
        }
    }
}

/// Starts the drivers with the line of the sandbox. Their ports have no other line, no agents and no engine
/// that sends speech away.
async fn start(sandbox: &Installation, environment: Environment) -> Result<DriversHandle, Problem> {
    let line = SandboxLine::new(Arc::clone(&environment.clock));
    let ports = DriverPorts::<Sandbox> {
        worklist: app::worklist(&sandbox.rows),
        lines: vec![Arc::new(line)],
        synthesizer: Arc::clone(&sandbox.synthesizer),
        hearing: None,
        recordings: Arc::clone(&sandbox.recordings),
        agents: None,
    };
    let started = Drivers::start(sandbox.entities.clone(), environment, ports).await;
    started.map_err(|error| Problem::unavailable(error.to_string()))
}
