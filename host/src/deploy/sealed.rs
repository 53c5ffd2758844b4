//! The values of a deployment's variables, as they are kept. A manifest is kept without them.

use tracing::{info, warn};

use super::manifest::Manifest;
use super::registry::ApplyError;
use crate::guest::Vars;
use crate::seal::{Error, Label, Vault, Zeroizing};
use crate::store::DeploymentRecord;

/// What the manifest itself says.
pub(super) fn vars(manifest: &Manifest) -> Vars {
    Vars(manifest.project.vars.iter().map(|var| (var.name.value.clone(), var.value.clone())).collect())
}

/// The values of `record`, sealed for it alone.
pub(super) async fn seal(vault: &Vault, record: &DeploymentRecord, vars: &Vars) -> Result<Vec<u8>, Error> {
    let plain = serde_json::to_vec(&vars.0).map(Zeroizing::new).map_err(|err| Error::Broken(err.to_string()))?;
    let name = name(record);
    vault.seal(label(record, &name), &plain).await
}

/// The values that were sealed for `record`, or those that an earlier version left in its manifest.
pub(super) async fn open(vault: &Vault, record: &DeploymentRecord, manifest: &Manifest) -> Result<Vars, Error> {
    let Some(sealed) = &record.vars else { return Ok(vars(manifest)) };
    let name = name(record);
    let plain = vault.open(label(record, &name), sealed).await?;
    let broken = |_| Error::Broken(format!("what the {name} has for its variables"));
    serde_json::from_slice(&plain).map(Vars).map_err(broken)
}

/// Seals what earlier versions kept in the clear.
pub(super) async fn seal_old(vault: &Vault) -> Result<(), ApplyError> {
    let mut anew = Vec::new();
    for mut record in vault.keyring().unsealed().await? {
        let Ok(manifest) = Manifest::parse(&record.manifest) else {
            // It is not known what of it is a value, and no handler will run with it.
            warn!(deployment.id = %record.id, "a manifest of an earlier version is not sound any more; its values stay in the clear");
            continue;
        };
        record.manifest = Manifest::without_values(&record.manifest)?;
        record.vars = Some(seal(vault, &record, &vars(&manifest)).await?);
        anew.push(record);
    }
    if !anew.is_empty() {
        let deployments = anew.len();
        vault.keyring().seal(anew).await?;
        info!(deployments, "sealed values of variables that an earlier version kept in the clear");
    }
    Ok(())
}

/// A name that no variable has: it has a blank.
fn name(record: &DeploymentRecord) -> String {
    format!("deployment {}", record.id)
}

fn label<'a>(record: &'a DeploymentRecord, name: &'a str) -> Label<'a> {
    Label { org: &record.org, project: &record.project, name, version: 1 }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::event::{DeploymentId, Timestamp};
    use crate::seal::MasterKeys;
    use crate::store::catalog::Change;
    use crate::store::{Store, sqlite};

    const VALUE: &str = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";

    fn record(number: i64, manifest: String) -> DeploymentRecord {
        let created_at = Timestamp::from_second(1_800_000_000 + number).unwrap();
        DeploymentRecord {
            id: DeploymentId::new(created_at),
            org: "acme".into(),
            project: "shop".to_owned(),
            created_at,
            manifest,
            modules: std::collections::BTreeMap::new(),
            vars: None,
        }
    }

    fn manifest(value: &str) -> String {
        format!(
            "version: v1\nproject:\n  name: shop\n  vars:\n    - name: TOKEN\n      value: {value}\n      secret: true\n"
        )
    }

    fn has(dir: &Path) -> bool {
        let has = |path: std::path::PathBuf| {
            let bytes = std::fs::read(path).unwrap();
            bytes.windows(VALUE.len()).any(|window| window == VALUE.as_bytes())
        };
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).any(has)
    }

    fn vault(store: &Store, masters: &MasterKeys) -> Vault {
        Vault::new(masters.clone(), store.keyring.clone())
    }

    #[tokio::test]
    async fn what_an_earlier_version_kept_is_sealed_and_leaves_the_files() {
        let dir = tempfile::tempdir().unwrap();
        let store = sqlite::open(dir.path()).unwrap();
        // Long ones take pages of their own.
        let long = format!("{VALUE}{}", "x".repeat(40_000));
        let records = [record(1, manifest(VALUE)), record(2, manifest(&long)), record(3, "broken: [".to_owned())];
        for record in &records {
            let deploy = vec![Change::Deploy(Box::new(record.clone()))];
            store.catalog.commit(&record.org, deploy, None).await.unwrap();
        }
        drop(store);
        assert!(has(dir.path()));

        let masters = MasterKeys::generate().unwrap();
        let store = sqlite::open(dir.path()).unwrap();
        let vault = vault(&store, &masters);
        seal_old(&vault).await.unwrap();
        let left: Vec<_> = store.keyring.unsealed().await.unwrap().into_iter().map(|record| record.id).collect();
        assert_eq!(left, [records[2].id]);
        for (record, value) in records.iter().zip([VALUE, &long]) {
            let kept = store.catalog.deployment(&record.org, record.id).await.unwrap().unwrap();
            let manifest = Manifest::parse(&kept.manifest).unwrap();
            assert_eq!(vars(&manifest).0, [("TOKEN".to_owned(), String::new())]);
            let opened = open(&vault, &kept, &manifest).await.unwrap();
            assert_eq!(opened.0, [("TOKEN".to_owned(), value.to_owned())]);
            // It is its own deployment's alone.
            let stolen = DeploymentRecord { vars: kept.vars.clone(), ..records[2].clone() };
            assert!(open(&vault, &stolen, &manifest).await.is_err());
        }
        drop((store, vault));
        assert!(!has(dir.path()));
    }
}
