//! Go: the ordinary compiler writes a core module, with exports that a virtual file adds to the handlers' package.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::super::process;
use super::super::sdk::GO;
use super::super::tool::{Found, Tool, Version};
use super::super::{Error, cache, files};
use super::{Job, Key, add_sources, complaint, from_preview1, literal, nth, read, work_folder};
use serde_json::json;

pub(super) const TOOLS: [Tool; 1] = [Tool {
    program: "go",
    others: &[],
    version: &["version"],
    least: Version(1, 24, 0),
    is_exact: false,
    remedy: "install Go, from https://go.dev/dl or your system's packages",
}];

/// The SDK's module.
const SDK: &str = "github.com/tenterhook/tenterhook/guest-sdk/go";
/// The virtual file in the handlers' folder.
const GLUE: &str = "zz_tenterhook_handlers.go";

/// Its own sources, and which releases its dependencies have.
pub(super) fn key(job: &Job, key: &mut Key) -> Result<(), Error> {
    key.add("sdk", GO.digest());
    add_sources(key, job, &[".go", "go.mod", "go.sum", "go.work"])
}

pub(super) fn compile(job: &Job, tools: &[Found]) -> Result<Vec<u8>, Error> {
    let file = job.dir.join(&job.module);
    let folder = file.parent().unwrap_or(&job.dir);
    check_package(&file, &job.module)?;
    let module = go_module(folder, &job.dir)?;
    let sdk = GO.unpack()?;
    let work = work_folder()?;
    let glue = work.path().join(GLUE);
    files::write(&glue, glue_code(job)).map_err(Error::Failed)?;
    let overlay = work.path().join("overlay.json");
    let replace = json!({ "Replace": { folder.join(GLUE).to_string_lossy(): glue.to_string_lossy() } });
    files::write(&overlay, replace.to_string()).map_err(Error::Failed)?;
    // The SDK that this program carries stands beside the author's module, whatever release that one asks for.
    let workspace = work.path().join("go.work");
    let uses = [&module, &sdk].map(|folder| format!("use {}\n", literal(&folder.to_string_lossy())));
    files::write(&workspace, format!("go {}\n\n{}", newest_language(&module, &sdk), uses.concat()))
        .map_err(Error::Failed)?;
    let core = work.path().join("core.wasm");
    let mut command = Command::new(&nth(tools, 0)?.path);
    command.args(["build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false"]);
    // The SDK takes memory for the host from the runtime by a name that is not exported.
    command.args(["-ldflags=-checklinkname=0 -s -w", "-overlay"]).arg(&overlay).arg("-o").arg(&core).arg(".");
    command.env("GOOS", "wasip1").env("GOARCH", "wasm").env("GOWORK", &workspace).env("GOFLAGS", "");
    if let Some(kept) = cache::folder().filter(|_| std::env::var_os("HOME").is_none()) {
        command.env("GOCACHE", kept.join("go-build")).env("GOPATH", kept.join("go"));
    }
    let ran = process::run(command.current_dir(folder)).map_err(Error::Failed)?;
    if !ran.succeeded {
        return Err(complaint(job, &ran.stderr, |function| format!("undefined: {function}")));
    }
    from_preview1(read(&core)?, &job.world())
}

/// Exports of a package are found by its name, and only a program has what a component starts with.
fn check_package(file: &Path, module: &str) -> Result<(), Error> {
    let source = String::from_utf8_lossy(&read(file)?).into_owned();
    let package = source.lines().find_map(|line| line.strip_prefix("package ")).unwrap_or_default();
    let package = package.split_whitespace().next().unwrap_or_default();
    if package == "main" {
        return Ok(());
    }
    Err(Error::Failed(format!(
        "`{module}` is of package `{package}`: handlers are functions of `package main`, with `func main() {{}}` beside them"
    )))
}

/// The folder with the `go.mod` of the handlers, no further up than the project.
fn go_module(folder: &Path, dir: &Path) -> Result<std::path::PathBuf, Error> {
    let above = folder.ancestors().take_while(|above| above.starts_with(dir));
    let found = above.filter(|above| above.join("go.mod").is_file()).map(Path::to_owned).next();
    let missing = || {
        let commands = format!("go mod init handlers && go mod edit -require={SDK}@v0.1.0");
        Error::Failed(format!("there is no `go.mod` in `{}`: run `{commands}`", folder.display()))
    };
    found.ok_or_else(missing)
}

/// The newer `go` line of two modules: a workspace must have one that suits both.
fn newest_language(module: &Path, sdk: &Path) -> String {
    let line = |folder: &Path| {
        let text = fs::read_to_string(folder.join("go.mod")).unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("go ").map(|version| version.trim().to_owned()))
    };
    let newest = [module, sdk].into_iter().filter_map(line).max_by_key(|version| Version::find(version));
    newest.unwrap_or_else(|| "1.24".to_owned())
}

fn glue_code(job: &Job) -> String {
    let mut code = format!("package main\n\nimport (\n\t\"unsafe\"\n\n\ttenterhooksdk \"{SDK}\"\n)\n");
    for (index, handler) in job.handlers.iter().enumerate() {
        let (export, function) = (&handler.export, &handler.function);
        code.push_str(&format!(
            "\n//go:wasmexport {export}\nfunc tenterhookExport{index}(event uint32) unsafe.Pointer {{\n\
             \treturn tenterhooksdk.Run(event, {function})\n}}\n"
        ));
    }
    code
}
