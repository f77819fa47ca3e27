//! The contract suite of the `Vault` port: every vault runs all of it. A failed check panics.

use domain::ids::{CallId, CustomerId};
use domain::personal::Sealed;
use domain::ports::vault::{PersonKey, Vault, VaultError, key_to_read, key_to_seal};
use domain::time::Timestamp;
use domain::transcript::TranscriptParent;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

/// Runs every check, each on a new vault. Two vaults of one call must have different secrets.
pub async fn run_vault_contract<Make, Made, V>(make: Make)
where
    Make: Fn() -> Made,
    Made: Future<Output = Arc<V>>,
    V: Vault + Debug + 'static,
{
    what_is_sealed_opens_again(&*make().await).await;
    a_sealed_value_opens_only_where_it_was_sealed(&*make().await).await;
    an_altered_value_does_not_open(&*make().await).await;
    a_transcript_opens_with_both_its_keys_alone(&*make().await).await;
    a_key_exists_once_it_was_asked_for(&*make().await).await;
    askers_at_once_get_one_key(make().await).await;
    ids_and_hashes_are_stable_and_apart(&*make().await, &*make().await);
    a_destroyed_key_is_gone_for_good(&*make().await).await;
    nothing_secret_is_shown(&*make().await).await;
}

/// Returns a customer id for tests.
pub fn person(number: u32) -> CustomerId {
    format!("{number:032x}")
        .try_into()
        .expect("32 hexadecimal digits are an id")
}

async fn key(vault: &dyn Vault, number: u32) -> PersonKey {
    vault.key(&person(number)).await.expect("a key is found or made")
}

async fn what_is_sealed_opens_again(vault: &dyn Vault) {
    let key = key(vault, 1).await;
    for value in ["", "13800138000", "张三 \u{1F4DE}", &"x".repeat(60_000)] {
        let sealed = vault
            .seal(&key, [9; 12], b"here", value)
            .expect("any text can be sealed");
        assert_eq!((&sealed.key, &sealed.hash), (&person(1), &None));
        assert!(value.is_empty() || !sealed.sealed.contains(value));
        assert_eq!(vault.open(&key, b"here", &sealed).as_deref(), Ok(value));
    }
    let one = vault.seal(&key, [1; 12], b"here", "same").expect("sealed");
    let other = vault.seal(&key, [2; 12], b"here", "same").expect("sealed");
    assert_ne!(one.sealed, other.sealed, "another nonce gives another ciphertext");
}

async fn a_sealed_value_opens_only_where_it_was_sealed(vault: &dyn Vault) {
    let (one, two) = (key(vault, 1).await, key(vault, 2).await);
    assert_ne!(one.bytes(), two.bytes());
    let sealed = vault
        .seal(&one, [9; 12], b"stream\nevent\n/phone", "secret")
        .expect("sealed");
    let elsewhere = [&b"stream\nevent\n/name"[..], b"other\nevent\n/phone", b""];
    for aad in elsewhere {
        assert_eq!(vault.open(&one, aad, &sealed), Err(VaultError::DoesNotOpen));
    }
    let renamed = Sealed {
        key: person(2),
        ..sealed.clone()
    };
    for (key, sealed) in [(&two, &sealed), (&two, &renamed), (&one, &renamed)] {
        let opened = vault.open(key, b"stream\nevent\n/phone", sealed);
        assert_eq!(opened, Err(VaultError::DoesNotOpen));
    }
}

async fn an_altered_value_does_not_open(vault: &dyn Vault) {
    let key = key(vault, 1).await;
    let sealed = vault.seal(&key, [9; 12], b"here", "secret").expect("sealed");
    for index in 0..sealed.sealed.len() {
        let altered = sealed.sealed.char_indices().map(|(at, digit)| match digit {
            'A' if at == index => 'B',
            _ if at == index => 'A',
            _ => digit,
        });
        let altered = Sealed {
            sealed: altered.collect(),
            ..sealed.clone()
        };
        assert_eq!(
            vault.open(&key, b"here", &altered),
            Err(VaultError::DoesNotOpen),
            "at {index}"
        );
    }
    for broken in ["", "AAAA", "not base64"] {
        let broken = Sealed {
            sealed: broken.to_owned(),
            ..sealed.clone()
        };
        assert_eq!(vault.open(&key, b"here", &broken), Err(VaultError::DoesNotOpen));
    }
}

