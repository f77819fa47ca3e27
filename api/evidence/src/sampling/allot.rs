//! Divides a whole by largest remainder (Hamilton), with integers only, so that every machine gives the same
//! result.

/// Divides `size` over parts of these sizes in proportion, by largest remainder. No part gets more than it
/// has, and the results add up to `min(size, sum of the parts)`. With equal remainders the earlier part
/// gets more.
pub(crate) fn allot(size: u64, parts: &[u64]) -> Vec<u64> {
    let whole: u128 = parts.iter().map(|part| u128::from(*part)).sum();
    if whole == 0 {
        return vec![0; parts.len()];
    }
    let size = u128::from(size).min(whole);
    let quota = |part: &u64| size * u128::from(*part);
    let mut shares: Vec<u128> = parts.iter().map(|part| quota(part) / whole).collect();
    let mut open = size - shares.iter().sum::<u128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let remainder = |index: &usize| parts.get(*index).map_or(0, |part| quota(part) % whole);
    order.sort_by_key(|index| std::cmp::Reverse(remainder(index)));
    for index in order {
        if open == 0 {
            break;
        }
        if let Some(share) = shares.get_mut(index) {
            *share += 1;
            open -= 1;
        }
    }
    let narrow = |share: u128| u64::try_from(share).unwrap_or(u64::MAX);
    shares.into_iter().map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use crate::sampling::allot::allot;

    #[test]
    fn shares_add_up_and_follow_the_largest_remainders() {
        assert_eq!(allot(10, &[70, 30]), [7, 3]);
        assert_eq!(allot(10, &[47, 16, 15, 12, 10]), [5, 2, 1, 1, 1]);
        assert_eq!(
            allot(1, &[1, 1, 1]),
            [1, 0, 0],
            "equal remainders: the earlier part"
        );
        assert_eq!(allot(0, &[5]), [0]);
        assert_eq!(allot(9, &[]), Vec::<u64>::new());
    }

    #[test]
    fn no_part_gives_more_than_it_has_and_the_whole_is_the_most() {
        for size in 0..=12 {
            for parts in [[5, 0, 4], [1, 1, 7], [9, 0, 0], [3, 3, 3]] {
                let shares = allot(size, &parts);
                assert_eq!(shares.iter().sum::<u64>(), size.min(9));
                assert!(shares.iter().zip(parts).all(|(share, part)| *share <= part));
            }
        }
    }
}
