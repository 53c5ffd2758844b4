//! The program starts and explains itself. The rest of its tests are in the workspace's `tests`, which find it built because
//! this one needs it.

use std::process::Command;

#[test]
fn every_command_explains_itself() {
    let commands: [&[&str]; 7] =
        [&[], &["up"], &["events"], &["sessions"], &["filter"], &["manifest"], &["filter", "test"]];
    for command in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_tenterhook")).args(command).arg("--help").output().unwrap();
        assert!(output.status.success(), "{command:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: tenterhook"), "{command:?}");
    }
}