/// Checks that a transcript opens only with both keys, the person's and the transcript's, also if other
/// keys have the same name.
async fn a_transcript_opens_with_both_its_keys_alone(vault: &dyn Vault) {
    let of = |number| TranscriptParent::Call(CallId::new(uuid::Uuid::from_u128(number)));
    let sealing = key_to_seal(vault, &person(1), &of(1).key())
        .await
        .expect("keys are made");
    let sealed = vault
        .seal(&sealing, [9; 12], b"here", "three months")
        .expect("sealed");
    assert_eq!(
        (&sealed.key, &sealed.transcript),
        (&person(1), &Some(of(1).key()))
    );
    let reading = key_to_read(vault, &person(1), of(1))
        .await
        .expect("the vault answers");
    let reading = reading.expect("the person has a key");
    assert_eq!(
        vault.open(&reading, b"here", &sealed).as_deref(),
        Ok("three months")
    );
    // The person's other values open with the same keys.
    let own = key(vault, 1).await;
    let other = vault.seal(&own, [8; 12], b"there", "a name").expect("sealed");
    assert_eq!(vault.open(&reading, b"there", &other).as_deref(), Ok("a name"));

    let foreign = key_to_seal(vault, &person(2), &of(1).key())
        .await
        .expect("keys are made");
    let elsewhere = key_to_seal(vault, &person(1), &of(2).key())
        .await
        .expect("keys are made");
    let unnamed = Sealed {
        transcript: None,
        ..sealed.clone()
    };
    let renamed = Sealed {
        transcript: Some(of(2).key()),
        ..sealed.clone()
    };
    let refused = Err(VaultError::DoesNotOpen);
    for key in [&own, &foreign, &elsewhere] {
        for sealed in [&sealed, &unnamed, &renamed] {
            assert_eq!(vault.open(key, b"here", sealed), refused, "{key:?}");
        }
    }
    let now = Timestamp::from_millis(1_000);
    vault
        .destroy(&of(1).key(), now)
        .await
        .expect("a key is destroyed");
    let left = key_to_read(vault, &person(1), of(1))
        .await
        .expect("the vault answers");
    let left = left.expect("the person's own key is there");
    assert_eq!(vault.open(&left, b"here", &sealed), refused);
    assert_eq!(vault.open(&left, b"there", &other).as_deref(), Ok("a name"));
    let again = key_to_seal(vault, &person(1), &of(1).key()).await;
    assert!(
        matches!(again, Err(VaultError::Destroyed(_))),
        "a destroyed key is never made again"
    );
}

async fn a_key_exists_once_it_was_asked_for(vault: &dyn Vault) {
    assert!(matches!(vault.existing_key(&person(1)).await, Ok(None)));
    let made = key(vault, 1).await;
    let existing = vault.existing_key(&person(1)).await.expect("the vault answers");
    assert_eq!(existing.as_ref().map(PersonKey::bytes), Some(made.bytes()));
    assert_eq!(key(vault, 1).await.bytes(), made.bytes());
    assert_eq!(made.person(), &person(1));
    assert!(matches!(vault.existing_key(&person(2)).await, Ok(None)));
}

async fn askers_at_once_get_one_key<V: Vault + 'static>(vault: Arc<V>) {
    let askers: Vec<_> = (0..40)
        .map(|asker| {
            let vault = Arc::clone(&vault);
            crate::contract::start(async move { (asker % 4, key(&*vault, asker % 4).await) })
        })
        .collect();
    for asker in askers {
        let (number, got) = asker.await.expect("an asker ends");
        assert_eq!(key(&*vault, number).await.bytes(), got.bytes());
    }
}

async fn a_destroyed_key_is_gone_for_good(vault: &dyn Vault) {
    let (first, later) = (Timestamp::from_millis(1_000), Timestamp::from_millis(2_000));
    let kept = key(vault, 2).await;
    let gone = key(vault, 1).await;
    assert_eq!(vault.destroyed(&person(1)).await, Ok(None));
    // The key of person 3 was never made: it cannot be made after its destruction either.
    for number in [1, 3] {
        for at in [first, later] {
            let destroyed = vault.destroy(&person(number), at).await;
            assert_eq!(
                destroyed.map(|one| one.at),
                Ok(first),
                "a repeat returns the first time"
            );
        }
        let refused = vault.key(&person(number)).await;
        assert!(matches!(refused, Err(VaultError::Destroyed(who)) if who == person(number)));
        assert!(matches!(vault.existing_key(&person(number)).await, Ok(None)));
        let destroyed = vault.destroyed(&person(number)).await;
        assert_eq!(destroyed.map(|one| one.map(|one| one.at)), Ok(Some(first)));
    }
    assert_eq!(gone.person(), &person(1), "a key held in memory stays usable");
    vault.forget_cached(&person(2));
    assert_eq!(
        key(vault, 2).await.bytes(),
        kept.bytes(),
        "a forgotten key is read again"
    );
}

fn ids_and_hashes_are_stable_and_apart(vault: &dyn Vault, other: &dyn Vault) {
    let text = "13800138000";
    assert_eq!(vault.hash(text), vault.hash(text));
    assert_ne!(vault.hash(text), vault.hash("+8613800138000"));
    assert_ne!(
        vault.hash(text),
        other.hash(text),
        "the hash depends on the secret"
    );
    assert_eq!(vault.hash(text).0.len(), 64);
    assert_eq!(vault.derive_customer(text), vault.derive_customer(text));
    assert_eq!(vault.derive_number(text), vault.derive_number(text));
    assert_ne!(
        vault.derive_customer(text).as_str(),
        vault.derive_number(text).as_str()
    );
    assert_ne!(vault.derive_number(text), other.derive_number(text));
    let prefixed = vault.hash("customer:13800138000");
    assert!(
        prefixed.0.starts_with(vault.derive_customer(text).as_str()),
        "HMAC of prefix and value"
    );
    let prefixed = vault.hash("number:13800138000");
    assert!(prefixed.0.starts_with(vault.derive_number(text).as_str()));
}

async fn nothing_secret_is_shown<V: Vault + Debug>(vault: &V) {
    let key = key(vault, 1).await;
    let shown = format!("{vault:?} {key:?}");
    let bytes = domain::hex::encode(key.bytes());
    assert!(!shown.contains(&bytes) && !shown.contains(&format!("{:?}", key.bytes())));
    assert!(shown.len() < 100, "{shown}");
}
