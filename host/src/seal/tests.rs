use insta::assert_snapshot;
use proptest::prelude::*;

use super::master::ParseError;
use super::*;
use crate::store::{Store, memory};

const ACME: &str = "acme";

fn org(name: &str) -> Org {
    name.into()
}

fn label<'a>(org: &'a Org, project: &'a str, name: &'a str, version: u64) -> Label<'a> {
    Label { org, project, name, version }
}

fn vault(masters: &MasterKeys, store: &Store) -> Vault {
    Vault::new(masters.clone(), store.keyring.clone())
}

#[test]
fn a_value_opens_as_what_it_was_sealed_as_and_as_nothing_else() {
    let (key, other) = (DataKey::generate().unwrap(), DataKey::generate().unwrap());
    let (acme, zeta) = (org(ACME), org("zeta"));
    let right = label(&acme, "shop", "TOKEN", 1);
    let sealed = key.seal(right, b"hunter2").unwrap();
    assert_eq!(key.open(right, &sealed).unwrap().as_slice(), b"hunter2");
    let wrong = [
        label(&zeta, "shop", "TOKEN", 1),
        label(&acme, "shopT", "OKEN", 1),
        label(&acme, "shop", "TOKEN", 2),
        label(&acme, "shop", "token", 1),
        label(&acme, "sho", "pTOKEN", 1),
    ];
    for wrong in wrong {
        assert!(key.open(wrong, &sealed).is_err(), "{wrong:?}");
    }
    assert!(other.open(right, &sealed).is_err());
    assert_snapshot!(other.open(right, &sealed).unwrap_err(), @"the value of `TOKEN` of the project `shop` does not open: it was damaged, or it is not where it was sealed for");
}

#[test]
fn any_change_is_found() {
    let key = DataKey::generate().unwrap();
    let acme = org(ACME);
    let label = label(&acme, "shop", "TOKEN", 1);
    let sealed = key.seal(label, b"hunter2").unwrap();
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(key.open(label, &changed).is_err(), "byte {place}");
        assert!(key.open(label, &sealed[..place]).is_err(), "cut at {place}");
    }
    assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
    assert_ne!(key.seal(label, b"hunter2").unwrap(), sealed, "equal values do not look equal");
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens(plain in proptest::collection::vec(any::<u8>(), 0..200), name in ".{0,20}", version: u64) {
        let key = DataKey::generate().unwrap();
        let acme = org(ACME);
        let label = label(&acme, "shop", &name, version);
        let sealed = key.seal(label, &plain).unwrap();
        let opened = key.open(label, &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), &plain);
    }
}

#[test]
fn keys_are_read_as_people_write_them() {
    let hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let one: MasterKeys = hex.parse().unwrap();
    for text in
        [base64, base64.trim_end_matches('='), &hex.to_uppercase(), &format!("# mine\n  {base64}  # since May\n")]
    {
        assert_eq!(text.parse::<MasterKeys>().unwrap().ids(), one.ids(), "{text}");
    }
    assert_snapshot!(one.first().id(), @"0f9b581832d4e4e9");
    let two: MasterKeys = format!("{base64},{}", hex.replace("00", "ff")).parse().unwrap();
    assert_eq!(two.ids().len(), 2);
    assert_eq!(two.to_text().parse::<MasterKeys>().unwrap().ids(), two.ids());

    let mistakes = [
        ("", ParseError::Empty),
        ("# nothing\n", ParseError::Empty),
        ("secret", ParseError::Malformed { number: 1 }),
        (&hex[2..], ParseError::Malformed { number: 1 }),
        (&hex.replace('0', "é"), ParseError::Malformed { number: 1 }),
        (&format!("{hex} {}", &base64[4..]), ParseError::Malformed { number: 2 }),
        (&format!("{hex}\n{base64}"), ParseError::Twice { number: 2 }),
        (&"0".repeat(64), ParseError::Trivial { number: 1 }),
    ];
    for (text, expected) in mistakes {
        let error = text.parse::<MasterKeys>().unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(!error.to_string().contains(text) || text.is_empty(), "an error repeats no key: {error}");
    }
}

#[test]
fn nothing_shows_a_key() {
    let masters = MasterKeys::generate().unwrap();
    let shown = format!("{masters:?} {:?}", DataKey::generate().unwrap());
    assert_eq!(shown, format!("MasterKeys {{ first: MasterKey({}), others: [] }} DataKey", masters.first().id()));
}

