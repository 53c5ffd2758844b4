//! What is kept sealed: orgs' keys, and deployments of earlier versions.

use super::sample::{at, deployment, org};
use crate::event::DeploymentId;
use crate::store::catalog::Change;
use crate::store::{DeploymentRecord, Error, OrgKey, Store};

fn key(org: &str, master: &str) -> OrgKey {
    OrgKey { org: org.into(), master: master.to_owned(), wrapped: format!("\0{org} by {master}").into_bytes() }
}

pub(super) async fn an_org_has_one_key(store: Store) {
    let ring = &store.keyring;
    assert_eq!(ring.org_key(&org("acme")).await.unwrap(), None);
    assert_eq!(ring.keep_org_key(key("acme", "one")).await.unwrap(), key("acme", "one"));
    assert_eq!(ring.keep_org_key(key("acme", "two")).await.unwrap(), key("acme", "one"));
    ring.keep_org_key(key("zeta", "one")).await.unwrap();
    assert_eq!(ring.org_keys().await.unwrap(), [key("acme", "one"), key("zeta", "one")]);

    ring.rewrap(vec![key("zeta", "two")]).await.unwrap();
    assert_eq!(ring.org_keys().await.unwrap(), [key("acme", "one"), key("zeta", "two")]);
    let refused = ring.rewrap(vec![key("acme", "two"), key("nobody", "two")]).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(ring.org_keys().await.unwrap(), [key("acme", "one"), key("zeta", "two")]);
}

pub(super) async fn an_old_deployment_is_sealed_once(store: Store) {
    let unsealed = |org, micros| DeploymentRecord { vars: None, ..deployment(org, "shop", at(micros)) };
    let (old, theirs, new) = (unsealed("acme", 1), unsealed("zeta", 2), deployment("acme", "shop", at(3)));
    // An id that two orgs have names two things.
    let theirs = DeploymentRecord { id: old.id, ..theirs };
    for deployment in [&old, &theirs, &new] {
        let deploy = vec![Change::Deploy(Box::new(deployment.clone()))];
        store.catalog.commit(&deployment.org, deploy, None).await.unwrap();
    }
    assert_eq!(store.keyring.unsealed().await.unwrap(), [old.clone(), theirs.clone()]);
    let sealed = |by: &DeploymentRecord, id: DeploymentId| DeploymentRecord {
        id,
        manifest: "sealed".to_owned(),
        vars: Some(vec![7]),
        ..by.clone()
    };
    store.keyring.seal(vec![sealed(&old, old.id), sealed(&new, new.id)]).await.unwrap();
    assert_eq!(store.keyring.unsealed().await.unwrap(), [theirs]);
    assert_eq!(store.catalog.deployment(&org("acme"), old.id).await.unwrap(), Some(sealed(&old, old.id)));
    assert_eq!(store.catalog.deployment(&org("acme"), new.id).await.unwrap(), Some(new));
}
