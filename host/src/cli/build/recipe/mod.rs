//! How a module's file becomes a component: a recipe for each language.

mod c;
mod go;
mod javascript;
mod python;
mod rust;
mod wat;

use std::fs;
use std::path::{Path, PathBuf};

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wit_component::ComponentEncoder;

use super::cache::Key;
use super::tool::{Found, Tool};
use super::{Error, files, sdk, world};
use crate::deploy::manifest::Manifest;

/// A language that there is a recipe for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Language {
    Rust,
    JavaScript,
    Python,
    Go,
    C,
    Wat,
}

/// All of them, in the order in which they are shown.
pub(in crate::cli) const LANGUAGES: [Language; 6] =
    [Language::Rust, Language::JavaScript, Language::Python, Language::Go, Language::C, Language::Wat];

/// What is to be built.
pub(super) struct Job {
    /// The project's folder.
    pub(super) dir: PathBuf,
    /// The module's name, which is its file: `webhooks.py`.
    pub(super) module: String,
    pub(super) handlers: Vec<Handler>,
    /// What is known of the project's variables: their names, and the values of those that are no secrets.
    pub(super) vars: Vec<(String, String)>,
}

/// A function that calls name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handler {
    /// As the manifest writes it: `on_http_get`.
    pub(super) function: String,
    /// The component's export: `on-http-get`.
    pub(super) export: String,
}

impl Job {
    /// What a module of the manifest is built from.
    ///
    /// # Errors
    /// A handler's name is not one that a component's export can have, or two have the same.
    pub(super) fn new(dir: &Path, module: &str, manifest: &Manifest) -> Result<Self, String> {
        let mut handlers: Vec<Handler> = Vec::new();
        for call in manifest.project.triggers.iter().map(|trigger| &trigger.call).filter(|call| call.module == module) {
            let handler = Handler { function: call.function.clone(), export: call.export() };
            check(&handler)?;
            match handlers.iter().find(|other| other.export == handler.export) {
                Some(other) if other.function != handler.function => {
                    let (one, two) = (&other.function, &handler.function);
                    return Err(format!("`{one}` and `{two}` would both be the export `{}`", handler.export));
                }
                Some(_) => {}
                None => handlers.push(handler),
            }
        }
        let value = |secret: bool, value: &str| if secret { String::new() } else { value.to_owned() };
        let vars = manifest.project.vars.iter();
        let vars = vars.map(|var| (var.name.value.clone(), value(var.secret, &var.value))).collect();
        Ok(Self { dir: dir.to_owned(), module: module.to_owned(), handlers, vars })
    }

    /// The component's type.
    fn world(&self) -> String {
        world::text(self.handlers.iter().map(|handler| handler.export.as_str()))
    }
}

/// What a tool says that fails, after the handlers that are not there: it finds them missing in a file that the author never saw. A line with
/// such an `end` says so.
fn complaint(job: &Job, said: &str, end: impl Fn(&str) -> String) -> Error {
    let is_missing = |function: &str| said.lines().any(|line| line.trim_end().ends_with(&end(function)));
    let missing = job.handlers.iter().map(|handler| &handler.function).filter(|function| is_missing(function));
    let missing =
        missing.map(|function| format!("`{}` has no function `{function}`, which a trigger calls\n", job.module));
    Error::Failed(missing.chain([said.trim().to_owned()]).collect())
}

/// Words of letters and digits, joined by single hyphens, each beginning with a letter and in one case: a label of WIT.
fn check(handler: &Handler) -> Result<(), String> {
    for word in handler.export.split('-') {
        let starts_well = word.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_lower = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let is_upper = word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if !starts_well || !(is_lower || is_upper) {
            return Err(format!(
                "`{}` cannot be the name of a component's export: a handler's name is words joined by single underscores, each \
                 starting with a letter, such as `on_http_get`",
                handler.function
            ));
        }
    }
    Ok(())
}

