//! C: Zig's compiler, which has clang, a linker and WASI's C library in one package.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::process;
use super::super::sdk::C;
use super::super::tool::{Found, Tool, Version};
use super::super::{Error, files};
use super::{Job, Key, add_sources, complaint, from_preview1, nth, read, work_folder};

pub(super) const TOOLS: [Tool; 1] = [Tool {
    program: "zig",
    // What the package of PyPI's is called.
    others: &["python-zig"],
    version: &["version"],
    least: Version(0, 14, 0),
    is_exact: false,
    remedy: "run `pip install ziglang==0.15.2`, or install Zig, from https://ziglang.org",
}];

/// What of the SDK a component is made of. The linker leaves out what handlers do not call, and with it the imports.
const SDK: [&str; 5] = ["host.c", "host_http.c", "host_kv.c", "host_reply.c", "text.c"];

/// A handler's stack, in bytes. It lies before all else, so that what overflows it is a trap.
const STACK: u32 = 256 << 10;

/// Its own sources.
pub(super) fn key(job: &Job, key: &mut Key) -> Result<(), Error> {
    key.add("sdk", C.digest());
    key.add("stack", STACK.to_string());
    add_sources(key, job, &[".c", ".h"])
}

pub(super) fn compile(job: &Job, tools: &[Found]) -> Result<Vec<u8>, Error> {
    let sdk = C.unpack()?;
    let work = work_folder()?;
    let (glue, core) = (work.path().join("tenterhook_component.c"), work.path().join("core.wasm"));
    files::write(&glue, glue_code(job)).map_err(Error::Failed)?;
    let mut command = Command::new(&nth(tools, 0)?.path);
    command.args(["cc", "-target", "wasm32-wasi", "-mexec-model=reactor", "-Os", "-Wall", "-Wl,--strip-all"]);
    // Of each session's memory: the 16 MiB that the compiler would take are a quarter of what it may have.
    command.arg(format!("-Wl,-z,stack-size={STACK}"));
    command.arg(format!("-I{}", sdk.display())).args(sources(job)?).arg(&glue);
    command.args(SDK.map(|file| sdk.join(file))).arg("-o").arg(&core);
    let ran = process::run(command.current_dir(&job.dir)).map_err(Error::Failed)?;
    if !ran.succeeded {
        return Err(complaint(job, &ran.stderr, |function| format!("undefined symbol: {function}")));
    }
    from_preview1(read(&core)?, &job.world())
}

/// The files of the handlers' folder, without tests.
fn sources(job: &Job) -> Result<Vec<PathBuf>, Error> {
    let folder = Path::new(&job.module).parent().unwrap_or(Path::new(""));
    let cannot = |error| Error::Failed(format!("failed to read the folder of `{}`: {error}", job.module));
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(job.dir.join(folder)).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name().to_string_lossy().into_owned();
        let is_test = name.starts_with("test_") || name.ends_with("_test.c");
        if name.ends_with(".c") && !name.starts_with('.') && !is_test {
            sources.push(folder.join(name));
        }
    }
    sources.sort();
    Ok(sources)
}

fn glue_code(job: &Job) -> String {
    let mut code = "#include \"tenterhook_host.h\"\n".to_owned();
    for (index, handler) in job.handlers.iter().enumerate() {
        let (export, function) = (&handler.export, &handler.function);
        code.push_str(&format!(
            "\nth_answer {function}(th_event event);\n\n__attribute__((export_name(\"{export}\")))\n\
             void *tenterhook_export_{index}(uint32_t event) {{ return th_run(event, {function}); }}\n"
        ));
    }
    code
}
