//! A file system of its own in an image file. A process of its own holds it and lets go of it when this one ends, however it
//! ends: no mount is left behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Mounts, says so, and unmounts when standard input ends. Signals of the terminal are for the tests.
const HOLDER: &str = r#"
trap '' INT TERM HUP
mount -o loop,noatime "$1" "$2" || exit 1
device=$(findmnt -no SOURCE "$2")
echo "$device"
cat > /dev/null
umount "$2" 2> /dev/null || umount -l "$2"
"#;

/// Whether this user may mount. A test that needs to is skipped otherwise, and says so.
pub(super) fn is_allowed(test: &str) -> bool {
    if rustix::process::geteuid().is_root() {
        return true;
    }
    eprintln!("\n*** SKIPPED: {test} mounts a file system, which only root may. Nothing was tested. ***\n");
    super::shim::report(test, "SKIPPED: needs root");
    false
}

/// A mounted image.
pub(super) struct Mount {
    holder: Child,
    /// Where it is mounted.
    pub(super) path: PathBuf,
    /// `loop0`.
    device: String,
}

impl Mount {
    /// Mounts `image` at `path`, an empty directory.
    pub(super) fn new(image: &Path, path: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", HOLDER, "holder"]).arg(image).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = command.spawn().unwrap();
        let mut device = String::new();
        BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut device).unwrap();
        let device = device.trim().trim_start_matches("/dev/").to_owned();
        assert!(!device.is_empty(), "mounting {} failed", image.display());
        Self { holder, path: path.to_owned(), device }
    }

    /// How many writes its device has had.
    pub(super) fn writes(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/sys/block/{}/stat", self.device)).unwrap();
        stat.split_whitespace().nth(4).unwrap().parse().unwrap()
    }

    /// Fills it to the last block, and gives the file that does.
    pub(super) fn fill(&self) -> PathBuf {
        let path = self.path.join("filler");
        let mut filler = std::fs::File::create(&path).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            let piece = vec![1; size];
            while filler.write_all(&piece).and_then(|()| filler.sync_data()).is_ok() {}
        }
        path
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        drop(self.holder.wait());
    }
}

/// Makes an image of `megabytes` with an empty ext4.
pub(super) fn format(image: &Path, megabytes: u64) {
    std::fs::File::create(image).unwrap().set_len(megabytes << 20).unwrap();
    // No room is kept for root, which the tests run as.
    let output = Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(image).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
