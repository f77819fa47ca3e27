//! Fair sharing of slots between campaigns: weighted max-min fairness in whole slots. No claim gets more than
//! it wants, unused shares go to the others, and with at least as many slots as claims every claim gets one.
//!
//! Pure: equal claims in equal order give equal shares. A remainder is given out one by one in the given
//! order, so callers rotate the order from time to time.

/// One campaign's claim to slots: how many it wants and its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotDemand {
    /// At least 1; 0 counts as 1.
    pub weight: u32,
    pub wants: u32,
}

/// Divides `places` slots among the claims, by weighted max-min fairness. Returns the number for each
/// claim, in their order: at most what it wants, together at most `places`. A remainder goes one by one to
/// the first claims.
pub fn shares(places: u32, claims: &[SlotDemand]) -> Vec<u32> {
    let mut given = vec![0_u32; claims.len()];
    let mut left = places;
    loop {
        let open: Vec<usize> = (0..claims.len())
            .filter(|index| missing(claims, &given, *index) > 0)
            .collect();
        if left == 0 || open.is_empty() {
            lift(claims, &mut given);
            return given;
        }
        let weights: u64 = open.iter().map(|index| weight(claims, *index)).sum();
        let before = left;
        for index in &open {
            let part = u64::from(before) * weight(claims, *index) / weights;
            left -= give(
                claims,
                &mut given,
                *index,
                u32::try_from(part).unwrap_or(u32::MAX).min(left),
            );
        }
        if left == before {
            // Less than one slot for each claim: give them out one by one, in order.
            for index in &open {
                left -= give(claims, &mut given, *index, 1.min(left));
            }
        }
    }
}

/// Gives each claim without a slot one slot of the claim with the most, so that a small weight still gets
/// one.
fn lift(claims: &[SlotDemand], given: &mut [u32]) {
    for index in 0..claims.len() {
        if given.get(index) != Some(&0) || missing(claims, given, index) == 0 {
            continue;
        }
        let Some(most) = given.iter_mut().max().filter(|most| **most > 1) else {
            return;
        };
        *most -= 1;
        give(claims, given, index, 1);
    }
}

fn weight(claims: &[SlotDemand], index: usize) -> u64 {
    claims
        .get(index)
        .map_or(1, |claim| u64::from(claim.weight.max(1)))
}

fn missing(claims: &[SlotDemand], given: &[u32], index: usize) -> u32 {
    let wants = claims.get(index).map_or(0, |claim| claim.wants);
    wants.saturating_sub(given.get(index).copied().unwrap_or_default())
}

/// Gives a claim at most `part` slots and at most those it misses. Returns how many were given.
fn give(claims: &[SlotDemand], given: &mut [u32], index: usize, part: u32) -> u32 {
    let part = part.min(missing(claims, given, index));
    if let Some(has) = given.get_mut(index) {
        *has += part;
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(places: u32, claims: &[(u32, u32)], expected: &[u32]) {
        let claims: Vec<SlotDemand> = claims
            .iter()
            .map(|(weight, wants)| SlotDemand {
                weight: *weight,
                wants: *wants,
            })
            .collect();
        assert_eq!(shares(places, &claims), expected, "{places} {claims:?}");
    }

    #[test]
    fn shares_are_as_their_goldens() {
        check(10, &[(1, 10)], &[10]);
        check(10, &[(1, 3)], &[3]);
        check(10, &[(1, 10), (1, 10)], &[5, 5]);
        check(10, &[(1, 2), (1, 10)], &[2, 8]);
        check(10, &[(1, 2), (1, 3), (1, 10)], &[2, 3, 5]);
        check(12, &[(1, 12), (2, 12), (3, 12)], &[2, 4, 6]);
        check(12, &[(1, 12), (2, 12), (3, 1)], &[4, 7, 1]);
        check(3, &[(100, 100), (1, 1), (1, 1)], &[1, 1, 1]);
        check(0, &[(1, 5), (1, 5)], &[0, 0]);
        check(7, &[], &[]);
        check(2, &[(1, 5), (1, 5), (1, 5)], &[1, 1, 0]);
        check(5, &[(1, 5), (1, 5), (1, 5)], &[2, 2, 1]);
        check(10, &[(0, 10), (1, 10)], &[5, 5]);
        check(u32::MAX, &[(1, u32::MAX), (1, 7)], &[u32::MAX - 7, 7]);
    }

    /// Generates claims from a seed.
    fn made_up(mut seed: u64) -> (u32, Vec<SlotDemand>) {
        let mut next = |max: u32| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(seed >> 33).unwrap() % max
        };
        let places = next(300);
        let count = next(9) + 1;
        let claims = (0..count).map(|_| SlotDemand {
            weight: next(5) + 1,
            wants: next(120),
        });
        (places, claims.collect())
    }

    #[test]
    fn nothing_is_wasted_and_no_share_is_above_its_wish_or_much_below_its_part() {
        for seed in 0..2_000 {
            let (places, claims) = made_up(seed);
            let given = shares(places, &claims);
            let wanted: u32 = claims.iter().map(|claim| claim.wants).sum();
            assert_eq!(
                given.iter().sum::<u32>(),
                places.min(wanted),
                "{places} {claims:?}"
            );
            let weights: u32 = claims.iter().map(|claim| claim.weight).sum();
            for (claim, has) in claims.iter().zip(&given) {
                assert!(*has <= claim.wants);
                // Max-min: each claim gets at least the integer part of its weighted share, or all it wants,
                // less one slot that went to a claim without any.
                let part = places * claim.weight / weights;
                assert!(*has + 9 >= part.min(claim.wants), "{places} {claims:?} {given:?}");
                let served = places < u32::try_from(claims.len()).unwrap() || claim.wants == 0;
                assert!(*has > 0 || served, "{places} {claims:?} {given:?}");
            }
        }
    }
}
