//! Assigns a person to a user or a team, once and with a reason, and removes the assignment.

use super::*;
use crate::customer::Assignee;

fn assign(to: &Assignee, reason: &str) -> CustomerCommand {
    CustomerCommand::Assign {
        to: to.clone(),
        reason: reason.to_owned(),
    }
}

fn unassign() -> CustomerCommand {
    CustomerCommand::Unassign {
        reason: "moved".to_owned(),
    }
}

#[test]
fn a_person_is_assigned_to_one_at_a_time_and_with_a_reason() {
    let wang = Assignee::User("wang".parse().unwrap());
    let north = Assignee::Team("north".parse().unwrap());
    let mut given = vec![registered()];
    assert_eq!(
        decide(&[], assign(&wang, "r")),
        Err(CustomerRefusal::NotRegistered)
    );
    let unreasoned = decide(&given, assign(&wang, " "));
    assert!(matches!(unreasoned, Err(CustomerRefusal::ReasonNeeded { .. })));
    assert_eq!(decide(&given, unassign()), Ok(Vec::new()), "they had no assignee");
    given.extend(decide(&given, assign(&wang, "dialect")).unwrap());
    assert_eq!(state_at(&given, now()).assignee(), Some(&wang));
    assert_eq!(decide(&given, assign(&wang, "again")), Ok(Vec::new()));
    let moved = decide(&given, assign(&north, "load")).unwrap();
    let expected = CustomerEvent::Assigned {
        to: north,
        before: Some(wang),
        reason: "load".to_owned(),
    };
    assert_eq!(moved, [expected]);
    given.extend(moved);
    given.extend(decide(&given, unassign()).unwrap());
    assert_eq!(state_at(&given, now()).assignee(), None);
}
