//! Erlang's formulas: how often all agents are busy, for calls that go away (B) and for calls that wait (C).
//!
//! A. K. Erlang, 1917. Load is in erlangs: calls a second times seconds a call.

/// Chance that a call finds all agents busy, where such calls go away.
pub fn blocked(load: f64, agents: u32) -> f64 {
    (1..=agents).fold(1.0, |before, agent| {
        let offered = load * before;
        offered / (f64::from(agent) + offered)
    })
}

/// Chance that a call has to wait, where such calls wait until they are served; 1 where agents never
/// catch up.
pub fn delayed(load: f64, agents: u32) -> f64 {
    let (blocked, agents) = (blocked(load, agents), f64::from(agents));
    if load >= agents {
        return 1.0;
    }
    agents * blocked / (agents - load * (1.0 - blocked))
}

/// The largest load of which at most this part finds all agents busy.
pub fn load_within(blocked_max: f64, agents: u32) -> f64 {
    let (mut fits, mut exceeds) = (0.0, f64::from(agents) * 2.0 + 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(fits, exceeds);
        if blocked(middle, agents) <= blocked_max {
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
            assert!((blocked(load, agents) - b).abs() < 5e-7, "{load} {agents}");
            assert!((delayed(load, agents) - c).abs() < 5e-7, "{load} {agents}");
        }
    }

    #[test]
    fn a_load_is_found_again_from_what_it_blocks() {
        let load = load_within(0.03, 20);
        assert!((blocked(load, 20) - 0.03).abs() < 1e-9, "{load}");
        assert_eq!(delayed(30.0, 20), 1.0);
    }
}
