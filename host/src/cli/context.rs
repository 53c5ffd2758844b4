//! Servers by name, and as whom each is asked: what `login` keeps for the other commands.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::environment;

/// All contexts of a user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Contexts {
    /// Which one holds where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) current: Option<String>,
    /// By their names.
    #[serde(default)]
    pub(super) contexts: BTreeMap<String, Context>,
}

/// A server, and as whom it is asked.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Context {
    /// Its address.
    pub(super) server: String,
    /// The file of the authorities that its certificate is of; none for the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ca: Option<PathBuf>,
    /// What is shown to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    /// The org that is meant where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) org: Option<String>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "<secret>");
        f.debug_struct("Context").field("server", &self.server).field("token", &token).field("org", &self.org).finish()
    }
}

/// The file of this user's contexts.
///
/// # Errors
/// The environment does not say where.
pub(super) fn path() -> anyhow::Result<PathBuf> {
    Ok(environment::config_folder()?.join("tenterhook").join("contexts.json"))
}

impl Contexts {
    /// Those of a file; none when there is no such file.
    ///
    /// # Errors
    /// It cannot be read, others may read it, or it says something else.
    pub(super) fn load(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("opening `{shown}`")),
        };
        let mode = file.metadata().with_context(|| format!("looking at `{shown}`"))?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            bail!("`{shown}` has tokens, and others may read it (mode {mode:04o}): give it the mode 0600");
        }
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(|| format!("reading `{shown}`"))?;
        serde_json::from_str(&text)
            .with_context(|| format!("reading `{shown}`: mend it, or remove it and log in again"))
    }

    /// Puts these in the place of the file's, all at once, for this user alone.
    ///
    /// # Errors
    /// The file cannot be written; it is as it was then.
    pub(super) fn save(&self, path: &Path) -> anyhow::Result<()> {
        let folder = path.parent().context("the contexts' file has no folder")?;
        let write = || -> io::Result<()> {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            // A temporary file has the mode 0600 from its first moment.
            let mut file = NamedTempFile::new_in(folder)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        write().with_context(|| format!("writing `{}`", path.display()))
    }

    /// The context that is named, or the current one, and its name; none when there is no current one.
    ///
    /// # Errors
    /// There is none of that name.
    pub(super) fn choose(&self, name: Option<&str>) -> anyhow::Result<Option<(&str, &Context)>> {
        let Some(name) = name.or(self.current.as_deref()) else { return Ok(None) };
        match self.contexts.get_key_value(name) {
            Some((name, context)) => Ok(Some((name, context))),
            None if self.contexts.is_empty() => bail!("there is no context `{name}`: log in with `tenterhook login`"),
            None => {
                let names: Vec<&str> = self.contexts.keys().map(String::as_str).collect();
                bail!("there is no context `{name}`; there are: {}", names.join(", "))
            }
        }
    }

    /// The context with this server's address, the current one first: whose token it is asked with when it is named by its address.
    pub(super) fn of_server(&self, server: &reqwest::Url) -> Option<&Context> {
        let is_it = |context: &&Context| reqwest::Url::parse(&context.server).is_ok_and(|url| same(&url, server));
        let current = self.current.as_ref().and_then(|name| self.contexts.get(name));
        current.into_iter().chain(self.contexts.values()).find(is_it)
    }
}

/// Whether two addresses are those of one server. A path below which it is belongs to it.
fn same(one: &reqwest::Url, other: &reqwest::Url) -> bool {
    let path = |url: &reqwest::Url| url.path().trim_end_matches('/').to_owned();
    one.origin() == other.origin() && path(one) == path(other)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use std::fs;

    use super::*;

    fn context(server: &str, token: &str) -> Context {
        Context { server: server.to_owned(), ca: None, token: Some(token.to_owned()), org: None }
    }

    fn two() -> Contexts {
        let contexts = [
            ("here".to_owned(), context("http://127.0.0.1:8080", "th_here")),
            ("prod".to_owned(), context("https://hooks.example/", "th_prod")),
        ];
        Contexts { current: Some("prod".to_owned()), contexts: contexts.into() }
    }

    #[test]
    fn a_file_is_for_its_user() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tenterhook").join("contexts.json");
        assert_eq!(Contexts::load(&path).unwrap(), Contexts::default());
        two().save(&path).unwrap();
        two().save(&path).unwrap();
        assert_eq!(Contexts::load(&path).unwrap(), two());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);

        let shown = |error: anyhow::Error| format!("{error:#}").replace(&dir.path().display().to_string(), "DIR");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert_snapshot!(shown(Contexts::load(&path).unwrap_err()), @"`DIR/tenterhook/contexts.json` has tokens, and others may read it (mode 0644): give it the mode 0600");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "{").unwrap();
        assert_snapshot!(shown(Contexts::load(&path).unwrap_err()), @"reading `DIR/tenterhook/contexts.json`: mend it, or remove it and log in again: EOF while parsing an object at line 1 column 1");
        assert!(!format!("{:?}", two()).contains("th_"));
    }

    #[test]
    fn a_context_is_chosen() {
        let contexts = two();
        assert_eq!(contexts.choose(None).unwrap().unwrap().0, "prod");
        assert_eq!(contexts.choose(Some("here")).unwrap().unwrap().0, "here");
        assert_eq!(Contexts::default().choose(None).unwrap(), None);
        assert_snapshot!(contexts.choose(Some("live")).unwrap_err(), @"there is no context `live`; there are: here, prod");
        assert_snapshot!(Contexts::default().choose(Some("live")).unwrap_err(), @"there is no context `live`: log in with `tenterhook login`");
    }

    #[test]
    fn a_token_is_shown_to_its_own_server_alone() {
        let token = |server: &str| two().of_server(&server.parse().unwrap()).and_then(|context| context.token.clone());
        assert_eq!(token("https://hooks.example").as_deref(), Some("th_prod"));
        assert_eq!(token("https://hooks.example:443/").as_deref(), Some("th_prod"));
        for other in [
            "http://hooks.example",
            "https://hooks.example:444",
            "https://hooks.example.evil",
            "https://hooks.example/b",
        ] {
            assert_eq!(token(other), None, "{other}");
        }
    }
}