impl Language {
    /// The language of a module, by its name's extension.
    pub(super) fn of(module: &str) -> Option<Self> {
        let (_, extension) = module.rsplit_once('.')?;
        LANGUAGES.into_iter().find(|language| language.extensions().contains(&extension))
    }

    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Rust => &["rs"],
            Self::JavaScript => &["js", "mjs", "ts", "mts"],
            Self::Python => &["py"],
            Self::Go => &["go"],
            Self::C => &["c"],
            Self::Wat => &["wat"],
        }
    }

    /// What people call it.
    pub(in crate::cli) fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript and TypeScript",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::C => "C",
            Self::Wat => "WAT",
        }
    }

    /// What its recipe runs.
    pub(in crate::cli) fn tools(self) -> &'static [Tool] {
        match self {
            Self::Rust => &rust::TOOLS,
            Self::JavaScript => &javascript::TOOLS,
            Self::Python => &python::TOOLS,
            Self::Go => &go::TOOLS,
            Self::C => &c::TOOLS,
            Self::Wat => &wat::TOOLS,
        }
    }

    /// Finds its tools, in the order of [`tools`](Self::tools).
    ///
    /// # Errors
    /// One is missing or does not do.
    pub(super) fn find_tools(self, dir: &Path) -> Result<Vec<Found>, Error> {
        self.tools().iter().map(|tool| tool.find(dir)).collect()
    }

    /// What the component is built from: the same key gives the same component. None when that cannot be told.
    ///
    /// # Errors
    /// The sources cannot be read.
    pub(super) fn key(self, job: &Job, tools: &[Found]) -> Result<Option<Key>, Error> {
        let mut key = Key::new();
        key.add("world", job.world());
        key.add("module", &job.module);
        for (tool, found) in self.tools().iter().zip(tools) {
            key.add(tool.program, found.version.to_string());
        }
        for (_, text) in sdk::CONTRACT {
            key.add("contract", text);
        }
        for (_, text) in &world::WASI {
            key.add("wasi", text);
        }
        match self {
            // Cargo knows itself what has changed, also in what lies outside of the project.
            Self::Rust => return Ok(None),
            Self::JavaScript => javascript::key(job, &mut key)?,
            Self::Python => python::key(job, &mut key)?,
            Self::Go => go::key(job, &mut key)?,
            Self::C => c::key(job, &mut key)?,
            Self::Wat => wat::key(job, &mut key)?,
        }
        Ok(Some(key))
    }

    /// Makes the component.
    ///
    /// # Errors
    /// The source has mistakes, or a tool fails.
    pub(super) fn compile(self, job: &Job, tools: &[Found]) -> Result<Vec<u8>, Error> {
        match self {
            Self::Rust => rust::compile(job, tools),
            Self::JavaScript => javascript::compile(job, tools),
            Self::Python => python::compile(job, tools),
            Self::Go => go::compile(job, tools),
            Self::C => c::compile(job, tools),
            Self::Wat => wat::compile(job),
        }
    }
}

/// Adds the project's files with these extensions to a key.
fn add_sources(key: &mut Key, job: &Job, extensions: &[&str]) -> Result<(), Error> {
    for file in files::sources(&job.dir, extensions).map_err(Error::Failed)? {
        let name = file.strip_prefix(&job.dir).unwrap_or(&file).to_string_lossy().into_owned();
        key.add(&name, read(&file)?);
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|error| Error::Failed(format!("failed to read `{}`: {error}", file.display())))
}

/// A component of a core module that imports WASI's first preview.
fn from_preview1(mut module: Vec<u8>, world: &str) -> Result<Vec<u8>, Error> {
    world::embed(&mut module, world)?;
    let encode = || {
        ComponentEncoder::default()
            .validate(true)
            .module(&module)?
            .adapter(WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER)?
            .encode()
    };
    encode().map_err(|error| Error::Failed(format!("failed to make a component of what the compiler wrote: {error:#}")))
}

/// A folder for what tools read and write; gone when it is dropped.
fn work_folder() -> Result<tempfile::TempDir, Error> {
    let made = tempfile::TempDir::with_prefix("tenterhook-build-");
    made.map_err(|error| Error::Failed(format!("failed to make a temporary folder: {error}")))
}

/// A text as a literal that Python, JavaScript and Go read.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A tool that a recipe was given, in the order of its list.
fn nth(tools: &[Found], place: usize) -> Result<&Found, Error> {
    tools.get(place).ok_or_else(|| Error::Failed("a recipe's tools were not looked for".to_owned()))
}
