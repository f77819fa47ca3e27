//! The view of assignments: the user or team to which each customer is assigned. It is a lookup only; the
//! customer's own events decide.

use crate::database::{ReadDb, Table, Tx};
use crate::error::ProjectionError;
use crate::value::{Row, Val};
use crate::view::{AnyEvent, HandledKinds, View, ViewDefinition, ViewEvent};
use domain::customer::Assignee;
use domain::customer::event::CustomerEvent;
use domain::ids::CustomerId;

/// The view's name, for `wait_for_view`.
pub const NAME: &str = "assignment_board";

/// Most assignees of one query, the members of a team and the team; further ones are ignored.
pub const ASSIGNEES_MAX: usize = 500;

/// The view of assignments of customers.
pub struct AssignmentBoard;

static TABLES: [Table; 1] = [Table {
    name: "assignment_board",
    ddl: &[
        "create table assignment_board (customer text primary key, assignee text not null, pos bigint not null)",
        "create index assignment_board_of on assignment_board (assignee, customer)",
    ],
    key_columns: 1,
}];

const DEFINITION: ViewDefinition = ViewDefinition {
    name: NAME,
    version: 1,
    tables: &TABLES,
    handles: HandledKinds::Kinds(&[CustomerEvent::ASSIGNED, CustomerEvent::UNASSIGNED]),
};

impl View for AssignmentBoard {
    fn definition(&self) -> ViewDefinition {
        DEFINITION
    }

    fn apply(&self, tx: &mut dyn Tx, event: &ViewEvent) -> Result<(), ProjectionError> {
        let AnyEvent::Customer(fact) = event.event()? else {
            return Ok(());
        };
        let customer: CustomerId = event.stream_id()?;
        match fact {
            CustomerEvent::Assigned { to, .. } => {
                let [table] = &TABLES;
                let row = vec![
                    Val::text(&customer),
                    Val::text(word(to)),
                    Val::position(event.position),
                ];
                tx.put(table, row)
            }
            CustomerEvent::Unassigned { .. } => {
                let gone = [Val::text(&customer)];
                tx.exec("delete from assignment_board where customer = $1", &gone)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Returns an assignee as the rows store it, with its kind, because a user and a team may have the same
/// name.
fn word(to: &Assignee) -> String {
    match to {
        Assignee::User(user) => format!("user {user}"),
        Assignee::Team(team) => format!("team {team}"),
    }
}

/// Returns customers assigned to any of these assignees, ordered by internal id, after `behind`; at most
/// `limit`. Without assignees: customers assigned to any user or team.
pub async fn list_assigned(
    db: &dyn ReadDb,
    assignees: Option<&[Assignee]>,
    behind: Option<&CustomerId>,
    limit: usize,
) -> Result<Vec<CustomerId>, ProjectionError> {
    let mut values = vec![
        Val::text(behind.map_or("", CustomerId::as_str)),
        Val::count(limit),
    ];
    let mut sql = "select customer from assignment_board where customer > $1".to_owned();
    if let Some(assignees) = assignees {
        let mut places = Vec::new();
        for to in assignees.iter().take(ASSIGNEES_MAX) {
            values.push(Val::text(word(to)));
            places.push(format!("${}", values.len()));
        }
        if places.is_empty() {
            return Ok(Vec::new());
        }
        sql.push_str(&format!(" and assignee in ({})", places.join(", ")));
    }
    sql.push_str(" order by customer limit $2");
    let rows = db.query(&sql, values).await?;
    rows.into_iter().map(|mut row: Row| row.parse()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestHistory, customer};

    fn user(name: &str) -> Assignee {
        Assignee::User(name.parse().unwrap())
    }

    fn given(to: Assignee) -> CustomerEvent {
        CustomerEvent::Assigned {
            to,
            before: None,
            reason: "their region".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_customer_is_found_by_the_current_assignee() {
        let mut story = TestHistory::new();
        let team = Assignee::Team("wang".parse().unwrap());
        story
            .customer(1, given(user("wang")))
            .customer(2, given(team.clone()))
            .customer(3, given(user("li")))
            .customer(3, given(user("wang")))
            .customer(4, given(user("wang")));
        story.customer(
            4,
            CustomerEvent::Unassigned {
                before: user("wang"),
                reason: "moved".to_owned(),
            },
        );
        let (db, _runner) = story.shown_by(AssignmentBoard).await;
        let found = async |assignees: &[Assignee], behind: Option<CustomerId>, limit| {
            let found = list_assigned(db.as_ref(), Some(assignees), behind.as_ref(), limit).await;
            let mut found = found.unwrap();
            found.sort();
            found
        };
        let sorted = |mut of: Vec<CustomerId>| {
            of.sort();
            of
        };
        let own = sorted(vec![customer(1), customer(3)]);
        assert_eq!(found(&[user("wang")], None, 9).await, own);
        assert_eq!(found(&[user("wang")], None, 1).await, own[..1]);
        assert_eq!(found(&[user("wang")], Some(own[0].clone()), 9).await, own[1..]);
        assert_eq!(found(&[team], None, 9).await, [customer(2)]);
        assert_eq!(found(&[user("li")], None, 9).await, []);
        assert_eq!(found(&[], None, 9).await, []);
        let of_any_assignee = list_assigned(db.as_ref(), None, None, 9).await.unwrap();
        assert_eq!(of_any_assignee.len(), 3);
    }
}
