//! The failure table of `host/docs/storage.md`: the program as a process, under load, with faults between it and its disk;
//! and after each of them the proof that nothing acknowledged is lost. `cargo xtask faults` prints the table.

// What the senders were told.
mod sent;
// What must be true of a store, given what the senders were told. Uses nothing of the product's.
mod checker;
// Senders on many connections.
mod load;
// What makes the program's calls to the system fail.
mod shim;
// The disk as a power cut leaves it, from the record of all changes.
mod journal;
// A file system of its own, of any size.
mod mount;
// The program as a process that may end at any time.
mod server;
// A project, its data, its server and its senders.
mod scene;

mod kill;
mod power;
mod fsync;
mod disk_full;
mod process;
mod neighbour;
mod chaos;
