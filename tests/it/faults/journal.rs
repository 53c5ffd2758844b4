//! The disk as a power cut leaves it, made from the record of every change that the program asked for: what was synced is
//! there, of the rest nothing, all, or any part. Stricter than most file systems, as POSIX allows: a name is there only
//! once its directory was synced, and a write may end at any sector.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::shim::Dice;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// What became of changes that were not synced when the power went, or whose sync failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsynced {
    /// They are lost.
    Lost,
    /// All were written.
    Kept,
    /// Some were written, in any order, down to single sectors.
    Torn,
}

/// A record of changes.
pub(super) struct Journal {
    bytes: Vec<u8>,
    records: Vec<Record>,
}

#[derive(Clone, Copy, Debug)]
struct Record {
    kind: u8,
    a: u64,
    b: u64,
    /// Where it begins and where it ends in the file; its data is what follows its head.
    start: usize,
    end: usize,
}

const HEAD: usize = 32;

impl Journal {
    pub(super) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let (mut records, mut start) = (Vec::new(), 0);
        // The last one may be cut off, since its writer was killed.
        while start + HEAD <= bytes.len() && start + HEAD + number(start + 24) as usize <= bytes.len() {
            let end = start + HEAD + number(start + 24) as usize;
            let kind = u8::try_from(number(start)).unwrap();
            // Its room was taken, and its writer killed before it was written. It is the last one: a process that starts
            // removes it.
            if kind == 0 {
                break;
            }
            records.push(Record { kind, a: number(start + 8), b: number(start + 16), start, end });
            start = end;
        }
        Self { bytes, records }
    }

    fn data(&self, record: &Record) -> &[u8] {
        &self.bytes[record.start + HEAD..record.end]
    }

    fn text(&self, record: &Record) -> String {
        String::from_utf8(self.data(record).to_vec()).unwrap()
    }

    /// Where the first sync that failed is; none when none did.
    pub(super) fn first_failure(&self) -> Option<u64> {
        self.records.iter().find(|record| record.kind == b'F').map(|record| record.end as u64)
    }

    /// Points at which the power may go, in order: half of them anywhere, half amid the changes to the file whose name ends
    /// with `suffix`, which are few.
    pub(super) fn cuts(&self, dice: &mut Dice, count: usize, from: u64, suffix: &str) -> Vec<usize> {
        let mut numbers: Vec<u64> = Vec::new();
        let mut near = Vec::new();
        let first = self.records.iter().position(|record| record.end as u64 >= from).unwrap_or(0);
        for (place, record) in self.records.iter().enumerate() {
            if matches!(record.kind, b'C' | b'O') && self.text(record).ends_with(suffix) {
                numbers.push(record.a);
            }
            let changes = matches!(record.kind, b'W' | b'T' | b'S') && numbers.contains(&record.a);
            if changes && place >= first {
                near.push(place);
            }
        }
        let any = |dice: &mut Dice| first + dice.below((self.records.len() - first) as u64) as usize;
        let mut cuts: Vec<usize> =
            (0..count).map(|cut| if cut % 2 == 0 || near.is_empty() { any(dice) } else { dice.pick(&near) }).collect();
        cuts.push(self.records.len() - 1);
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }

    /// For each cut, makes the disk below `root` as it is then, and shows it to `visit` with the length that the record had
    /// at the cut. `root` is emptied before each.
    pub(super) fn replay(
        &self,
        root: &Path,
        cuts: &[usize],
        unsynced: Unsynced,
        dice: &mut Dice,
        mut visit: impl FnMut(&Path, u64),
    ) {
        let mut disk = Disk {
            journal: self,
            unsynced,
            files: Vec::new(),
            numbers: BTreeMap::new(),
            names: BTreeMap::new(),
            synced_names: BTreeMap::new(),
            renamed: Vec::new(),
        };
        let mut cuts = cuts.iter().peekable();
        for (place, record) in self.records.iter().enumerate() {
            disk.change(record, dice);
            if cuts.next_if_eq(&&place).is_some() {
                if root.exists() {
                    std::fs::remove_dir_all(root).unwrap();
                }
                disk.make(root, dice);
                visit(root, record.end as u64);
            }
        }
        assert!(cuts.next().is_none(), "every cut is before the end");
    }
}

/// The data of a file.
#[derive(Default)]
struct File {
    synced: Vec<u8>,
    /// Changes that no sync covers yet, in order.
    changes: Vec<Record>,
}

#[derive(Clone, Debug, PartialEq)]
enum Entry {
    Directory,
    File(usize),
}

/// A change of names that no sync of its directory covers yet.
struct Renamed {
    start: usize,
    directory: String,
    /// None is gone.
    entries: Vec<(String, Option<Entry>)>,
}

struct Disk<'j> {
    journal: &'j Journal,
    unsynced: Unsynced,
    files: Vec<File>,
    /// Files by the numbers that the system gives them, and gives again when they are gone.
    numbers: BTreeMap<u64, usize>,
    /// As the program sees them.
    names: BTreeMap<String, Entry>,
    /// As they are on the disk.
    synced_names: BTreeMap<String, Entry>,
    renamed: Vec<Renamed>,
}

