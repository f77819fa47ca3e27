//! Owners of webhooks, alert channels and saved reports: what they own works without a request. An owner's
//! rights are judged by the same definition as those of the caller of a request, from the user's own
//! stream.
//!
//! Nothing is cached: a permission that was taken back counts from the next message on. If the stream
//! cannot be read, the result is an error and never a lost right.

use crate::access::{Caller, KnownUser};
use crate::installation::Installation;
use domain::actor::SignInMethod;
use domain::ids::UserId;
use domain::permission::{AssigneeScope, CampaignScope, DataScope, Permission};
use domain::problem::{Problem, ProblemKind};
use domain::realm::RealmName;
use domain::webhook::{OwnerFault, REASON_BYTES_MAX, WebhookFacts};
use intake::members::ApiRequest;
use schemars::JsonSchema;

/// A request to take over what another user owns, with the reason.
#[derive(Debug, Clone, ApiRequest, JsonSchema)]
#[schemars(extend("examples" = [{ "reason": "its owner has left" }]))]
pub struct TakeOverRequest {
    /// Reason, stored permanently. It must not name a person.
    #[schemars(length(min = 1, max = REASON_BYTES_MAX))]
    pub reason: String,
}

/// An owner who may no longer have a webhook deliver, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostOwner {
    pub owner: UserId,
    pub fault: OwnerFault,
}

/// Returns the owner as a caller with all of the user's current permissions. `None` if the user is disabled
/// or a guest after the end of access. Without an owner on record, returns the owner of the data directory.
pub(crate) async fn active_owner(
    installation: &Installation,
    owner: Option<&UserId>,
) -> Result<Option<Caller>, Problem> {
    let Some(owner) = owner else {
        return Ok(Some(Caller::Directory { door: "directory" }));
    };
    let state = installation.entities.users.state(owner).await?.state;
    let Some(account) = state.active_at(installation.now()) else {
        return Ok(None);
    };
    Ok(Some(Caller::User(Box::new(KnownUser {
        user: owner.clone(),
        account: account.clone(),
        way: SignInMethod::Other,
        session: None,
        scopes: None,
        campaigns: CampaignScope::All,
        realm: RealmName::Real,
    }))))
}

/// Returns the owner of a webhook or channel, with the reason, if that user may not have it deliver now;
/// `None` if it may deliver.
pub(crate) async fn lost_owner(
    installation: &Installation,
    facts: &WebhookFacts,
) -> Result<Option<LostOwner>, Problem> {
    let Some(owner) = &facts.owner else {
        return Ok(None);
    };
    let fault = match active_owner(installation, Some(owner)).await? {
        None => Some(OwnerFault::OwnerDisabled),
        Some(caller) => (!may_own(&caller, facts)).then_some(OwnerFault::RightLost),
    };
    Ok(fault.map(|fault| LostOwner {
        owner: owner.clone(),
        fault,
    }))
}

/// Returns the permission that is required to add this webhook or alert channel.
const fn permission_of(facts: &WebhookFacts) -> Permission {
    if facts.is_channel {
        Permission::AlertsChannels
    } else {
        Permission::WebhooksWrite
    }
}

/// Returns true if the caller has the permission for all customers in the webhook's campaigns. An agent,
/// for example, may listen only to the calls of their own customers.
fn has_for(caller: &Caller, permission: Permission, facts: &WebhookFacts) -> bool {
    let scope = caller.scope_for(permission);
    scope.is_ok_and(|scope| scope.people == AssigneeScope::All && is_within(facts, &scope))
}

/// Returns the first permission that the caller lacks of those required to add this webhook or channel;
/// `None` if the caller has all.
pub(crate) fn lacked_permission(caller: &Caller, facts: &WebhookFacts) -> Option<Permission> {
    let base = facts.recordings_from.as_deref();
    let is_plain = base.is_some_and(|base| base.starts_with("http://"));
    let needed = [
        (true, permission_of(facts)),
        (facts.allow_private || is_plain, Permission::WebhooksPrivate),
        (base.is_some(), Permission::RecordingsRead),
    ];
    let lacked = needed
        .into_iter()
        .find(|(is_needed, permission)| *is_needed && !has_for(caller, *permission, facts));
    lacked.map(|(_, permission)| permission)
}

fn may_own(caller: &Caller, facts: &WebhookFacts) -> bool {
    lacked_permission(caller, facts).is_none()
}

