//! The user's tools: where they are, whether they are new enough, and how to get them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Error;
use super::process;

/// A program that a recipe runs.
#[derive(Debug)]
pub(in crate::cli) struct Tool {
    /// What it is called.
    pub(in crate::cli) program: &'static str,
    /// What may stand in its place under another name.
    pub(super) others: &'static [&'static str],
    /// What makes it print its version; nothing for a package of npm's that does not, and whose own file says it.
    pub(super) version: &'static [&'static str],
    /// The oldest release that does.
    pub(super) least: Version,
    /// Whether a release with another first number, or of those below 1 another second, does not: they change their interface.
    pub(super) is_exact: bool,
    /// One line that gets it.
    pub(in crate::cli) remedy: &'static str,
}

/// A tool where it was found.
#[derive(Debug)]
pub(in crate::cli) struct Found {
    pub(in crate::cli) path: PathBuf,
    pub(in crate::cli) version: Version,
}

/// `major.minor.patch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) struct Version(pub(super) u32, pub(super) u32, pub(super) u32);

impl Tool {
    /// Finds it for the project in `dir`: in its virtual environment of Python's or its `node_modules`, else on the `PATH`.
    ///
    /// # Errors
    /// It is not there, or its release does not do; the text has the remedy.
    pub(in crate::cli) fn find(&self, dir: &Path) -> Result<Found, Error> {
        let mut unfit = None;
        for path in self.candidates(dir) {
            match self.version_of(&path) {
                Ok(version) if self.fits(version) => return Ok(Found { path, version }),
                Ok(version) => {
                    let unwanted =
                        format!("`{}` is release {version}, and {} is needed", path.display(), self.wanted());
                    unfit.get_or_insert(unwanted);
                }
                Err(reason) => drop(unfit.get_or_insert(reason)),
            }
        }
        let why = unfit.unwrap_or_else(|| format!("there is no `{}`", self.program));
        Err(Error::Tool(format!("{why}; {}", self.remedy)))
    }

    fn candidates(&self, dir: &Path) -> Vec<PathBuf> {
        let own = [".venv/bin", "venv/bin", "node_modules/.bin"].map(|folder| dir.join(folder));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = own.into_iter().chain(std::env::split_paths(&path)).collect();
        let names = std::iter::once(&self.program).chain(self.others);
        let files = names.flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        files.filter(|file| file.is_file()).collect()
    }

    fn version_of(&self, path: &Path) -> Result<Version, String> {
        if self.version.is_empty() {
            return self.package_version(path).ok_or_else(|| format!("`{}` does not say its version", path.display()));
        }
        let ran = process::run(Command::new(path).args(self.version))?;
        let shown = path.display();
        if !ran.succeeded {
            return Err(format!("`{shown} {}` failed ({}): {}", self.version.join(" "), ran.status, ran.said()));
        }
        Version::find(&ran.stdout).ok_or_else(|| format!("`{shown}` does not say its version: {}", ran.said()))
    }

    /// What the `package.json` above a package's program says.
    fn package_version(&self, path: &Path) -> Option<Version> {
        let program = path.canonicalize().ok()?;
        let mut packages = program.ancestors().filter_map(|folder| {
            let text = std::fs::read(folder.join("package.json")).ok()?;
            serde_json::from_slice::<serde_json::Value>(&text).ok()
        });
        let package =
            packages.find(|package| package.get("name").and_then(|name| name.as_str()) == Some(self.program))?;
        Version::find(package.get("version")?.as_str()?)
    }

    fn fits(&self, version: Version) -> bool {
        let same = (version.0, if version.0 == 0 { version.1 } else { 0 });
        let least = (self.least.0, if self.least.0 == 0 { self.least.1 } else { 0 });
        version >= self.least && (!self.is_exact || same == least)
    }

    /// The releases that do, in words.
    pub(in crate::cli) fn wanted(&self) -> String {
        let Version(major, minor, _) = self.least;
        match (self.is_exact, major) {
            (false, _) => format!("{} or newer", self.least),
            (true, 0) => format!("{} or a newer 0.{minor}", self.least),
            (true, _) => format!("{} or a newer {major}", self.least),
        }
    }
}

impl Version {
    /// The first version in a text: `go version go1.26.8 linux/amd64`.
    pub(super) fn find(text: &str) -> Option<Self> {
        let is_part = |c: char| c.is_ascii_digit() || c == '.';
        let words = text.split(|c| !is_part(c)).filter(|word| word.contains('.'));
        words.filter_map(Self::parse).next()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        let patch = numbers.next().and_then(|patch| patch.parse().ok()).unwrap_or(0);
        Some(Self(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(major, minor, patch) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}