impl Disk<'_> {
    fn change(&mut self, record: &Record, dice: &mut Dice) {
        let begun = record.b as usize;
        match record.kind {
            b'O' => assert!(self.numbers.contains_key(&record.a), "a file that was there before the record"),
            b'C' => {
                self.files.push(File::default());
                self.numbers.insert(record.a, self.files.len() - 1);
                let name = self.journal.text(record);
                self.rename(record, &name.clone(), vec![(name, Some(Entry::File(self.files.len() - 1)))]);
            }
            b'W' | b'T' => self.file(record).changes.push(*record),
            b'S' => self.settle(record, begun, Unsynced::Kept, dice),
            b'F' => self.settle(record, begun, self.unsynced, dice),
            b'M' | b'U' | b'R' | b'L' => {
                let both = self.journal.text(record);
                let (from, to) = both.split_once('\n').unwrap();
                let (from, to) = (from.to_owned(), to.to_owned());
                let there = self.names.get(&from).cloned();
                match record.kind {
                    b'M' => self.rename(record, &from.clone(), vec![(from, Some(Entry::Directory))]),
                    b'U' => self.rename(record, &from.clone(), vec![(from, None)]),
                    b'R' => self.rename(record, &to.clone(), vec![(to, there), (from, None)]),
                    _ => self.rename(record, &to.clone(), vec![(to, there)]),
                }
            }
            b'D' => {
                let directory = self.journal.text(record);
                let is_synced = |renamed: &Renamed| renamed.directory == directory && renamed.start < begun;
                for renamed in self.renamed.extract_if(.., |renamed| is_synced(renamed)) {
                    apply(&mut self.synced_names, renamed.entries);
                }
            }
            other => panic!("a record of an unknown kind {other}"),
        }
    }

    fn file(&mut self, record: &Record) -> &mut File {
        let file = self.numbers[&record.a];
        &mut self.files[file]
    }

    /// Ends the waiting of changes to a file that came before `begun`.
    fn settle(&mut self, record: &Record, begun: usize, how: Unsynced, dice: &mut Dice) {
        let journal = self.journal;
        let file = self.file(record);
        let covered = file.changes.partition_point(|change| change.start < begun);
        for change in file.changes.drain(..covered) {
            write(journal, &mut file.synced, &change, how, dice);
        }
    }

    fn rename(&mut self, record: &Record, path: &str, entries: Vec<(String, Option<Entry>)>) {
        let directory = path.rsplit_once('/').unwrap().0.to_owned();
        apply(&mut self.names, entries.clone());
        self.renamed.push(Renamed { start: record.start, directory, entries });
    }

    /// Makes it below `root`, which takes the place of the first directory that was made.
    fn make(&self, root: &Path, dice: &mut Dice) {
        let mut names = self.synced_names.clone();
        let kept = match self.unsynced {
            Unsynced::Lost => 0,
            Unsynced::Kept => self.renamed.len(),
            // File systems keep the order of these.
            Unsynced::Torn => dice.below(self.renamed.len() as u64 + 1) as usize,
        };
        self.renamed[..kept].iter().for_each(|renamed| apply(&mut names, renamed.entries.clone()));
        std::fs::create_dir(root).unwrap();
        let Some(Record { kind: b'M', .. }) = self.journal.records.first() else { panic!("a directory is made first") };
        let data = self.journal.text(&self.journal.records[0]);
        let data = format!("{}/", data.trim_end());
        for (name, entry) in names {
            let Some(name) = name.strip_prefix(&data) else { continue };
            let path = root.join(name);
            // What is in a directory that is lost is lost with it; a name sorts after its directory's.
            if !path.parent().unwrap().is_dir() {
                continue;
            }
            match entry {
                Entry::Directory => std::fs::create_dir(path).unwrap(),
                Entry::File(file) => {
                    std::fs::write(&path, self.content(&self.files[file], dice)).unwrap();
                    // As the program makes its files.
                    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
                }
            }
        }
    }

    fn content(&self, file: &File, dice: &mut Dice) -> Vec<u8> {
        let mut content = file.synced.clone();
        file.changes.iter().for_each(|change| write(self.journal, &mut content, change, self.unsynced, dice));
        content
    }
}

fn apply(names: &mut BTreeMap<String, Entry>, entries: Vec<(String, Option<Entry>)>) {
    for (name, entry) in entries {
        match entry {
            Some(entry) => names.insert(name, entry),
            None => names.remove(&name),
        };
    }
}

/// Does to a file what a change did, as far as it reached the disk.
fn write(journal: &Journal, content: &mut Vec<u8>, change: &Record, how: Unsynced, dice: &mut Dice) {
    let at = usize::try_from(change.b).unwrap();
    if change.kind == b'T' {
        if how == Unsynced::Kept || (how == Unsynced::Torn && dice.coin()) {
            content.resize(at, 0);
        }
        return;
    }
    let data = journal.data(change);
    let mut done = 0;
    while done < data.len() {
        let step = (SECTOR - (at + done) % SECTOR).min(data.len() - done);
        if how == Unsynced::Kept || (how == Unsynced::Torn && dice.coin()) {
            let end = at + done + step;
            if content.len() < end {
                content.resize(end, 0);
            }
            content[at + done..end].copy_from_slice(&data[done..done + step]);
        }
        done += step;
    }
}
