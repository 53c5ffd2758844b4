//! `tenterhook new`: a project that builds, with a manifest, handlers, a test and a README.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use super::build::{files, sdk};
use super::{Failure, output};

/// Write a project to begin with
///
/// Makes the folder NAME with a manifest, two handlers, a test of them, a README that says how to go on, and in `sdk` the SDK that this
/// program carries.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The project's folder, whose last part is the project's name
    name: PathBuf,
    /// What to write the handlers in
    #[arg(long, value_name = "LANGUAGE")]
    lang: Lang,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    Rust,
    Js,
    Ts,
    Python,
    Go,
    C,
}

/// The files of a template, by their paths in the project. `{{name}}` in them is the project's name.
type Template = &'static [(&'static str, &'static str)];

macro_rules! template {
    ($folder:literal: $($file:literal from $source:literal)*) => {
        &[$(($file, include_str!(concat!($folder, "/", $source)))),*]
    };
}

const PYTHON: Template = template!("python":
    ".gitignore" from "gitignore"
    "README.md" from "README.md.txt"
    "hooks.py" from "hooks.py"
    "tenterhook.yaml" from "tenterhook.yaml"
    "test_hooks.py" from "test_hooks.py"
);
const JS: Template = template!("js":
    ".gitignore" from "gitignore"
    "README.md" from "README.md.txt"
    "hooks.js" from "hooks.js"
    "hooks.test.js" from "hooks.test.js"
    "package.json" from "package.json"
    "tenterhook.yaml" from "tenterhook.yaml"
);
const TS: Template = template!("ts":
    ".gitignore" from "gitignore"
    "README.md" from "README.md.txt"
    "hooks.test.ts" from "hooks.test.ts"
    "hooks.ts" from "hooks.ts"
    "package.json" from "package.json"
    "tenterhook.yaml" from "tenterhook.yaml"
    "tsconfig.json" from "tsconfig.json"
);
const GO: Template = template!("go":
    ".gitignore" from "gitignore"
    "README.md" from "README.md.txt"
    "go.mod" from "go.mod.txt"
    "hooks.go" from "hooks.go.txt"
    "hooks_test.go" from "hooks_test.go.txt"
    "tenterhook.yaml" from "tenterhook.yaml"
);
const C: Template = template!("c":
    ".gitignore" from "gitignore"
    "Makefile" from "Makefile"
    "README.md" from "README.md.txt"
    "hooks.c" from "hooks.c"
    "tenterhook.yaml" from "tenterhook.yaml"
    "test_hooks.c" from "test_hooks.c"
);
const RUST: Template = template!("rust":
    ".gitignore" from "gitignore"
    "Cargo.toml" from "Cargo.toml.txt"
    "README.md" from "README.md.txt"
    "src/lib.rs" from "lib.rs.txt"
    "tenterhook.yaml" from "tenterhook.yaml"
);

pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let name = args.name.file_name().and_then(|name| name.to_str()).context("the project's name is not text")?;
    check(name)?;
    let dir = &args.name;
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(anyhow::anyhow!("`{}` is there already, and not empty", dir.display()).into());
    }
    for (file, text) in args.lang.template() {
        files::write(&dir.join(file), text.replace("{{name}}", name)).map_err(anyhow::Error::msg)?;
    }
    let sdk = args.lang.sdk();
    sdk.write(&dir.join("sdk")).map_err(anyhow::Error::msg)?;
    let shown = dir.display();
    output::print(&format!(
        "Wrote `{shown}`. Its README says how to go on; in short:\n\n{}",
        args.lang.next(&shown.to_string())
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// A name for which no language needs another spelling.
fn check(name: &str) -> anyhow::Result<()> {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.len() > 64 || !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_word) {
        bail!(
            "`{name}` cannot be a project's name in every language: it is 1 to 64 small letters, digits, `-` and `_`, and begins with a \
             letter"
        );
    }
    Ok(())
}

impl Lang {
    fn template(self) -> Template {
        match self {
            Self::Rust => RUST,
            Self::Js => JS,
            Self::Ts => TS,
            Self::Python => PYTHON,
            Self::Go => GO,
            Self::C => C,
        }
    }

    fn sdk(self) -> sdk::Sdk {
        match self {
            Self::Rust => sdk::RUST,
            Self::Js | Self::Ts => sdk::JS,
            Self::Python => sdk::PYTHON,
            Self::Go => sdk::GO,
            Self::C => sdk::C,
        }
    }

    /// What to do next.
    fn next(self, dir: &str) -> String {
        let tools = match self {
            Self::Rust => "    rustup target add wasm32-wasip2\n",
            Self::Js | Self::Ts => "    npm install\n",
            Self::Python => "    python3 -m venv .venv && .venv/bin/pip install componentize-py==0.25.1\n",
            Self::Go => "",
            Self::C => "    python3 -m venv .venv && .venv/bin/pip install ziglang==0.15.2\n",
        };
        format!("    cd {dir}\n{tools}    tenterhook up\n    curl 'http://127.0.0.1:8080/webhooks/hello?name=Ada'\n")
    }
}
