//! The database is unreachable longer than the calls last: what the far ends of the calls sent is stored when
//! it is back, and no leg is hung up twice.

use tests::prove::outage::prove_long_outage;

#[test]
fn answers_of_a_long_outage_are_stored_and_no_leg_gets_a_second_bye() {
    let Some((sums, holds)) = prove_long_outage() else {
        tests::say_skipped(
            "answers of a long outage",
            "the programs of PostgreSQL are not installed",
        );
        return;
    };
    assert!(holds, "{sums:#}");
}