/// Returns true if a webhook delivers only events of campaigns within this scope.
pub(crate) fn is_within(facts: &WebhookFacts, scope: &DataScope) -> bool {
    scope.campaigns.is_all() || facts.campaigns.and(&scope.campaigns) == facts.campaigns
}

/// Returns the refusal of a take-over by a caller without the permission `lacked`, which adding the same
/// webhook requires.
pub(crate) fn refuse_take_over(lacked: &str) -> Problem {
    Problem::new(
        ProblemKind::Forbidden,
        "take-over-beyond-rights",
        format!("taking over needs the same permissions as adding; missing: {lacked}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::permission::Role;
    use domain::personal::Personal;
    use domain::stored_event::Position;
    use domain::user::Account;
    use domain::webhook::WebhookFormat;

    fn caller(roles: &[Role], campaigns: CampaignScope) -> Caller {
        Caller::User(Box::new(KnownUser {
            user: "wang".parse().unwrap(),
            account: Account {
                roles: roles.iter().copied().collect(),
                campaigns,
                team: None,
                disabled: false,
                until: None,
            },
            way: SignInMethod::Other,
            session: None,
            scopes: None,
            campaigns: CampaignScope::All,
            realm: RealmName::Real,
        }))
    }

    fn facts() -> WebhookFacts {
        WebhookFacts {
            format: WebhookFormat::Standard,
            target: Personal::open("https://example.com/".to_owned()),
            shown: "https://example.com/".to_owned(),
            kinds: ["call.ended".to_owned()].into(),
            campaigns: CampaignScope::All,
            allow_private: false,
            secret: None,
            bearer: None,
            to: None,
            smtp: None,
            recordings_from: None,
            after: Position(0),
            is_channel: false,
            owner: Some("wang".parse().unwrap()),
        }
    }

    #[test]
    fn an_owner_needs_every_right_that_adding_it_needs() {
        let lacked = |roles: &[Role], facts: &WebhookFacts| {
            lacked_permission(&caller(roles, CampaignScope::All), facts)
        };
        let plain = facts();
        assert_eq!(lacked(&[Role::Integrator], &plain), None);
        assert_eq!(lacked(&[Role::Viewer], &plain), Some(Permission::WebhooksWrite));
        let private = WebhookFacts {
            allow_private: true,
            ..facts()
        };
        assert_eq!(
            lacked(&[Role::Integrator], &private),
            Some(Permission::WebhooksPrivate)
        );
        assert_eq!(lacked(&[Role::Admin], &private), None);
        let listening = |base: &str| WebhookFacts {
            recordings_from: Some(base.to_owned()),
            ..facts()
        };
        let sound = listening("https://calls.example.com");
        assert_eq!(lacked(&[Role::Admin], &sound), Some(Permission::RecordingsRead));
        assert_eq!(
            lacked(&[Role::Admin, Role::Agent], &sound),
            Some(Permission::RecordingsRead),
            "an agent's reach is their own customers"
        );
        assert_eq!(lacked(&[Role::Integrator], &sound), None);
        assert_eq!(
            lacked(&[Role::Integrator], &listening("http://calls.example.com")),
            Some(Permission::WebhooksPrivate)
        );
        let channel = WebhookFacts {
            is_channel: true,
            ..facts()
        };
        assert_eq!(
            lacked(&[Role::Integrator], &channel),
            Some(Permission::AlertsChannels)
        );
        assert_eq!(lacked(&[Role::Admin], &channel), None);
        let owner = Caller::Directory { door: "directory" };
        assert!(may_own(&owner, &private) && may_own(&owner, &sound));
    }

    #[test]
    fn an_owner_s_campaigns_cover_those_of_the_webhook() {
        let only = |names: &[&str]| CampaignScope::of(names.iter().map(|name| name.parse().unwrap()));
        let of_two = WebhookFacts {
            campaigns: only(&["A", "B"]),
            ..facts()
        };
        let may = |campaigns, facts: &WebhookFacts| may_own(&caller(&[Role::Integrator], campaigns), facts);
        assert!(may(CampaignScope::All, &of_two) && may(only(&["A", "B", "C"]), &of_two));
        assert!(!may(only(&["A"]), &of_two), "B was taken back");
        assert!(!may(only(&["A", "B"]), &facts()), "it covers all campaigns");
    }
}