#[tokio::test]
async fn each_org_has_a_key_of_its_own() {
    let store = memory::store();
    let masters = MasterKeys::generate().unwrap();
    let (acme, zeta) = (org(ACME), org("zeta"));
    let sealed = vault(&masters, &store).seal(label(&acme, "shop", "A", 1), b"value").await.unwrap();
    vault(&masters, &store).seal(label(&zeta, "shop", "A", 1), b"value").await.unwrap();
    // Another vault finds the same key.
    let opened = vault(&masters, &store).open_text(label(&acme, "shop", "A", 1), &sealed).await.unwrap();
    assert_eq!(opened.as_str(), "value");
    assert!(vault(&masters, &store).open(label(&zeta, "shop", "A", 1), &sealed).await.is_err());
    let nobody = org("nobody");
    let error = vault(&masters, &store).open(label(&nobody, "shop", "A", 1), &sealed).await.unwrap_err();
    assert_snapshot!(error, @"a value of the org `nobody`, which has no key, does not open: it was damaged, or it is not where it was sealed for");

    // A key that is given to another org does not unwrap there.
    let mut stolen = store.keyring.org_key(&acme).await.unwrap().unwrap();
    stolen.org = zeta.clone();
    store.keyring.rewrap(vec![stolen]).await.unwrap();
    let error = vault(&masters, &store).rewrap().await.unwrap_err();
    assert_snapshot!(error, @"the key of the org `zeta` does not open: it was damaged, or it is not where it was sealed for");
}

#[tokio::test]
async fn many_at_once_make_one_key() {
    let store = memory::store();
    let vault = vault(&MasterKeys::generate().unwrap(), &store);
    let acme = org(ACME);
    let names: Vec<String> = (0..20).map(|number| format!("V{number}")).collect();
    let sealed = names.iter().map(|name| vault.seal(label(&acme, "shop", name, 1), name.as_bytes()));
    let sealed = futures_util::future::join_all(sealed).await;
    for (name, sealed) in names.iter().zip(sealed) {
        let opened = vault.open_text(label(&acme, "shop", name, 1), &sealed.unwrap()).await.unwrap();
        assert_eq!(*opened, *name);
    }
}

#[tokio::test]
async fn a_master_key_is_rotated() {
    let store = memory::store();
    let acme = org(ACME);
    let first = MasterKeys::generate().unwrap();
    let label = label(&acme, "shop", "A", 1);
    let sealed = vault(&first, &store).seal(label, b"value").await.unwrap();

    let both = first.clone().rotated().unwrap();
    assert_eq!(both.ids()[1], first.first().id());
    // The old one still opens, before and after the keys are wrapped anew.
    assert_eq!(vault(&both, &store).open(label, &sealed).await.unwrap().as_slice(), b"value");
    assert_eq!(vault(&both, &store).rewrap().await.unwrap(), 1);
    assert_eq!(vault(&both, &store).rewrap().await.unwrap(), 0);
    let second = both.only_first();
    assert_eq!(vault(&second, &store).open(label, &sealed).await.unwrap().as_slice(), b"value");

    let error = vault(&first, &store).open(label, &sealed).await.unwrap_err();
    let shown = error
        .to_string()
        .replace(&second.first().id().to_string(), "NEW")
        .replace(&first.first().id().to_string(), "OLD");
    assert_snapshot!(shown, @r#"it is sealed by the master key NEW, and there is only OLD here: put that key back (see "Keys" in host/docs/operating.md)"#);
    assert!(vault(&first, &store).rewrap().await.is_err());
}

#[test]
fn the_file_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(file::NAME);
    assert!(file::read(&path).unwrap().is_none());
    let made = file::create(&path).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(file::read(&path).unwrap().unwrap().ids(), made.ids());
    assert!(file::create(&path).is_err(), "a key is never written over");

    let rotated = made.rotated().unwrap();
    // A run that was killed has left something.
    std::fs::write(dir.path().join("master.key.new"), "half a k").unwrap();
    file::replace(&path, &rotated).unwrap();
    assert_eq!(file::read(&path).unwrap().unwrap().ids(), rotated.ids());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);

    let shown = |error: file::FileError| error.to_string().replace(&dir.path().display().to_string(), "DIR");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_snapshot!(shown(file::read(&path).unwrap_err()), @"the master key `DIR/master.key` is open to others than its owner (mode 0640): give it the mode 0600, and take it for known to whoever could read it");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    assert!(file::read(&path).is_ok());
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "not a key").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_snapshot!(shown(file::read(&path).unwrap_err()), @"the master key `DIR/master.key`: key 1 is not 32 bytes in base64 or 64 hexadecimal digits: make one with `openssl rand -base64 32`");
}
