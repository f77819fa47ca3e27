//! Reads the rows of `ledgerline import jdbc:…` from another database. They are then sent like a file.

use crate::jdbc::{self, Address, SCHEME, Statement};
use crate::kit::api::get;
use crate::kit::failure::Failure;
use crate::kit::secret::from_env;
use application::percent::encode;
use domain::campaign::QueryMark;
use domain::ids::CampaignId;
use host::outbound::api_client::ApiClient;
use serde_json::Value;
use std::path::Path;

/// Options for reading from a database instead of a file.
#[derive(Debug, clap::Args)]
pub(super) struct ImportQueryArgs {
    /// For a jdbc: address: one SELECT; its columns are mapped by name like those of a file
    #[arg(long, value_name = "SQL")]
    query: Option<String>,
    /// For a jdbc: address: read only rows from the last imported value of this column on (a number or a
    /// time)
    #[arg(long, value_name = "COLUMN", requires = "query")]
    since: Option<String>,
    /// Environment variable that holds the password of the database
    #[arg(long, value_name = "NAME", requires = "query")]
    password_env: Option<String>,
}

/// The rows read from the database, and the parameters of their import.
pub(super) struct DatabaseRows {
    pub name: String,
    /// Further parameters of the import request.
    pub parameters: String,
    pub file: std::fs::File,
}

/// Returns true if the argument is a jdbc: address and not a file.
pub(super) fn is_database(file: &Path) -> bool {
    file.to_str().is_some_and(|text| text.starts_with(SCHEME))
}

/// Parses the database address and the query, or returns `None` for a file. Wrong usage is reported before
/// the first request.
pub(super) fn parse_query(
    file: &Path,
    querying: &ImportQueryArgs,
) -> Result<Option<(Address, Statement)>, Failure> {
    match (is_database(file), &querying.query) {
        (false, None) => Ok(None),
        (false, Some(_)) => Err(Failure::usage("--query needs a jdbc: address, not a file")),
        (true, None) => Err(Failure::usage("a jdbc: address needs --query with one SELECT")),
        (true, Some(query)) => {
            let mut address = Address::parse(file.to_str().unwrap_or_default())?;
            if let Some(password) = from_env(querying.password_env.as_deref())? {
                address.password = Some(password);
            }
            let statement = Statement::parse(query, querying.since.as_deref())?;
            Ok(Some((address, statement)))
        }
    }
}

/// Runs the query, from the high-water mark that the campaign has stored for it.
pub(super) async fn run_query(
    address: &Address,
    mut statement: Statement,
    campaign: &CampaignId,
    client: &ApiClient,
) -> Result<DatabaseRows, Failure> {
    let query = statement.name(address);
    if statement.column().is_some() {
        let path = format!(
            "/api/v1/campaigns/{}/query?query={query}",
            encode(campaign.as_str())
        );
        let known = get(&path).ask(client).await?;
        if let Some(value) = known.pointer("/mark/value").and_then(Value::as_str) {
            statement.from(value.to_owned())?;
        }
    }
    let rows = jdbc::read(address, &statement)
        .await
        .map_err(domain::problem::Problem::from)?;
    let mut parameters = format!("&query={query}");
    if let (Some(column), Some(value)) = (statement.column(), &rows.last) {
        if !QueryMark::is_value(value) {
            let why = format!(
                "--since {column}: its values are neither numbers nor times, so no high-water mark can be stored"
            );
            return Err(Failure::refused(why));
        }
        parameters.push_str(&format!(
            "&since_column={}&since_value={}",
            encode(column),
            encode(value)
        ));
    }
    Ok(DatabaseRows {
        name: address.shown(),
        parameters,
        file: rows.file,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn querying(query: Option<&str>) -> ImportQueryArgs {
        ImportQueryArgs {
            query: query.map(str::to_owned),
            since: None,
            password_env: None,
        }
    }

    #[test]
    fn a_database_needs_a_query_and_a_file_has_none() {
        let of = |file: &str, query| parse_query(Path::new(file), &querying(query));
        assert!(of("people.csv", None).unwrap().is_none());
        assert!(of("people.csv", Some("select 1")).is_err());
        assert!(of("jdbc:mysql://h/d", None).is_err());
        let (address, _) = of("jdbc:mysql://h/d", Some("select 1")).unwrap().unwrap();
        assert_eq!(address.shown(), "jdbc:mysql://h:3306/d");
    }
}
