//! Probes each line's far end with OPTIONS every 10 s, so that a failure is found before a customer's call
//! meets it.

use super::driver_context::DriverContext;
use domain::ports::line::ProbeAnswer;
use std::sync::Arc;

/// Time between two probes of a line, in milliseconds (call progress: OPTIONS each 10 s).
pub(super) const PROBE_EVERY_MS: u64 = 10_000;

/// Starts one task per line that probes it.
pub(super) fn begin(kit: &Arc<DriverContext>) {
    for line in 0..kit.ports.lines.len() {
        let kit = Arc::clone(kit);
        let tasks = Arc::clone(&kit.environment.tasks);
        tasks.spawn("probing", Box::pin(async move { probe(&kit, line).await }));
    }
}

/// Probes one line until the process stops. Ends at once if the line does not support probes.
async fn probe(kit: &DriverContext, index: usize) {
    let stop = kit.environment.tasks.stop_signal();
    let Some(line) = kit.ports.lines.get(index) else {
        return;
    };
    loop {
        let next_at = kit.now().plus_ms(PROBE_EVERY_MS);
        let answer = tokio::select! {
            biased;
            () = stop.stopping() => return,
            answer = line.probe() => answer,
        };
        let Some(answer) = answer else {
            return;
        };
        if kit.capacity.note_probe(index, answer) {
            let trunk = line.facts().name;
            match answer {
                ProbeAnswer::Alive => tracing::info!(trunk, "the trunk answers again"),
                ProbeAnswer::Dead => {
                    tracing::warn!(trunk, "the trunk does not answer OPTIONS; no call begins on it");
                }
            }
        }
        tokio::select! {
            biased;
            () = stop.stopping() => return,
            () = kit.environment.clock.wait_until(next_at) => {}
        }
    }
}
