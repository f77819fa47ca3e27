//! The product's pacer: it starts calls while the probability that one more answer becomes a drop is below a
//! price.
//!
//! It looks `AHEAD_S` seconds ahead: how many agents will be free when the ringing calls are answered. The
//! method is described in `docs/pacing.md`. The price follows the results; the abandonment budget limits the
//! calls in addition: with no drop left, one call per free agent is dialed.

use crate::answer_rate::AnswerRate;
use crate::floor::{FloorSnapshot, Pacer, TickEvents, TimeDistributions};
use crate::price::DropPrice;
use crate::times::{AHEAD_S, STEPS_A_SECOND, count, normal};
use libm::sqrt;

/// Number of standard deviations of the expected drops that the abandonment budget must cover in addition
/// to their mean.
const BUDGET_SIGMAS: f64 = 1.64;
/// Most ringing calls per agent, divided by the answer rate. More calls bring no gain.
const RINGING_MAX: f64 = 3.0;

/// The product's pacer: dials ahead of free agents, by a forecast and within an abandonment budget.
#[derive(Debug, Clone)]
pub struct PredictivePacer {
    shape: TimeDistributions,
    rate: AnswerRate,
    price: DropPrice,
    /// The budget allowed no drop at the last tick.
    used_up: bool,
}

impl PredictivePacer {
    pub fn new(shape: TimeDistributions) -> Self {
        Self {
            shape,
            rate: AnswerRate::default(),
            price: DropPrice::default(),
            used_up: false,
        }
    }

    /// Returns the estimated answer rate.
    pub fn rate(&self) -> f64 {
        self.rate.rate()
    }
}

impl Pacer for PredictivePacer {
    fn name(&self) -> &'static str {
        "ledgerline"
    }

    fn record_events(&mut self, ringing: &[u32], events: TickEvents) {
        self.rate.passed(&self.shape.ring, ringing, events.answers);
        // During progressive dialing the results say nothing about the price.
        if !self.used_up {
            (0..events.served).for_each(|_| self.price.answer_served());
            (0..events.drops).for_each(|_| self.price.answer_dropped());
        }
    }

    fn dials(&mut self, floor: &FloorSnapshot) -> u32 {
        let least = floor.progressive();
        self.used_up = floor.budget <= 0;
        if self.used_up || floor.agents == 0 {
            return least;
        }
        let price = self.price.given(floor.answers, floor.drops);
        let rate = self.rate.rate();
        let ringing_max = count(RINGING_MAX * f64::from(floor.agents) / rate);
        let most = ringing_max.saturating_sub(floor.ringing_count());
        let ahead = TickForecast::of(floor, &self.shape, rate, self.rate.error());
        let worth = |dials: &u32| ahead.after(*dials).is_worth(price, floor.budget);
        (0..most)
            .take_while(worth)
            .last()
            .map_or(0, |last| last + 1)
            .max(least)
    }
}

/// The forecast for the seconds ahead if no further call is started.
struct TickForecast {
    seconds: Vec<SecondForecast>,
    /// Squared relative error of the answer rate.
    doubt: f64,
}

/// The forecast for one second ahead.
#[derive(Clone, Copy)]
struct SecondForecast {
    /// Expected free agents less expected answers by this second, and the variance.
    spare: f64,
    variance: f64,
    /// Expected answers of the calls that ring now, by this second.
    answers: f64,
    /// Probability that a new call is answered by this second.
    answered: f64,
    /// Share of a new call's answers in this second.
    share: f64,
}

/// The effect of one more call on drops.
struct Cost {
    /// Probability that its answer becomes a drop.
    drop: f64,
    /// Expected drops of all ringing calls.
    drops: f64,
}

impl Cost {
    fn is_worth(&self, price: f64, budget: i64) -> bool {
        let drops = self.drops + BUDGET_SIGMAS * sqrt(self.drops);
        // A budget beyond this range does not limit anything.
        let budget = f64::from(i32::try_from(budget).unwrap_or(i32::MAX));
        self.drop <= price && drops <= budget
    }
}

