//! Python: `componentize-py` makes a picture of the interpreter after it has imported the handlers' module.

use std::process::Command;

use super::super::process;
use super::super::sdk::PYTHON;
use super::super::tool::{Found, Tool, Version};
use super::super::{Error, files, world};
use super::{Job, Key, add_sources, literal, nth, read, work_folder};

pub(super) const TOOLS: [Tool; 1] = [Tool {
    program: "componentize-py",
    others: &[],
    version: &["--version"],
    least: Version(0, 25, 1),
    is_exact: true,
    remedy: "run `pip install componentize-py==0.25.1`",
}];

/// Its own sources and its dependencies' releases: an installed package is not edited.
pub(super) fn key(job: &Job, key: &mut Key) -> Result<(), Error> {
    key.add("sdk", PYTHON.digest());
    add_sources(key, job, &[".py", "requirements.txt", "pyproject.toml"])?;
    for (name, value) in &job.vars {
        key.add(name, value);
    }
    for environment in [".venv", "venv"] {
        let mut folders = vec![job.dir.join(environment).join("lib")];
        for _ in 0..2 {
            folders =
                folders.iter().flat_map(std::fs::read_dir).flatten().flatten().map(|entry| entry.path()).collect();
        }
        let packages = folders.iter().filter(|folder| folder.ends_with("site-packages"));
        let packages = packages.flat_map(std::fs::read_dir).flatten().flatten();
        let mut names: Vec<_> = packages.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        key.add(environment, names.join("\n"));
    }
    Ok(())
}

pub(super) fn compile(job: &Job, tools: &[Found]) -> Result<Vec<u8>, Error> {
    let module = import_name(&job.module)?;
    let sdk = PYTHON.unpack()?;
    let work = work_folder()?;
    let (wit, glue, component) = (work.path().join("wit"), work.path().join("glue"), work.path().join("out.wasm"));
    world::write(&wit, &job.world(), world::NAMESPACE)?;
    files::write(&glue.join("tenterhook_component.py"), glue_code(job, &module)).map_err(Error::Failed)?;
    let mut command = Command::new(&nth(tools, 0)?.path);
    command.arg("--quiet").arg("--wit-path").arg(&wit).args(["--world", world::NAME, "componentize"]);
    command.arg("tenterhook_component").arg("--python-path").arg(&job.dir).arg("--python-path").arg(&glue);
    command.arg("--python-path").arg(sdk.join("src")).arg("--output").arg(&component);
    // The tool finds what is installed in the project's environment through this.
    let environment = [".venv", "venv"].map(|name| job.dir.join(name)).into_iter().find(|folder| folder.is_dir());
    if let Some(environment) = environment {
        command.env("VIRTUAL_ENV", environment);
    }
    let ran = process::run(command.current_dir(work.path())).map_err(Error::Failed)?;
    if !ran.succeeded {
        return Err(Error::Failed(complaint(&ran.stderr).unwrap_or_else(|| ran.said())));
    }
    read(&component)
}

/// `src/orders.py` as `src.orders`.
fn import_name(module: &str) -> Result<String, Error> {
    let stem = module.strip_suffix(".py").unwrap_or(module);
    if stem.contains('.') {
        return Err(Error::Failed(format!("Python imports no file with a dot in its name: rename `{module}`")));
    }
    Ok(stem.replace('/', "."))
}

fn glue_code(job: &Job, module: &str) -> String {
    let vars = job.vars.iter().map(|(name, value)| format!("{}: {}", literal(name), literal(value)));
    let vars: Vec<String> = vars.collect();
    let mut code = format!(
        "import wit_world\nfrom tenterhook import _entry\n\nproject = _entry.Project({}, {}, {{{}}})\n",
        literal(module),
        literal(&job.module),
        vars.join(", ")
    );
    for handler in &job.handlers {
        code.push_str(&format!("project.check({})\n", literal(&handler.function)));
    }
    code.push_str("\n\nclass WitWorld(wit_world.WitWorld):\n");
    for handler in &job.handlers {
        let (name, function) = (method(&handler.export), literal(&handler.function));
        code.push_str(&format!(
            "    def {name}(self, event):\n        return _entry.call(project, {function}, event)\n\n"
        ));
    }
    code
}

/// What `componentize-py` calls an export.
fn method(export: &str) -> String {
    let name = export.to_lowercase().replace('-', "_");
    if KEYWORDS.contains(&&*name) { format!("{name}_") } else { name }
}

/// Python's keywords that could be a handler's name.
const KEYWORDS: [&str; 32] = [
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise",
    "return", "try", "while", "with", "yield",
];

/// What the interpreter said of the import, without what the tool says of itself.
fn complaint(stderr: &str) -> Option<String> {
    let (_, after) = stderr.split_once("AssertionError: ")?;
    let text = after.split("\n\nCaused by:").next().unwrap_or(after).trim();
    // The import's own frames; those of the glue code are of no use to its author.
    let lines = text.lines().filter(|line| !line.contains("<frozen importlib"));
    let text = lines.collect::<Vec<_>>().join("\n").replace("File \"/0/", "File \"");
    (!text.is_empty()).then_some(text)
}
