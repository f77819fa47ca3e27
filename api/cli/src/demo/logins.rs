//! One login per role for the demo; the same at each start on one directory.

use crate::demo::campaign::DemoCampaign;
use crate::demo::line;
use crate::kit::failure::Failure;
use crate::kit::output;
use crate::kit::table::two_columns;
use application::access::{NewUserRequest, add_user};
use application::installation::Installation;
use application::language::localized;
use application::private_file;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{CommandId, UserId};
use domain::permission::Role;
use domain::stored_event::Cause;
use std::io;
use std::path::Path;

/// File with the logins, in the directory of the simulated world.
const LOGINS_FILE: &str = "logins";

/// Random bytes of a generated password: 96 bits, 16 characters.
const PASSWORD_BYTES: usize = 12;

/// Team of the supervisor and the agent.
const TEAM: &str = "demo";

/// A user of the demo, named like the role.
struct Login {
    role: Role,
    password: String,
}

/// Creates a user for each role that does not exist yet, and prints the login of each.
pub(super) async fn show(installation: &Installation, rehearsal: &Path, url: &str) -> Result<(), Failure> {
    let file = rehearsal.join(LOGINS_FILE);
    let logins = match std::fs::read_to_string(&file) {
        Ok(text) => read(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let made = Role::ALL.map(|role| make(installation, role));
            // Stored before they are used: if the start is killed here, the next one uses the same.
            private_file::write(&file, text_of(&made).as_bytes())?;
            made.into()
        }
        Err(error) => return Err(error.into()),
    };
    line(localized("登录", "sign in"), &url)?;
    for login in &logins {
        add(installation, login).await?;
    }
    let shown = logins
        .iter()
        .map(|login| format!("{:<12} {}", login.role, login.password));
    two_columns(shown).iter().try_for_each(|line| output::line(line))
}

fn make(installation: &Installation, role: Role) -> Login {
    let mut bytes = [0_u8; PASSWORD_BYTES];
    installation.environment.ids.random(&mut bytes);
    Login {
        role,
        password: URL_SAFE_NO_PAD.encode(bytes),
    }
}

async fn add(installation: &Installation, login: &Login) -> Result<(), Failure> {
    let name = login.role.code();
    let is_held = matches!(login.role, Role::Agent | Role::Supervisor);
    let order = NewUserRequest {
        name: name.to_owned(),
        roles: [login.role].into(),
        campaigns: is_held.then(|| vec![DemoCampaign::Keys.id(), DemoCampaign::Spoken.id()]),
        team: if is_held { TEAM.parse().ok() } else { None },
        password: Some(login.password.clone()),
        reason: Some("demonstration".to_owned()),
        mail: None,
        until: None,
    };
    let id = UserId::typed(name).map_err(|error| Failure::fault(error.to_string()))?;
    let known = installation.entities.users.state(&id).await;
    if known.is_ok_and(|known| known.state.account().is_some()) {
        return Ok(());
    }
    let cause = Cause::outside(CommandId::derive_from_text(&format!("demo user {name}")));
    add_user(installation, order, cause).await?;
    Ok(())
}

fn text_of(logins: &[Login]) -> String {
    let lines = logins
        .iter()
        .map(|login| format!("{} {}\n", login.role, login.password));
    lines.collect()
}

fn read(text: &str) -> Vec<Login> {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let logins = lines.filter_map(|(role, password)| {
        Some(Login {
            role: role.parse().ok()?,
            password: password.to_owned(),
        })
    });
    logins.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_kept_and_read_as_they_were() {
        let made = Role::ALL.map(|role| Login {
            role,
            password: format!("{role}-password"),
        });
        let kept = read(&text_of(&made));
        assert_eq!(kept.len(), 9);
        assert_eq!(
            (kept[8].role, kept[8].password.as_str()),
            (Role::Integrator, "integrator-password")
        );
    }
}
