//! Learns one linear judge per intent: an L2-regularised, squared-hinge support vector machine, solved in its
//! dual.
//!
//! Dual coordinate descent with shrinking (Hsieh et al., ICML 2008). Intents are divided among threads; each
//! is solved separately from its own seed, so the number of threads changes nothing.

use super::rows::Rows;

/// The parameters with which judges (one linear classifier per intent) are trained.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SolverSettings {
    /// The cost of a fault on a row relative to the size of the weights.
    pub(crate) cost: f32,
    /// The factor of that cost for rows of the intent itself.
    pub(crate) own_rows: f32,
    /// Most passes over the rows.
    pub(crate) passes: usize,
    /// The seed that orders the rows.
    pub(crate) seed: u64,
}

/// The weights of one intent's judge: one per feature, and the bias as the last.
pub(crate) type Weights = Vec<f32>;

/// The value of the constant feature that every row has for the bias.
const BIAS: f32 = 0.6;

/// The largest gradient at which the solution counts as found.
const TOLERANCE: f32 = 0.1;

/// Number of intents solved side by side, so that a row is read once for all of them.
const LANES: usize = 8;

/// Trains a judge for each intent and returns their weights, in order. Rows without an intent count against
/// all of them. After `goes_on` has returned false, the result is unfinished and must not be used.
pub(crate) fn solve(
    rows: &Rows,
    intents: usize,
    effort: SolverSettings,
    threads: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Vec<Weights> {
    let blocks = intents.div_ceil(LANES);
    let threads = threads.clamp(1, blocks.max(1));
    let part = |first: usize| -> Vec<(usize, Vec<Weights>)> {
        let own = (first..blocks).step_by(threads);
        own.map(|block| (block, solve_block(rows, block * LANES, effort, goes_on)))
            .collect()
    };
    let mut all: Vec<(usize, Vec<Weights>)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|first| scope.spawn(move || part(first)))
            .collect();
        let mut all = part(0);
        for other in others {
            all.extend(other.join().unwrap_or_default());
        }
        all
    });
    all.sort_by_key(|(block, _)| *block);
    all.into_iter()
        .flat_map(|(_, weights)| weights)
        .take(intents)
        .collect()
}

/// A row during the passes of the solver, with its values for each intent of a block.
struct Dual<'r> {
    features: &'r [(u32, f32)],
    sign: [f32; LANES],
    alpha: [f32; LANES],
    softness: [f32; LANES],
    /// The squared length of the row.
    length: f32,
}

fn solve_block(
    rows: &Rows,
    first: usize,
    effort: SolverSettings,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Vec<Weights> {
    let mut duals: Vec<Dual<'_>> = rows
        .iter()
        .map(|(features, owner)| {
            let own = owner.and_then(|owner| owner.checked_sub(first));
            let (mut sign, mut softness) = ([-1.0; LANES], [0.5 / effort.cost; LANES]);
            if let Some((sign, softness)) =
                own.and_then(|own| Some((sign.get_mut(own)?, softness.get_mut(own)?)))
            {
                *sign = 1.0;
                *softness = 0.5 / (effort.cost * effort.own_rows);
            }
            let length: f32 = features.iter().map(|(_, value)| value * value).sum();
            Dual {
                features,
                sign,
                alpha: [0.0; LANES],
                softness,
                length: length + BIAS * BIAS,
            }
        })
        .collect();
    let mut weights = vec![[0.0_f32; LANES]; rows.features() + 1];
    let all = duals.len();
    let mut active: Vec<usize> = (0..all).collect();
    let mut random = Random(effort.seed ^ (first as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut bound = f32::INFINITY;
    for _ in 0..effort.passes {
        if !goes_on() {
            break;
        }
        random.shuffle(&mut active);
        let mut largest = 0.0_f32;
        active.retain(|row| {
            let gradient = duals
                .get_mut(*row)
                .and_then(|dual| step(dual, &mut weights, bound));
            largest = largest.max(gradient.unwrap_or(0.0));
            gradient.is_some()
        });
        if largest > TOLERANCE {
            bound = largest;
        } else if active.len() == all || bound.is_infinite() {
            break;
        } else {
            // Rows that were set aside may count again.
            active = (0..all).collect();
            bound = f32::INFINITY;
        }
    }
    let of = |lane: usize| {
        weights
            .iter()
            .filter_map(|each| each.get(lane).copied())
            .collect()
    };
    (0..LANES).map(of).collect()
}

/// Moves one row to its best value for each intent. Returns the largest remaining gradient; `None` if the
/// row may be set aside for all intents.
fn step(dual: &mut Dual<'_>, weights: &mut [[f32; LANES]], bound: f32) -> Option<f32> {
    let (bias, weights) = weights.split_last_mut()?;
    let mut scores = bias.map(|bias| bias * BIAS);
    for (feature, value) in dual.features {
        if let Some(each) = weights.get(*feature as usize) {
            for (score, weight) in scores.iter_mut().zip(each) {
                *score += weight * value;
            }
        }
    }
    let (mut changes, mut largest) = ([0.0_f32; LANES], None);
    let lanes = scores
        .iter()
        .zip(&dual.sign)
        .zip(&dual.softness)
        .zip(&mut dual.alpha)
        .zip(&mut changes);
    for ((((score, sign), softness), alpha), change) in lanes {
        let gradient = sign * score - 1.0 + *alpha * softness;
        if *alpha <= 0.0 && gradient > 0.0 {
            if gradient <= bound {
                largest = Some(largest.unwrap_or(0.0));
            }
            continue;
        }
        let moved = (*alpha - gradient / (dual.length + softness)).max(0.0);
        *change = (moved - *alpha) * sign;
        *alpha = moved;
        largest = Some(gradient.abs().max(largest.unwrap_or(0.0_f32)));
    }
    if changes.iter().any(|change| *change != 0.0) {
        for (feature, value) in dual.features {
            if let Some(each) = weights.get_mut(*feature as usize) {
                for (weight, change) in each.iter_mut().zip(&changes) {
                    *weight += change * value;
                }
            }
        }
        for (bias, change) in bias.iter_mut().zip(&changes) {
            *bias += change * BIAS;
        }
    }
    largest
}

/// A pseudo-random generator, xorshift64* (Marsaglia 2003): small, and the same on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a pseudo-random number from 0 to `bound` − 1; its bias is far too small to matter.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.next()) * (bound as u128);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
