//! One linear judge per intent: an L2-regularised, squared-hinge support vector machine, solved in its dual.
//!
//! Dual coordinate descent with shrinking (Hsieh et al., ICML 2008), each feature scaled by how much it
//! speaks for the intent (log-count ratios: Wang and Manning, ACL 2012). Intents are shared out over
//! threads; each is solved alone from its own seed, so the number of threads changes nothing.

use super::rows::Rows;

/// How the judges are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// How much a fault on a row costs beside the size of the weights.
    pub(crate) cost: f32,
    /// The same for rows of the intent itself, as a multiple.
    pub(crate) own_rows: f32,
    /// 0: all features alike; 1: by their log-count ratio alone.
    pub(crate) by_ratio: f32,
    /// Passes over the rows at most.
    pub(crate) passes: usize,
    /// Orders the rows.
    pub(crate) seed: u64,
}

/// What one intent's judge learned: a weight per feature, and a bias last.
pub(crate) type Weights = Vec<f32>;

/// The value of the feature that every row has.
const BIAS: f32 = 0.6;

/// Below this no row moves any more.
const TOLERANCE: f32 = 0.02;

/// Learns a judge for each intent; rows whose intent is none belong to nobody.
pub(crate) fn solve(rows: &Rows, intents: usize, effort: Effort, threads: usize) -> Vec<Weights> {
    let threads = threads.clamp(1, intents.max(1));
    let part = |first: usize| -> Vec<(usize, Weights)> {
        let own = (first..intents).step_by(threads);
        own.map(|intent| (intent, one(rows, intent, effort))).collect()
    };
    let mut all: Vec<(usize, Weights)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|first| scope.spawn(move || part(first))).collect();
        let mut all = part(0);
        for other in others {
            all.extend(other.join().unwrap_or_default());
        }
        all
    });
    all.sort_by_key(|(intent, _)| *intent);
    all.into_iter().map(|(_, weights)| weights).collect()
}

/// A row on its way through the passes.
struct Dual<'r> {
    features: &'r [(u32, f32)],
    sign: f32,
    alpha: f32,
    /// The row's own squared length in scaled features, with the softness of its margin.
    curvature: f32,
    softness: f32,
}

fn one(rows: &Rows, intent: usize, effort: Effort) -> Weights {
    let scales = scales(rows, intent, effort.by_ratio);
    let scale = |feature: u32| scales.get(feature as usize).copied().unwrap_or(0.0);
    let mut duals: Vec<Dual<'_>> = rows
        .iter()
        .map(|(features, owner)| {
            let own = owner == Some(intent);
            let cost = if own { effort.cost * effort.own_rows } else { effort.cost };
            let softness = 0.5 / cost;
            let length: f32 = features.iter().map(|(feature, value)| value * value * scale(*feature)).sum();
            let sign = if own { 1.0 } else { -1.0 };
            Dual { features, sign, alpha: 0.0, curvature: length + BIAS * BIAS + softness, softness }
        })
        .collect();
    let mut weights: Weights = vec![0.0; rows.features() + 1];
    let mut active: Vec<usize> = (0..duals.len()).collect();
    let mut random = Random(effort.seed ^ (intent as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut bound = f32::INFINITY;
    let all = active.len();
    for _ in 0..effort.passes {
        random.shuffle(&mut active);
        let mut largest = 0.0_f32;
        active.retain(|row| {
            let Some(dual) = duals.get_mut(*row) else {
                return false;
            };
            let gradient = step(dual, &mut weights, &scales, bound);
            largest = largest.max(gradient.unwrap_or(0.0));
            gradient.is_some()
        });
        if largest <= TOLERANCE {
            if active.len() == all || bound.is_infinite() {
                break;
            }
            // What was set aside may have come back into play.
            active = (0..all).collect();
            bound = f32::INFINITY;
            continue;
        }
        bound = largest;
    }
    weights
}

/// Moves one row to its best place; says how far it was from it, or nothing where it may be set aside.
fn step(dual: &mut Dual<'_>, weights: &mut [f32], scales: &[f32], bound: f32) -> Option<f32> {
    let (bias, weights) = weights.split_last_mut()?;
    let dot: f32 = dual
        .features
        .iter()
        .map(|(feature, value)| weights.get(*feature as usize).copied().unwrap_or(0.0) * value)
        .sum();
    let score = dot + *bias * BIAS;
    let gradient = dual.sign * score - 1.0 + dual.alpha * dual.softness;
    if dual.alpha <= 0.0 && gradient > 0.0 {
        return (gradient <= bound).then_some(0.0);
    }
    if gradient.abs() > 1e-7 {
        let before = dual.alpha;
        dual.alpha = (before - gradient / dual.curvature).max(0.0);
        let change = (dual.alpha - before) * dual.sign;
        for (feature, value) in dual.features {
            let feature = *feature as usize;
            if let (Some(weight), Some(scale)) = (weights.get_mut(feature), scales.get(feature)) {
                *weight += change * value * scale;
            }
        }
        *bias += change * BIAS;
    }
    Some(gradient.abs())
}

/// The squared scale of each feature for an intent.
fn scales(rows: &Rows, intent: usize, by_ratio: f32) -> Vec<f32> {
    let features = rows.features();
    if by_ratio <= 0.0 {
        return vec![1.0; features];
    }
    let (mut own, mut others) = (vec![0.02_f32; features], vec![0.02_f32; features]);
    let (mut own_rows, mut other_rows) = (1.0_f32, 1.0_f32);
    for (row, owner) in rows.iter() {
        let is_own = owner == Some(intent);
        *(if is_own { &mut own_rows } else { &mut other_rows }) += 1.0;
        let sums = if is_own { &mut own } else { &mut others };
        for (feature, value) in row {
            if let Some(sum) = sums.get_mut(*feature as usize) {
                *sum += value;
            }
        }
    }
    let ratio = |own: &f32, other: &f32| ((own / own_rows) / (other / other_rows)).ln().abs();
    let ratios: Vec<f32> = own.iter().zip(&others).map(|(own, other)| ratio(own, other)).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of features far below 2^24")]
    let mean = ratios.iter().sum::<f32>() / features.max(1) as f32;
    let scale = |ratio: &f32| (1.0 - by_ratio + by_ratio * ratio / mean.max(1e-6)).powi(2);
    ratios.iter().map(scale).collect()
}

/// xorshift64* (Marsaglia 2003): small, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below a bound; the bias is far below what could be noticed.
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