impl TickForecast {
    fn of(floor: &FloorSnapshot, shape: &TimeDistributions, rate: f64, error: f64) -> Self {
        let (released, released_variance) = floor.releases(shape);
        let now = f64::from(floor.free) - f64::from(floor.waiting);
        let second = |ahead: usize| {
            let steps = ahead * STEPS_A_SECOND;
            let (answers, answers_variance) = answers_by(floor, shape, rate, steps);
            let at = |of: &[f64]| of.get(ahead + 1).copied().unwrap_or_default();
            let by = shape.ring.answered_by(steps);
            SecondForecast {
                spare: now + at(&released) - answers,
                variance: at(&released_variance) + answers_variance,
                answers,
                answered: rate * by,
                share: by - shape.ring.answered_by(steps - STEPS_A_SECOND),
            }
        };
        Self {
            seconds: (1..=AHEAD_S).map(second).collect(),
            doubt: error * error,
        }
    }

    /// Returns the effect of the last one of `dials` new calls: its drop probability, and the expected
    /// drops of all ringing calls.
    fn after(&self, dials: u32) -> Cost {
        let dials = f64::from(dials);
        let (mut cost, mut worst) = (
            Cost {
                drop: 0.0,
                drops: 0.0,
            },
            0.0_f64,
        );
        let mut before = self.seconds.iter().rev().skip(1);
        for second in self.seconds.iter().rev() {
            let new = dials * second.answered;
            let answers = second.answers + new;
            let spare = second.spare - new;
            let spread = second.variance + new * (1.0 - second.answered) + self.doubt * answers * answers;
            let none_free = normal((0.5 - spare) / sqrt(spread.max(1e-9)));
            // A late answer makes later ones wait too, so the worst second that follows counts.
            worst = worst.max(none_free);
            cost.drop += second.share * worst;
            let earlier = before
                .next()
                .map_or(0.0, |one| one.answers + dials * one.answered);
            cost.drops += none_free * (answers - earlier).max(0.0);
        }
        cost
    }
}

/// Returns the expected number of answers of the ringing calls within the next `steps` half seconds, and
/// its variance.
fn answers_by(floor: &FloorSnapshot, shape: &TimeDistributions, rate: f64, steps: usize) -> (f64, f64) {
    let each = floor.ringing.iter().enumerate().filter(|(_, calls)| **calls > 0);
    each.map(|(age, calls)| {
        let (now, then) = (shape.ring.answered_by(age), shape.ring.answered_by(age + steps));
        let chance = rate * (then - now) / (1.0 - rate * now);
        let calls = f64::from(*calls);
        (calls * chance, calls * chance * (1.0 - chance))
    })
    .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::RING_AGES;

    fn floor(agents: u32, free: u32) -> FloorSnapshot {
        FloorSnapshot {
            agents,
            free,
            waiting: 0,
            talking: Vec::new(),
            wrapping: 0,
            ringing: vec![0; RING_AGES],
            budget: 100,
            answers: 10_000,
            drops: 200,
        }
    }

    fn after_many_answers() -> PredictivePacer {
        let mut pacer = PredictivePacer::new(TimeDistributions::default());
        let mut ringing = vec![0; RING_AGES];
        for age in 0..RING_AGES {
            ringing.fill(0);
            if let Some(calls) = ringing.get_mut(age) {
                *calls = 1_000;
            }
            let answers = if age == RING_AGES / 2 { 200 } else { 0 };
            pacer.record_events(
                &ringing,
                TickEvents {
                    answers,
                    ..TickEvents::default()
                },
            );
        }
        pacer
    }

    #[test]
    fn an_account_without_a_drop_left_leaves_one_call_for_one_free_agent() {
        for budget in [-1, 0] {
            let mut pacer = after_many_answers();
            let mut floor = FloorSnapshot {
                budget,
                ..floor(20, 8)
            };
            assert_eq!(pacer.dials(&floor), 8);
            floor.waiting = 3;
            assert_eq!(pacer.dials(&floor), 5);
            floor.ringing = vec![1; RING_AGES];
            assert_eq!(pacer.dials(&floor), 0);
        }
    }

    #[test]
    fn what_is_left_of_the_account_decides_how_far_it_goes() {
        let mut pacer = after_many_answers();
        let plenty = pacer.dials(&floor(50, 20));
        let little = pacer.dials(&FloorSnapshot {
            budget: 1,
            ..floor(50, 20)
        });
        let none = pacer.dials(&FloorSnapshot {
            budget: 0,
            ..floor(50, 20)
        });
        assert!(plenty > 20, "{plenty}");
        assert!(
            little <= plenty && none <= little && none == 20,
            "{plenty} {little} {none}"
        );
    }

    #[test]
    fn without_agents_no_call_is_dialed() {
        assert_eq!(after_many_answers().dials(&floor(0, 0)), 0);
    }
}
