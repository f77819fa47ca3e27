//! Finds the privileges that the role of a database has and does not need, for `doctor`: a role for log, rows
//! and keys should own its database and nothing else.

use super::connect::{Address, Purpose, classify_error, configure_address, read_url};
use crate::error::ProjectionError;
use domain::ports::tasks::Tasks;
use tokio::sync::oneshot;

/// Lists the role's attributes, and the predefined roles of PostgreSQL with access to the server's files and
/// programs. A superuser has all of those.
const POWERS: &str = "select p.power from pg_roles r, lateral (values ('superuser', r.rolsuper), \
     ('createrole', r.rolcreaterole), ('createdb', r.rolcreatedb), ('replication', r.rolreplication), \
     ('bypassrls', r.rolbypassrls)) as p(power, has) where r.rolname = current_user and p.has \
     union all select m.rolname::text from pg_roles m, pg_roles r where r.rolname = current_user \
     and not r.rolsuper and m.rolname in ('pg_execute_server_program', 'pg_read_server_files', \
     'pg_write_server_files') and pg_has_role(r.oid, m.oid, 'usage')";

/// Returns the privileges of the URL's role that it does not need and that can be revoked, by their
/// PostgreSQL names; empty if there are none.
pub async fn idle_powers(url: &str, tasks: &dyn Tasks) -> Result<Vec<String>, ProjectionError> {
    let address = configure_address(&read_url(url)?, Purpose::Read);
    let (send, said) = oneshot::channel();
    let look = move || {
        // The caller may have gone.
        drop(send.send(look(&address)));
    };
    tasks.thread("role powers", Box::new(look));
    let gone =
        |_| ProjectionError::Unavailable("the server is stopping; the database was not queried".to_owned());
    said.await.map_err(gone)?
}

fn look(address: &Address) -> Result<Vec<String>, ProjectionError> {
    let failed = |error: &postgres::Error| classify_error(error, Purpose::Read);
    let mut client = address.connect().map_err(|error| failed(&error))?;
    let rows = client.query(POWERS, &[]).map_err(|error| failed(&error))?;
    let names = rows.iter().map(|row| row.try_get::<_, String>(0));
    names.collect::<Result<_, _>>().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestTasks, postgres_url, run_sql};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_a_role_does_not_need_is_named_and_one_that_owns_its_database_has_none() {
        let Some(url) = postgres_url() else { return };
        run_sql(
            &url,
            "create role narrow login; create role broad login createdb bypassrls; \
             grant pg_read_server_files to broad",
        );
        let tasks = TestTasks::default();
        let of = |role: &str| url.replace("ledgerline@", &format!("{role}@"));
        let (owner, narrow, broad) = (of("ledgerline"), of("narrow"), of("broad"));
        assert_eq!(idle_powers(&narrow, &tasks).await, Ok(Vec::new()));
        let mut found = idle_powers(&broad, &tasks).await.unwrap();
        found.sort();
        assert_eq!(found, ["bypassrls", "createdb", "pg_read_server_files"]);
        let found = idle_powers(&owner, &tasks).await.unwrap();
        assert!(found.contains(&"superuser".to_owned()), "{found:?}");
        assert!(!found.iter().any(|power| power.starts_with("pg_")), "{found:?}");
        tasks.stop().await;
    }
}
