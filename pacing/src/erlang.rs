//! Erlang's formulas for the probability that all agents are busy: Erlang B for calls that are lost, Erlang C
//! for calls that wait.
//!
//! A. K. Erlang, 1917. Load is in erlangs: calls per second times seconds per call.

/// Erlang B: returns the probability that a call finds all agents busy, if calls are then lost.
pub fn erlang_b(load: f64, agents: u32) -> f64 {
    (1..=agents).fold(1.0, |before, agent| {
        let offered = load * before;
        offered / (f64::from(agent) + offered)
    })
}

/// Erlang C: returns the probability that a call has to wait, if calls wait until they are served. 1 if the
/// load is not below the number of agents.
pub fn erlang_c(load: f64, agents: u32) -> f64 {
    let (blocked, agents) = (erlang_b(load, agents), f64::from(agents));
    if load >= agents {
        return 1.0;
    }
    agents * blocked / (agents - load * (1.0 - blocked))
}

/// Returns the largest load in erlangs at which at most the share `blocked_max` of calls finds all agents
/// busy (Erlang B).
pub fn load_within(blocked_max: f64, agents: u32) -> f64 {
    let (mut fits, mut exceeds) = (0.0, f64::from(agents) * 2.0 + 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(fits, exceeds);
        if erlang_b(middle, agents) <= blocked_max {
            fits = middle;
        } else {
            exceeds = middle;
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formulas_give_the_values_of_the_table() {
        for (load, agents, b, c) in [
            (8.0, 10, 0.121_661, 0.409_180),
            (20.0, 22, 0.106_734, 0.567_915),
            (50.0, 55, 0.053_749, 0.384_547),
            (100.0, 105, 0.048_261, 0.515_707),
        ] {
            assert!((erlang_b(load, agents) - b).abs() < 5e-7, "{load} {agents}");
            assert!((erlang_c(load, agents) - c).abs() < 5e-7, "{load} {agents}");
        }
    }

    #[test]
    fn a_load_is_found_again_from_what_it_blocks() {
        let load = load_within(0.03, 20);
        assert!((erlang_b(load, 20) - 0.03).abs() < 1e-9, "{load}");
        assert_eq!(erlang_c(30.0, 20), 1.0);
    }
}
