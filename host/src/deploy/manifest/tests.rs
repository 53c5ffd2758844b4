//! What each mistake looks like.

use super::Manifest;

fn read(source: &str) -> Manifest {
    match Manifest::parse(source) {
        Ok(manifest) => manifest,
        Err(e) => panic!("{}", e.render("tenterhook.yaml", source)),
    }
}

#[test]
fn a_var_and_a_trigger_are_read() {
    let manifest = read(
        "version: v1\nproject:\n  name: x\n  vars:\n  - {name: A, value: 1.10, secret: true}\n  triggers:\n  - name: a\n    \
         type: webhook\n    filter: data.method == \"GET\" || data.method == \"POST\"\n    call: webhooks.py:f\n",
    );
    assert_eq!(manifest.project.vars[0].value, "1.10");
    assert_eq!(manifest.modules["webhooks.py"].path, "webhooks.wasm");
}
