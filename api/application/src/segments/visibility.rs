//! What an answer about a segment shows to a caller. Without `customers:reveal`, it must not allow a caller
//! to find a sealed attribute digit by digit.
//!
//! A condition like `monthly_income > 5000` compares a sealed value with one that the caller chose. A
//! caller without `customers:reveal` for all campaigns gets counts rounded down to tens, and no customer
//! ids.

use super::SegmentCounted;
use super::grouping::GroupsFound;
use super::rfm::RfmGradesResponse;
use crate::access::Caller;
use crate::lists::report::ROUNDED_TO;
use domain::permission::Permission;
use domain::segment::Segment;

/// What a caller may see of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentVisibility {
    reveals: bool,
    reads: bool,
}

/// Returns the count rounded down to tens.
pub const fn rounded(count: u64) -> u64 {
    count / ROUNDED_TO * ROUNDED_TO
}

/// Returns the count rounded down to tens.
pub fn rounded_size(count: usize) -> usize {
    let to = usize::try_from(ROUNDED_TO).unwrap_or(1);
    count / to * to
}

impl SegmentVisibility {
    /// What the program itself sees: exact counts and all ids.
    pub const ALL: Self = Self {
        reveals: true,
        reads: true,
    };

    /// Returns what this caller may see. Only permissions for all campaigns count.
    pub fn of(caller: &Caller) -> Self {
        let reaches_all = |permission| caller.scope_for(permission).is_ok_and(|scope| scope.is_all());
        Self {
            reveals: reaches_all(Permission::CustomersReveal),
            reads: reaches_all(Permission::CustomersRead),
        }
    }

    /// Returns true if the caller gets exact counts also over sealed attributes: has `customers:reveal` for
    /// all campaigns.
    pub const fn reveals(self) -> bool {
        self.reveals
    }

    /// Returns true if the caller has `customers:read` for all campaigns.
    pub const fn reads(self) -> bool {
        self.reads
    }

    /// Returns true if counts of this segment are rounded down to tens for the caller: it uses sealed
    /// attributes, and the caller lacks `customers:reveal`.
    pub fn rounds(self, segment: &Segment) -> bool {
        !self.reveals && !segment.sealed_columns().is_empty()
    }

    /// Returns true if the caller may see the ids of this segment's customers. Needs `customers:read`, and
    /// for a segment over sealed attributes `customers:reveal`, for all campaigns.
    pub fn names(self, segment: &Segment) -> bool {
        self.reads && !self.rounds(segment)
    }

    pub(super) fn counted(self, counted: SegmentCounted, segment: &Segment) -> SegmentCounted {
        match self.rounds(segment) {
            true => SegmentCounted {
                count: rounded(counted.count),
                rounded: true,
                ..counted
            },
            false => counted,
        }
    }
}

impl GroupsFound {
    pub(super) fn rounded(mut self) -> Self {
        self.answered = rounded_size(self.answered);
        self.converted = rounded_size(self.converted);
        for group in &mut self.groups {
            group.people = rounded_size(group.people);
            group.held_back = rounded_size(group.held_back);
            group.held_back_converted = rounded_size(group.held_back_converted);
            let per = group.held_back_converted.saturating_mul(10_000);
            let conversion = per.checked_div(group.held_back).unwrap_or(0);
            group.conversion_per_ten_thousand = u64::try_from(conversion).unwrap_or(0);
        }
        self
    }
}

impl RfmGradesResponse {
    pub(super) fn rounded(mut self) -> Self {
        self.without_facts = rounded_size(self.without_facts);
        for grade in &mut self.grades {
            grade.people = rounded_size(grade.people);
            grade.converted = rounded_size(grade.converted);
            for people in grade.scores.values_mut() {
                *people = rounded_size(*people);
            }
            grade.scores.retain(|_, people| *people > 0);
        }
        self
    }
}
