//! JavaScript and TypeScript: `esbuild` makes one module of all that the handlers import, and `componentize-qjs` a picture of QuickJS
//! after it has run that module.

mod places;

use std::process::Command;

use super::super::process;
use super::super::sdk::JS;
use super::super::tool::{Found, Tool, Version};
use super::super::{Error, files, world};
use super::{Job, Key, add_sources, complaint, literal, nth, read, work_folder};

pub(super) const TOOLS: [Tool; 3] = [
    Tool {
        program: "node",
        others: &["nodejs"],
        version: &["--version"],
        least: Version(18, 0, 0),
        is_exact: false,
        remedy: "install Node.js, from https://nodejs.org or your system's packages",
    },
    Tool {
        program: "esbuild",
        others: &[],
        version: &["--version"],
        least: Version(0, 25, 0),
        is_exact: false,
        remedy: "run `npm install --save-dev esbuild`",
    },
    Tool {
        program: "componentize-qjs",
        others: &[],
        version: &[],
        least: Version(0, 4, 5),
        is_exact: true,
        remedy: "run `npm install --save-dev componentize-qjs@0.4.5`",
    },
];

/// How WASI's packages are called while the tool runs the module, with an implementation of `wasi:io` of its own and stand-ins for all that it does
/// not know: the streams of `wasi:http` would be of another type than those of `wasi:io`. It is as long as the name that takes its place.
const WASI: &str = "w4si";

/// Its own sources, and which releases its dependencies have.
pub(super) fn key(job: &Job, key: &mut Key) -> Result<(), Error> {
    key.add("sdk", JS.digest());
    add_sources(key, job, &[".js", ".mjs", ".ts", ".mts", ".json"])
}

pub(super) fn compile(job: &Job, tools: &[Found]) -> Result<Vec<u8>, Error> {
    let sdk = JS.unpack()?;
    let work = work_folder()?;
    let (wit, glue) = (work.path().join("wit"), work.path().join("component.js"));
    let (bundle, component) = (work.path().join("bundle.js"), work.path().join("out.wasm"));
    world::write(&wit, &job.world(), WASI)?;
    files::write(&glue, glue_code(job)).map_err(Error::Failed)?;
    let alias = |name: &str, file: &str| format!("--alias:{name}={}", sdk.join("src").join(file).display());
    let mut command = Command::new(&nth(tools, 1)?.path);
    command.arg(&glue).args([
        "--bundle",
        "--format=esm",
        "--platform=neutral",
        "--target=es2022",
        "--main-fields=module,main",
    ]);
    // The engine does not go on with what is `async` while an export runs: as functions that use `Promise`, which is the SDK's, it is done.
    command.args(["async-await", "async-generator", "for-await"].map(|syntax| format!("--supported:{syntax}=false")));
    // The longer name first: the shorter one is its beginning.
    command.arg(alias("tenterhook/runtime", "runtime.js")).arg(alias("tenterhook", "index.js"));
    command.args(["--external:tenterhook:*", "--external:wasi:*", "--log-level=warning", "--sourcemap=external"]);
    let ran = process::run(command.arg(format!("--outfile={}", bundle.display())).current_dir(&job.dir));
    let ran = ran.map_err(Error::Failed)?;
    if !ran.succeeded {
        return Err(complaint(job, &ran.stderr, |function| format!("for import \"{function}\"")));
    }
    let mut text = with_stand_ins(&String::from_utf8_lossy(&read(&bundle)?));
    let map = read(&work.path().join("bundle.js.map"))?;
    text.extend(places::statement(&map, work.path(), &job.dir));
    files::write(&bundle, text).map_err(Error::Failed)?;
    let mut command = Command::new(&nth(tools, 2)?.path);
    command
        .arg("--wit")
        .arg(&wit)
        .args(["--world", world::NAME, "--sync", "--js"])
        .arg(&bundle)
        .arg("--output")
        .arg(&component);
    let ran = process::run(command.current_dir(work.path())).map_err(Error::Failed)?;
    if !ran.succeeded {
        return Err(Error::Failed(ran.said()));
    }
    Ok(with_wasi(read(&component)?))
}

/// The bundle with the stand-ins' names in its imports.
fn with_stand_ins(bundle: &str) -> String {
    bundle.replace(&format!("from \"{}:", world::NAMESPACE), &format!("from \"{WASI}:"))
}

/// The component with WASI's packages under their own name.
fn with_wasi(mut component: Vec<u8>) -> Vec<u8> {
    let stand_in = format!("{WASI}:");
    let names = component.windows(stand_in.len()).enumerate().filter(|(_, name)| *name == stand_in.as_bytes());
    let places: Vec<usize> = names.map(|(place, _)| place).collect();
    for place in places {
        let name = component.iter_mut().skip(place);
        name.zip(world::NAMESPACE.bytes()).for_each(|(byte, own)| *byte = own);
    }
    component
}

fn glue_code(job: &Job) -> String {
    let file = job.dir.join(&job.module);
    let file = literal(&file.to_string_lossy());
    let mut code = "import { call, check } from \"tenterhook/runtime\";\n".to_owned();
    for (index, handler) in job.handlers.iter().enumerate() {
        let function = &handler.function;
        code.push_str(&format!("import {{ {function} as handler{index} }} from {file};\n"));
    }
    for (index, handler) in job.handlers.iter().enumerate() {
        let (function, module, name) = (literal(&handler.function), literal(&job.module), camel(&handler.export));
        code.push_str(&format!("check(handler{index}, {function}, {module});\n"));
        code.push_str(&format!("const export{index} = (event) => call(handler{index}, event);\n"));
        code.push_str(&format!("export {{ export{index} as {name} }};\n"));
    }
    code
}

/// `on-http-get` as `onHttpGet`: what the tool calls an export.
fn camel(export: &str) -> String {
    let mut name = String::new();
    for (index, word) in export.split('-').enumerate() {
        let word = word.to_lowercase();
        let (first, rest) = word.split_at(word.len().min(1));
        let first = if index == 0 { first.to_owned() } else { first.to_uppercase() };
        name.push_str(&first);
        name.push_str(rest);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_takes_no_more_room_than_the_name() {
        assert_eq!(WASI.len(), world::NAMESPACE.len());
        let bundle = with_stand_ins("import * as a from \"wasi:io/poll@0.2.0\";\nconst b = \"wasi:c\";\n");
        assert_eq!(bundle, "import * as a from \"w4si:io/poll@0.2.0\";\nconst b = \"wasi:c\";\n");
        assert_eq!(with_wasi(b"\x11w4si:io/poll@0.2.0\0w4si:".to_vec()), b"\x11wasi:io/poll@0.2.0\0wasi:");
    }
}
