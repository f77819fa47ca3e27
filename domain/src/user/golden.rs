//! Golden tests: the stored form of every user event equals its golden file.

use super::event::{Invitation, LinkDelivery, SignInFault, UserEvent, UserScope};
use super::second_factor::SecondFactorUsed;
use crate::personal::{LookupHash, Personal};
use crate::record::golden_support::{at, campaign, check, check_with};
use values::digest::SecretDigest;
use values::permission::{CampaignScope, Role};

/// Returns a guest's scope that ends after so many milliseconds.
fn scope(campaigns: CampaignScope, team: Option<&str>, ms: u64) -> UserScope {
    UserScope {
        campaigns,
        team: team.map(|team| team.parse().unwrap()),
        until: Some(at().plus_ms(ms)),
    }
}

#[test]
fn every_kind_is_written_and_read_as_its_golden_file_says() {
    let invitation = Invitation {
        sha256: SecretDigest::of("link"),
        until: at().plus_ms(86_400_000),
        delivery: None,
    };
    let password = || Personal::open("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned());
    let before: std::collections::BTreeSet<Role> = [Role::Operator].into();
    let after: std::collections::BTreeSet<Role> = [Role::Operator, Role::Analyst].into();
    let events = [
        UserEvent::Added {
            roles: before.clone(),
            campaigns: CampaignScope::of([campaign()]),
            team: Some("north".parse().unwrap()),
            password: Some(password()),
            invitation: Some(invitation),
            reason: Some("joins the team".to_owned()),
            until: None,
            mail: None,
        },
        UserEvent::Invited { invitation },
        UserEvent::PasswordChosen {
            password: password(),
            second_factor: None,
        },
        UserEvent::ScopeChanged {
            before: scope(CampaignScope::of([campaign()]), None, 86_400_000),
            after: scope(CampaignScope::All, Some("north"), 172_800_000),
            reason: "the audit takes longer".to_owned(),
        },
        UserEvent::RoleGranted {
            role: Role::Analyst,
            before: before.clone(),
            after: after.clone(),
            reason: "monthly figures".to_owned(),
        },
        UserEvent::RoleRevoked {
            role: Role::Analyst,
            before: after,
            after: before,
            reason: "no longer".to_owned(),
        },
        UserEvent::SignedIn {
            session: SecretDigest::of("session"),
            until: at().plus_ms(43_200_000),
            from: Some("192.0.2.7".to_owned()),
            second_factor: None,
            issuer: None,
        },
        UserEvent::SignedOut {
            session: SecretDigest::of("session"),
        },
        UserEvent::SignInRefused {
            fault: SignInFault::WrongPassword,
            wrong_count: 3,
            from: Some("192.0.2.7".to_owned()),
        },
        UserEvent::Locked {
            until: at().plus_ms(60_000),
            locked_count: 1,
            from: None,
        },
        UserEvent::Disabled {
            reason: "left the company".to_owned(),
        },
    ];
    for event in events {
        check("user", event);
    }
}

#[test]
fn a_lock_of_one_address_is_kept_with_it() {
    check_with(
        "user",
        "from",
        UserEvent::Locked {
            until: at().plus_ms(60_000),
            locked_count: 1,
            from: Some("192.0.2.7".to_owned()),
        },
    );
}

#[test]
fn every_kind_of_second_factors_and_providers_is_too() {
    let events = [
        UserEvent::SecondFactorOffered {
            secret: Personal::open("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP".to_owned()),
            until: at().plus_ms(900_000),
        },
        UserEvent::SecondFactorAdded {
            step: 58_000_000,
            recovery: [SecretDigest::of("abcd-efgh-ijkl-mnop")].into(),
        },
        UserEvent::SecondFactorReset {
            reason: "lost the telephone".to_owned(),
        },
        UserEvent::ProviderLinked {
            issuer: "https://login.example.com".to_owned(),
            subject: LookupHash("0f".repeat(32)),
            reason: Some("signs in by the company".to_owned()),
        },
        UserEvent::ProviderUnlinked {
            reason: "left the directory".to_owned(),
        },
    ];
    for event in events {
        check("user", event);
    }
}

fn signed_in(second_factor: SecondFactorUsed, issuer: Option<&str>) -> UserEvent {
    UserEvent::SignedIn {
        session: SecretDigest::of("session"),
        until: at().plus_ms(43_200_000),
        from: Some("192.0.2.7".to_owned()),
        second_factor: Some(second_factor),
        issuer: issuer.map(str::to_owned),
    }
}

#[test]
fn members_that_came_later_are_written_and_read_as_their_files_say() {
    let totp = SecondFactorUsed::Totp { step: 58_000_000 };
    check_with("user", "second_factor", signed_in(totp, None));
    let issuer = Some("https://login.example.com");
    check_with("user", "issuer", signed_in(SecondFactorUsed::Provider, issuer));
    let invitation = |delivery| Invitation {
        sha256: SecretDigest::of("link"),
        until: at().plus_ms(86_400_000),
        delivery: Some(delivery),
    };
    let added = UserEvent::Added {
        roles: [Role::Operator].into(),
        campaigns: CampaignScope::All,
        team: None,
        password: None,
        invitation: Some(invitation(LinkDelivery::Mailed)),
        reason: None,
        until: None,
        mail: Some(Personal::open("wang@example.com".to_owned())),
    };
    check_with("user", "mail", added);
    let invited = UserEvent::Invited {
        invitation: invitation(LinkDelivery::Shown),
    };
    check_with("user", "delivery", invited);
}
